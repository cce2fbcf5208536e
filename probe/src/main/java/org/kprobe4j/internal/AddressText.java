package org.kprobe4j.internal;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Internet addresses as people write them: the kernel's {@code %pI4} and {@code %pI6c}, RFC 5952. */
public final class AddressText {
    private static final int MAPPED_PREFIX = 12;
    private static final Pattern ZEROS = Pattern.compile("(?<=:)0:(?:0:)+");

    private AddressText() {}

    /**
     * An address.
     *
     * @param address of either kind
     * @return {@code 10.0.0.1}, {@code fe80::1}, {@code ::ffff:10.0.0.1}
     */
    public static String of(InetAddress address) {
        String text = address.getHostAddress();
        if (!(address instanceof Inet6Address)) {
            return text;
        } else if (isMapped(address.getAddress())) {
            byte[] bytes = address.getAddress();
            return "::ffff:%d.%d.%d.%d"
                    .formatted(bytes[12] & 0xff, bytes[13] & 0xff, bytes[14] & 0xff, bytes[15] & 0xff);
        }
        // Each group stands between two colons; the longest run of zeros, the first of several, becomes none.
        String groups = ":" + text + ":";
        MatchResult longest = ZEROS.matcher(groups)
                .results()
                .reduce((a, b) -> b.end() - b.start() > a.end() - a.start() ? b : a)
                .orElse(null);
        if (longest == null) {
            return text;
        }
        String before = groups.substring(0, longest.start());
        String after = groups.substring(longest.end());
        return (before.length() > 1 ? before.substring(1) : ":")
                + (after.isEmpty() ? ":" : ":" + after.substring(0, after.length() - 1));
    }

    private static boolean isMapped(byte[] bytes) {
        for (int i = 0; i < MAPPED_PREFIX; i++) {
            if (bytes[i] != (i < MAPPED_PREFIX - 2 ? 0 : -1)) {
                return false;
            }
        }
        return true;
    }
}
