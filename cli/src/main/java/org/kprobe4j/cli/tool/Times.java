package org.kprobe4j.cli.tool;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.kprobe4j.cli.KprobeException;

/** Times as they are written on the command line: {@code 10s}, {@code 500ms}, {@code 2m}; a plain number is seconds. */
final class Times {
    private static final Pattern TIME = Pattern.compile("(\\d{1,9})(ms|s|m|h)?");

    /** A hundred years: what a number of nanoseconds holds is three times as much. */
    private static final Duration LONGEST = Duration.ofDays(36_500);

    private Times() {}

    static Duration parse(String option, String text) {
        Matcher matcher = TIME.matcher(text);
        if (!matcher.matches() || Long.parseLong(matcher.group(1)) == 0) {
            throw new KprobeException("%s %s: write a time such as 10s, 500ms or 2m".formatted(option, text));
        }
        long number = Long.parseLong(matcher.group(1));
        Duration time = switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            case null, default -> Duration.ofSeconds(number);
        };
        if (time.compareTo(LONGEST) > 0) {
            throw new KprobeException("%s %s: at most %dh".formatted(option, text, LONGEST.toHours()));
        }
        return time;
    }
}
