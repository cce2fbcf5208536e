package org.kprobe4j.cli.trace;

import org.kprobe4j.Kernel;
import org.kprobe4j.TaskLocal;

/** Where the stack of a call is taken whose return is waited for. */
sealed interface Callers {
    /** When the call began, nanoseconds of the monotonic clock. */
    long start();

    /** Whether its stack was sent before. */
    boolean sent(long start);

    /** In the handler that begins the call. */
    record InTheCall() implements Callers {
        @Override
        public long start() {
            return Kernel.ktimeNs();
        }

        @Override
        public boolean sent(long start) {
            return false;
        }
    }

    /**
     * In a probe in front of it, for the kernel's unwinder does not see callers in the call itself.
     *
     * @param reached when the task's call began, from that probe to the call
     */
    record Before(TaskLocal<Long> reached) implements Callers {
        @Override
        public long start() {
            Long known = reached.get();
            return known == null ? Kernel.ktimeNs() : known;
        }

        @Override
        public boolean sent(long start) {
            // Else it was not run, as within another program.
            Long known = reached.get();
            return known != null && known == start && reached.remove();
        }
    }
}
