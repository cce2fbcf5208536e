package org.kprobe4j.compiler;

/** What a program needs beyond its stack of 512 bytes: arrays, long texts, large private data. */
public final class ScratchMemory {
    /** Symbolic name of the map, a per-CPU array of one value of {@link CompiledProgram#scratchBytes()} bytes. */
    public static final String MAP = "scratch";

    /** The most that a per-CPU value may have, in bytes. Source: PCPU_MIN_UNIT_SIZE in include/linux/percpu.h. */
    public static final int MAX_BYTES = 32 << 10;

    private ScratchMemory() {}
}
