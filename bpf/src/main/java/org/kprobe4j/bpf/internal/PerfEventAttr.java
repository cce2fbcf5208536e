package org.kprobe4j.bpf.internal;

/**
 * {@code struct perf_event_attr}: byte offsets of the fields that are set.
 *
 * <p>Source: include/uapi/linux/perf_event.h.
 */
@SuppressWarnings("MissingJavadoc")
public final class PerfEventAttr {
    /** PERF_ATTR_SIZE_VER5, in bytes. */
    public static final int PERF_ATTR_SIZE_VER5 = 112;

    public static final int TYPE = 0;
    public static final int SIZE = 4;
    public static final int CONFIG = 8;
    public static final int SAMPLE_PERIOD = 16;
    public static final int WAKEUP_EVENTS = 48;
    /** config1: address of the symbol's name, or 0 for a probe by address. */
    public static final int KPROBE_FUNC = 56;
    /** config2: the address, or the offset from the symbol in bytes. */
    public static final int KPROBE_ADDR = 64;

    private PerfEventAttr() {}
}
