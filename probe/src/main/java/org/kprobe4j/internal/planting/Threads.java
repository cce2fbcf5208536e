package org.kprobe4j.internal.planting;

import java.util.ArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Does something for each of many probes at once: planting or removing one waits for the kernel's grace periods, which many
 * threads can wait for together.
 */
final class Threads {
    private static final int AT_ONCE = 16;
    private static final int WORTH_A_THREAD = 4;

    private Threads() {}

    /** Calls the action for 0 to {@code count - 1}; the first failure is thrown when all have ended. */
    static void forEach(int count, IntConsumer action) {
        if (count < WORTH_A_THREAD) {
            for (int i = 0; i < count; i++) {
                action.accept(i);
            }
            return;
        }
        try (var pool = Executors.newFixedThreadPool(
                Math.min(AT_ONCE, count),
                Thread.ofPlatform().daemon().name("kprobe4j-plant-", 0).factory())) {
            var running = new ArrayList<Future<?>>();
            for (int i = 0; i < count; i++) {
                int number = i;
                running.add(pool.submit(() -> action.accept(number)));
            }
            @Nullable RuntimeException failure = null;
            for (Future<?> one : running) {
                failure = first(failure, one);
            }
            if (failure != null) {
                throw failure;
            }
        }
    }

    private static @Nullable RuntimeException first(@Nullable RuntimeException known, Future<?> one) {
        try {
            one.get();
            return known;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return known == null ? new IllegalStateException("interrupted while planting probes", e) : known;
        } catch (ExecutionException e) {
            RuntimeException failure =
                    e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
            return known == null ? failure : known;
        }
    }
}
