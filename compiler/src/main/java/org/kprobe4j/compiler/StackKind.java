package org.kprobe4j.compiler;

import java.util.Optional;

/**
 * Whose call stack a component holds, and how it lies in memory. In an event it is there as a whole, as bpf_get_stack() leaves it:
 *
 * <pre>
 *   KERNEL   0                8
 *            +----------------+----------------+--
 *            | bytes or errno | address        | ...
 *            +----------------+----------------+--
 *
 *   USER     0                8                16
 *            +-------+--------+----------------+----------------+--
 *            |  tid  | tgid   | bytes or errno | address        | ...
 *            +-------+--------+----------------+----------------+--
 * </pre>
 *
 * In a key of a map it is the number that bpf_get_stackid() gave it in the map {@link #mapOf}, or a negated errno:
 *
 * <pre>
 *   KERNEL   0        4         USER    0        4        8
 *            +--------+                 +--------+--------+
 *            | number |                 |  tgid  | number |
 *            +--------+                 +--------+--------+
 * </pre>
 */
public enum StackKind {
    /** Of the kernel. */
    KERNEL("org.kprobe4j.KernelStack"),
    /** Of the current process. */
    USER("org.kprobe4j.UserStack");

    /** Frames of an event's stack whose component does not say how many. */
    public static final int DEFAULT_FRAMES = 64;

    /** The most that a kernel walks without more ado. Source: PERF_MAX_STACK_DEPTH in include/uapi/linux/perf_event.h. */
    public static final int MAX_FRAMES = 127;

    private static final String MAP_SUFFIX = "_stacks";

    private final String type;

    StackKind(String type) {
        this.type = type;
    }

    /**
     * The kind that a Java type stands for.
     *
     * @param type any
     * @return nothing if it is no stack
     */
    public static Optional<StackKind> of(Class<?> type) {
        for (StackKind kind : values()) {
            if (kind.type.equals(type.getName())) {
                return Optional.of(kind);
            }
        }
        return Optional.empty();
    }

    /**
     * Symbolic name of the map that holds the stacks of another map's keys.
     *
     * @param map name of the other map
     * @return the name
     */
    public static String mapOf(String map) {
        return map + MAP_SUFFIX;
    }

    /**
     * The handler's call that gives such a stack.
     *
     * @return for messages
     */
    public String call() {
        return this == KERNEL ? "Kernel.stack()" : "Kernel.userStack()";
    }

    /**
     * Where the length stands in an event.
     *
     * @return offset in bytes
     */
    public int lengthOffset() {
        return this == KERNEL ? 0 : Long.BYTES;
    }

    /**
     * Size in an event.
     *
     * @param frames how many there is room for
     * @return in bytes
     */
    public int eventBytes(int frames) {
        return lengthOffset() + Long.BYTES * (1 + frames);
    }

    /**
     * How many frames an event's stack has room for.
     *
     * @param eventBytes its size
     * @return frames
     */
    public int frames(int eventBytes) {
        return (eventBytes - lengthOffset()) / Long.BYTES - 1;
    }

    /**
     * Where the number stands in a key.
     *
     * @return offset in bytes
     */
    public int numberOffset() {
        return this == KERNEL ? 0 : Integer.BYTES;
    }

    /**
     * Size in a key.
     *
     * @return in bytes
     */
    public int keyBytes() {
        return numberOffset() + Integer.BYTES;
    }
}
