package org.kprobe4j.internal;

import java.util.concurrent.locks.LockSupport;
import org.kprobe4j.bpf.perf.PerfProbe;
import org.kprobe4j.compiler.Account;

/**
 * A post handler in the kernel.
 *
 * @param probe where it is planted
 * @param program its program
 */
public record PostProbe(PerfProbe probe, LoadedProgram program) implements AutoCloseable {
    private static final long LONGEST_WAIT_NANOS = 100_000_000;
    private static final long NAP_NANOS = 500_000;

    /** How often the pre handler's program let this one run. */
    public static long armed(LoadedProgram pre) {
        return pre.hits() - pre.faults() - pre.count(Account.MAP_FULL);
    }

    /** How often the handler was begun. */
    public long ran() {
        return program.count(Account.HITS) - program.count(Account.FILTERED);
    }

    /** How often the handler stopped at a fault. */
    public long faulted() {
        return program.faults();
    }

    /**
     * Removes the probe once the pre handler's is gone: a task that was interrupted between the two has its post handler first. One that
     * does not come within a tenth of a second is lost.
     */
    public void close(LoadedProgram pre) {
        long end = System.nanoTime() + LONGEST_WAIT_NANOS;
        while (ran() < armed(pre) && System.nanoTime() < end) {
            LockSupport.parkNanos(NAP_NANOS);
        }
        close();
    }

    @Override
    public void close() {
        probe.close();
    }
}
