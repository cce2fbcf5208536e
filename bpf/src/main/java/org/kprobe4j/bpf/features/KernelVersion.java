package org.kprobe4j.bpf.features;

import org.kprobe4j.bpf.internal.KernelFiles;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * The version of a kernel. For messages: what a kernel can do is found by {@link Features}, since distributions port features back.
 *
 * @param release as uname(2) says it, such as {@code 6.12.48+deb13-cloud-amd64}
 * @param major first number
 * @param minor second number
 * @param patch third number; 0 if there is none
 */
public record KernelVersion(String release, int major, int minor, int patch) {
    /**
     * Of the running kernel.
     *
     * @return its version; 0.0.0 if /proc is not mounted
     */
    public static KernelVersion running() {
        return running(SystemCalls.linux());
    }

    static KernelVersion running(SystemCalls calls) {
        return parse(new KernelFiles(calls)
                .readIfPresent("/proc/sys/kernel/osrelease")
                .strip());
    }

    static KernelVersion parse(String release) {
        int[] numbers = new int[3];
        int at = 0;
        for (int i = 0; i < numbers.length; i++) {
            while (at < release.length() && Character.isDigit(release.charAt(at))) {
                numbers[i] = Math.min(9999, numbers[i] * 10 + release.charAt(at) - '0');
                at++;
            }
            if (at >= release.length() || release.charAt(at) != '.') {
                break;
            }
            at++;
        }
        return new KernelVersion(release, numbers[0], numbers[1], numbers[2]);
    }

    /**
     * Compares with a version.
     *
     * @param otherMajor first number
     * @param otherMinor second number
     * @return whether this is the same or newer
     */
    public boolean atLeast(int otherMajor, int otherMinor) {
        return major > otherMajor || (major == otherMajor && minor >= otherMinor);
    }

    /**
     * The kernel's KERNEL_VERSION().
     *
     * @return for {@code kern_version} of programs, with the patch cut to 255
     */
    public int code() {
        return (major << 16) + (minor << 8) + Math.min(255, patch);
    }

    @Override
    public String toString() {
        return release;
    }
}
