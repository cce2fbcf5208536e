package org.kprobe4j.compiler.internal.front;

import java.util.Set;

/** Names of the public API's types as they stand in handlers' bytecode; the compiler does not depend on the module itself. */
final class Api {
    static final String PT_REGS = "Lorg/kprobe4j/PtRegs;";
    static final String KPROBE = "Lorg/kprobe4j/Kprobe;";
    static final String KRETPROBE_INSTANCE = "Lorg/kprobe4j/KretprobeInstance;";
    static final String KERNEL_STRUCT = "org/kprobe4j/KernelStruct";
    static final String NAME_ANNOTATION = "Lorg/kprobe4j/Name;";

    static final String ON_FAULT = "Lorg/kprobe4j/OnFault;";
    static final String USER_MEMORY = "Lorg/kprobe4j/UserMemory;";
    static final String PER_CPU = "Lorg/kprobe4j/PerCpu;";
    static final String MAX_BYTES = "Lorg/kprobe4j/MaxBytes;";

    static final String KERNEL = "org/kprobe4j/Kernel";
    static final String REGISTERS = "org/kprobe4j/PtRegs";
    static final String PROBE = "org/kprobe4j/Kprobe";
    static final String INSTANCE = "org/kprobe4j/KretprobeInstance";
    static final String RING_BUFFER = "org/kprobe4j/RingBuffer";

    static final String KERNEL_MAP = "org/kprobe4j/KernelMap";
    static final String COUNTER = "org/kprobe4j/Counter";
    static final String HISTOGRAM = "org/kprobe4j/Histogram";

    static final String HISTOGRAM_MAP = "org/kprobe4j/HistogramMap";
    static final String SUMMARY = "org/kprobe4j/Summary";
    static final String SUMMARY_MAP = "org/kprobe4j/SummaryMap";
    static final String PER_CPU_MAP = "org/kprobe4j/PerCpuMap";
    static final String KERNEL_ARRAY = "org/kprobe4j/KernelArray";
    static final String PER_CPU_ARRAY = "org/kprobe4j/PerCpuArray";
    static final String KERNEL_QUEUE = "org/kprobe4j/KernelQueue";
    static final String TASK_LOCAL = "org/kprobe4j/TaskLocal";

    private static final Set<String> TYPES = Set.of(
            PER_CPU_MAP,
            KERNEL_ARRAY,
            PER_CPU_ARRAY,
            KERNEL_QUEUE,
            TASK_LOCAL,
            KERNEL_MAP,
            COUNTER,
            HISTOGRAM,
            HISTOGRAM_MAP,
            SUMMARY,
            SUMMARY_MAP,
            KERNEL,
            REGISTERS,
            PROBE,
            INSTANCE,
            RING_BUFFER,
            "org/kprobe4j/Kretprobe",
            "org/kprobe4j/Args",
            "org/kprobe4j/Log",
            "org/kprobe4j/KernelStack",
            "org/kprobe4j/UserStack");

    private Api() {}

    /** Whether a class is one of the API's, or nested in one: its methods mean something in a handler, or nothing at all. */
    static boolean isType(String internalName) {
        int nested = internalName.indexOf('$');
        return TYPES.contains(nested < 0 ? internalName : internalName.substring(0, nested));
    }
}
