package org.kprobe4j.cli.trace;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.kprobe4j.cli.KprobeException;

/** The size of a ring buffer as people write it. */
final class BufferSize {
    private static final Pattern TEXT = Pattern.compile("([0-9]{1,9})([kKmM]?)");
    /** A page: less cannot be mapped. */
    private static final long LEAST = 1 << 12;

    private static final long MOST = 1 << 29;
    private static final int KILO = 10;
    private static final int MEGA = 20;

    private BufferSize() {}

    /** A power of two, as the kernel wants it: the next one. */
    static int parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new KprobeException("--buffer %s: write a size such as 512k or 64M".formatted(text));
        }
        int shift = switch (matcher.group(2)) {
            case "k", "K" -> KILO;
            case "m", "M" -> MEGA;
            default -> 0;
        };
        long bytes = Long.parseLong(matcher.group(1)) << shift;
        if (bytes < LEAST || bytes > MOST) {
            throw new KprobeException("--buffer %s: 4k to 512M".formatted(text));
        }
        return (int) (Long.bitCount(bytes) == 1 ? bytes : Long.highestOneBit(bytes) << 1);
    }

    /** {@code 16M}. */
    static String text(int bytes) {
        return bytes < 1 << MEGA ? "%dk".formatted(bytes >> KILO) : "%dM".formatted(bytes >> MEGA);
    }
}
