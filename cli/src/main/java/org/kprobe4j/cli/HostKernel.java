package org.kprobe4j.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What the running kernel was built with, as far as the command line has to know. */
final class HostKernel {
    // The first is readable without rights; the others cover kernels whose perf events are off or older than 4.17.
    private static final List<String> SIGNS_OF_KPROBES = List.of(
            "sys/bus/event_source/devices/kprobe/type",
            "sys/kernel/tracing/kprobe_events",
            "sys/kernel/debug/tracing/kprobe_events");

    /** What is said where a VM is wanted and the lab is not there, as in the jar of all classes. */
    static final String NO_LAB =
            "this jar runs no VM: where the kernel has no kprobes, or for --vm, use the package kprobe4j-VERSION-linux-ARCH.tar.gz or ./kprobe of the sources";

    private HostKernel() {}

    /** Whether what boots VMs is on the class path. */
    static boolean hasLab() {
        return HostKernel.class.getResource("/org/kprobe4j/lab/Lab.class") != null;
    }

    /** Whether the kernel has kprobes; not whether this process may use them. */
    static boolean hasKprobes(Path root) {
        return SIGNS_OF_KPROBES.stream().anyMatch(sign -> Files.exists(root.resolve(sign)));
    }
}
