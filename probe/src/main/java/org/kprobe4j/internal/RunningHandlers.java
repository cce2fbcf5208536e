package org.kprobe4j.internal;

import org.kprobe4j.bpf.GracePeriod;

/** The handlers that run at a moment. */
public final class RunningHandlers {
    private RunningHandlers() {}

    /** Waits until those that run now have ended; what was written before is seen by all that begin later. Takes some milliseconds. */
    public static void await() {
        GracePeriod.await();
    }
}
