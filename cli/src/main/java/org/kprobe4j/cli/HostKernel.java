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

    private HostKernel() {}

    /** Whether the kernel has kprobes; not whether this process may use them. */
    static boolean hasKprobes(Path root) {
        return SIGNS_OF_KPROBES.stream().anyMatch(sign -> Files.exists(root.resolve(sign)));
    }
}
