package org.kprobe4j.cli.trace;

import org.kprobe4j.Kernel;
import org.kprobe4j.KernelMap;
import org.kprobe4j.TaskLocal;

/**
 * In how many other traced calls a task is. A call writes down at its return what it found at its entry: a return that was dropped inside
 * does not matter any more then.
 */
sealed interface Nesting extends AutoCloseable {
    /** A call begins; in how many others. */
    int enter();

    /** It ends. */
    void leave(int depth);

    /** In how many one that begins now would be. */
    int depth();

    @Override
    void close();

    /** In one that fits this kernel. */
    static Nesting make(boolean hasTypes) {
        return hasTypes
                ? new ByTask(TaskLocal.of(Integer.class))
                : new ByThread(KernelMap.lru(Integer.class, Integer.class, ByThread.THREADS));
    }

    /** With the kernel's task. */
    record ByTask(TaskLocal<Integer> depths) implements Nesting {
        @Override
        public int enter() {
            int depth = depths.getOrDefault(0);
            depths.set(depth + 1);
            return depth;
        }

        @Override
        public void leave(int depth) {
            depths.set(depth);
        }

        @Override
        public int depth() {
            return depths.getOrDefault(0);
        }

        @Override
        public void close() {
            depths.close();
        }
    }

    /** By the thread's number, where the kernel does not tell the types that a task's value needs. */
    record ByThread(KernelMap<Integer, Integer> depths) implements Nesting {
        private static final int THREADS = 1 << 15;

        @Override
        public int enter() {
            int depth = depths.getOrDefault(Kernel.tid(), 0);
            depths.put(Kernel.tid(), depth + 1);
            return depth;
        }

        @Override
        public void leave(int depth) {
            depths.put(Kernel.tid(), depth);
        }

        @Override
        public int depth() {
            return depths.getOrDefault(Kernel.tid(), 0);
        }

        @Override
        public void close() {
            depths.close();
        }
    }
}
