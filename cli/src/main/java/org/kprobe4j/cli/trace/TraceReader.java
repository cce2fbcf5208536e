package org.kprobe4j.cli.trace;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.RingBuffer;

/** Reads the records of a trace in a thread of its own, in batches: what is written is handed on after each. */
final class TraceReader implements AutoCloseable {
    private static final Duration PAUSE = Duration.ofMillis(100);

    private final RingBuffer<TraceEvent> events;
    private final Consumer<TraceEvent> consumer;
    private final Runnable afterBatch;
    private final Consumer<RuntimeException> failed;
    private final Thread thread = new Thread(this::run, "trace-reader");
    private volatile boolean ending;

    /**
     * A reader that runs.
     *
     * @param afterBatch called when all that was there is consumed, and when nothing came for a while
     * @param failed what the consumer threw; nothing is read after that
     */
    TraceReader(
            RingBuffer<TraceEvent> events,
            Consumer<TraceEvent> consumer,
            Runnable afterBatch,
            Consumer<RuntimeException> failed) {
        this.events = events;
        this.consumer = consumer;
        this.afterBatch = afterBatch;
        this.failed = failed;
        thread.setDaemon(true);
        thread.start();
    }

    private void run() {
        try {
            read();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            failed.accept(e);
        }
    }

    private void read() throws InterruptedException {
        List<TraceEvent> batch = new ArrayList<>();
        while (true) {
            // Asked for first: what was sent before it was said that the end has come, is there to be read.
            boolean isLast = ending;
            if (events.drainTo(batch) == 0) {
                @Nullable TraceEvent event = isLast ? null : events.poll(PAUSE);
                if (event != null) {
                    batch.add(event);
                }
            }
            batch.forEach(consumer);
            afterBatch.run();
            if (isLast && batch.isEmpty()) {
                return;
            }
            batch.clear();
        }
    }

    /** Reads what is left, when nothing is sent any more. */
    void end() {
        ending = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        end();
    }
}
