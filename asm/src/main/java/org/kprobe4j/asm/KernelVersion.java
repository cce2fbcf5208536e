package org.kprobe4j.asm;

import java.util.Comparator;

/**
 * A release of Linux, as far as features are concerned.
 *
 * @param major the first number, such as 6
 * @param minor the second number, such as 12
 */
public record KernelVersion(int major, int minor) implements Comparable<KernelVersion> {
    private static final Comparator<KernelVersion> ORDER =
            Comparator.comparingInt(KernelVersion::major).thenComparingInt(KernelVersion::minor);

    /**
     * The version written in the first two numbers of a release such as {@code 6.12.48+deb13-amd64}.
     *
     * @param release as {@code uname -r} prints it
     * @return the version
     * @throws IllegalArgumentException if it does not start with two numbers
     */
    public static KernelVersion parse(String release) {
        int dot = release.indexOf('.');
        int end = dot + 1;
        while (end < release.length() && Character.isDigit(release.charAt(end))) {
            end++;
        }
        try {
            return new KernelVersion(
                    Integer.parseInt(release.substring(0, Math.max(dot, 0))),
                    Integer.parseInt(release.substring(dot + 1, end)));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("not a kernel release: " + release, e);
        }
    }

    @Override
    public int compareTo(KernelVersion other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return major + "." + minor;
    }
}
