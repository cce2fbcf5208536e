package org.kprobe4j.cli.tool;

import org.jspecify.annotations.Nullable;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelMap;
import org.kprobe4j.Kprobe;
import org.kprobe4j.PerCpuArray;
import org.kprobe4j.PreHandler;
import org.kprobe4j.RegistrationException;
import org.kprobe4j.cli.KprobeException;

/** How long a task is switched out within its calls. A handler captures it. */
sealed interface Waiting extends AutoCloseable {
    /** A call begins: how long its task has waited up to now in calls around it, or -1 if there is none. In a handler only. */
    long enter();

    /** It ends: how long its task waited since. In a handler only. */
    long leave(long before);

    @Override
    void close();

    /** Nobody asked. */
    record NotAsked() implements Waiting {
        @Override
        public long enter() {
            return 0;
        }

        @Override
        public long leave(long before) {
            return 0;
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }

    /**
     * A thread that is in a call.
     *
     * @param out the moment at which it was switched out; 0 while it runs
     * @param waited nanoseconds for which it was switched out up to now
     */
    record Inside(long out, long waited) {}

    /**
     * By a probe at finish_task_switch(), through which each CPU goes with the new task as the current one. Who ran before is known
     * from the last time on the same CPU, so no argument is needed: the compiler may have changed the function's.
     *
     * @param inside threads that are in a call
     * @param running the thread that was seen last on each CPU
     */
    record BySwitches(KernelMap<Integer, Inside> inside, PerCpuArray<Integer> running) implements Waiting {
        private static final int THREADS = 16_384;
        private static final String SWITCH = "/^finish_task_switch(\\.isra\\.[0-9]+|\\.constprop\\.[0-9]+)?$/";

        static BySwitches open() {
            return new BySwitches(KernelMap.of(Integer.class, Inside.class, THREADS), PerCpuArray.of(Integer.class, 1));
        }

        /** The probe. Where it cannot be planted, nobody knows how long a task waits. */
        Kprobe plant() {
            try {
                return Kprobe.at(SWITCH).preHandler(switched()).register();
            } catch (RegistrationException e) {
                throw new KprobeException(
                        "--cpu-time needs a probe at finish_task_switch, which this kernel refuses: " + e.getMessage());
            }
        }

        private PreHandler switched() {
            return (p, regs) -> {
                int now = Kernel.tid();
                int before = running.get(0);
                if (before == now) {
                    return 0;
                }
                running.set(0, now);
                long time = Kernel.ktimeNs();
                Inside left = inside.get(before);
                if (left != null) {
                    inside.put(before, new Inside(time, left.waited()));
                }
                Inside came = inside.get(now);
                if (came != null && came.out() != 0) {
                    inside.put(now, new Inside(0, came.waited() + time - came.out()));
                }
                return 0;
            };
        }

        @Override
        public long enter() {
            int tid = Kernel.tid();
            running.set(0, tid);
            // The idle tasks of all CPUs have the same number; they never wait.
            if (tid == 0) {
                return -1;
            }
            @Nullable Inside around = inside.get(tid);
            if (around != null) {
                return around.waited();
            }
            inside.put(tid, new Inside(0, 0));
            return -1;
        }

        @Override
        public long leave(long before) {
            int tid = Kernel.tid();
            @Nullable Inside found = inside.get(tid);
            if (found == null) {
                return 0;
            }
            if (before >= 0) {
                return found.waited() - before;
            }
            boolean _ = inside.remove(tid);
            return found.waited();
        }

        @Override
        public void close() {
            inside.close();
            running.close();
        }
    }
}
