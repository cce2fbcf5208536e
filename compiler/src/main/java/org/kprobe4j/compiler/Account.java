package org.kprobe4j.compiler;

/** Slots of a program's account: an array of u64 in the one value of the map {@link #MAP}. */
public final class Account {
    /** Symbolic name of the map. */
    public static final String MAP = "account";

    /** How often the program ran; 0 where it has several places, which have counters of their own: {@link Places#HITS_MAP}. */
    public static final int HITS = 0;
    /** Runs that ended before the handler by rule: the entry handler ignored the call, or nobody armed the post handler. */
    public static final int FILTERED = 1;
    /** Records lost because a ring buffer was full. */
    public static final int RING_FULL = 2;
    /** Calls lost because the map of calls in flight was full. */
    public static final int MAP_FULL = 3;
    /** Calls that the kretprobe had no free instance for: the kernel counts them as nmissed. */
    public static final int NO_INSTANCE = 4;
    /** Entries lost because a handler's map was full. */
    public static final int ENTRIES_LOST = 5;
    /** Calls found by a later one at their place of the stack whose task was another: it ended inside the function. */
    public static final int ENDED_INSIDE = 6;
    /** The same of the same task: the return was not handed to the program, because another program was running on the CPU. */
    public static final int RETURN_LOST = 7;
    /**
     * Not a counter but the program's switch, which user space sets: 1 lets it run, with 0 it leaves at once and uncounted. What a
     * hit adds to {@link #HITS}. A program for the second half of a pair has no switch: it ends what the first half began.
     */
    public static final int ON = 8;
    /**
     * Records lost although there was room: at each of several attempts another CPU held the ring buffer's lock, and whoever traps
     * cannot wait for it. Source: __bpf_ringbuf_reserve in kernel/bpf/ringbuf.c.
     */
    public static final int RING_BUSY = 9;
    /** The first of the fault sites, in the order of {@link CompiledProgram#faultSites()}. */
    public static final int FAULTS = 10;

    private Account() {}
}
