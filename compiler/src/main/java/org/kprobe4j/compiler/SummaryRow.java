package org.kprobe4j.compiler;

/**
 * Where the numbers of a summary lie: what one CPU recorded, in 64-bit numbers.
 *
 * <pre>
 * | count | sum | min | max | begun | wanted |     |     |
 * 0       8     16    24    32      40       48          64
 * </pre>
 *
 * <p>Programs of kprobes, tracepoints and kprobe.multi run with preemption off and do not nest on a CPU, so they update their CPU's
 * row with plain loads and stores. Source: trace_call_bpf() and kprobe_multi_link_prog_run() in kernel/trace/bpf_trace.c,
 * bpf_prog_active.
 */
public final class SummaryRow {
    /** How many values were recorded; a row is empty where it is 0. Written last. */
    public static final int COUNT = 0;
    /** Their sum. */
    public static final int SUM = 8;
    /** The smallest. */
    public static final int MIN = 16;
    /** The largest. */
    public static final int MAX = 24;
    /** Size of these four. */
    public static final int BYTES = 32;

    /** In an array: the reset after which the row was begun; if it is not {@link #WANTED}, the row is empty. */
    public static final int BEGUN = 32;
    /** In an array: the number of the last reset, which Java sets. */
    public static final int WANTED = 40;
    /** In an array: the distance between rows, a cache line. */
    public static final int STRIDE = 64;

    private SummaryRow() {}
}
