package org.kprobe4j.internal;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.CountDownLatch;

/** System calls by several tasks at once that are moved from one CPU to another all the time. */
@SuppressWarnings("restricted")
final class Load {
    static final int TASKS = 4;
    static final int ROUNDS = 200;
    private static final int MOVE_EVERY = 10;
    /** Two, as PostKernelTest has a ring buffer for each. */
    private static final int CPUS = Math.min(2, Runtime.getRuntime().availableProcessors());

    private static final MethodHandle SCHED_SETAFFINITY = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker()
                            .defaultLookup()
                            .find("sched_setaffinity")
                            .orElseThrow(),
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS));

    private Load() {}

    static void run() throws InterruptedException {
        var ready = new CountDownLatch(TASKS);
        var threads = new Thread[TASKS];
        var failures = new Throwable[TASKS];
        for (int i = 0; i < TASKS; i++) {
            int number = i;
            threads[i] = new Thread(() -> {
                try {
                    ready.countDown();
                    ready.await();
                    calls(number);
                } catch (InterruptedException | RuntimeException e) {
                    failures[number] = e;
                }
            });
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        for (Throwable failure : failures) {
            if (failure != null) {
                throw new AssertionError(failure);
            }
        }
    }

    private static void calls(int number) {
        try (Arena arena = Arena.ofConfined();
                var sink = new RandomAccessFile("/dev/null", "r");
                var zeros = new RandomAccessFile("/dev/zero", "r")) {
            MemorySegment mask = arena.allocate(ValueLayout.JAVA_LONG);
            for (int i = 0; i < ROUNDS; i++) {
                if (i % MOVE_EVERY == 0) {
                    moveTo((number + i / MOVE_EVERY) % CPUS, mask);
                }
                sink.seek(i);
                if (!new File("/dev/zero").exists()) {
                    throw new AssertionError("no /dev/zero");
                }
                if (zeros.read() != 0) {
                    throw new AssertionError("/dev/zero is not zero");
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void moveTo(int cpu, MemorySegment mask) {
        mask.set(ValueLayout.JAVA_LONG, 0, 1L << cpu);
        try {
            int failed = (int) SCHED_SETAFFINITY.invokeExact(0, (long) Long.BYTES, mask);
            if (failed != 0) {
                throw new IllegalStateException("sched_setaffinity to CPU " + cpu);
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }
}
