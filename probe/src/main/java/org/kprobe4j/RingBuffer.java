package org.kprobe4j;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.compiler.EventLayout;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.internal.EventBytes;
import org.kprobe4j.internal.MapRefusal;
import org.kprobe4j.internal.Programs;
import org.kprobe4j.internal.PulledEvents;
import org.kprobe4j.internal.RingReader;
import org.kprobe4j.internal.Shutdown;
import org.kprobe4j.internal.StackNames;

/**
 * Brings records from handlers to Java, in the order in which the kernel reserved their room, whatever CPU, handler or probe they come
 * from: {@code events.emit(new Clone(…))} in a handler that captured it, {@code events.forEach(e -> …)} outside. The record's
 * components are the layout: boolean, byte, short, char, int, long, String (16 bytes, or as {@link MaxBytes} says), enums, {@code
 * InetAddress}, {@link KernelStack} and {@link UserStack} (64 frames, or as {@link MaxFrames} says), and records of them.
 *
 * <p>A ring buffer of a sealed interface takes each of the records that the interface permits:
 *
 * <pre>{@code
 * sealed interface Event {}
 * record Opened(int pid, @MaxBytes(256) String name) implements Event {}
 * record Closed(int pid, int fd) implements Event {}
 *
 * var events = RingBuffer.of(Event.class);
 * events.forEach(event -> {
 *     switch (event) {
 *         case Opened opened -> …
 *         case Closed closed -> …
 *     }
 * });
 * }</pre>
 *
 * <p>It is consumed in one way at a time: by {@link #forEach}, which has a thread of its own; by {@link #poll()}, {@link
 * #poll(Duration)} and {@link #drainTo}; or as a {@link #stream()}. A reader that waits uses no CPU. The kernel wakes it when a record
 * comes to a ring that was empty; while records come faster they are taken in batches, without a wake-up for each.
 *
 * <p>The kernel never waits for the reader: a record that finds the buffer full is lost and counted in the probe's {@link
 * ProbeAccount}. Each takes its size, rounded up to 8 bytes, and 8 bytes more; so for a reader that pauses for t seconds while n
 * records come in a second, the buffer must have n × t × (size + 8) bytes.
 *
 * <p>Since kernel: 5.8. Source: Documentation/bpf/ringbuf.rst. Thread-safe.
 *
 * @param <T> a record, or a sealed interface of records
 */
public final class RingBuffer<T> implements AutoCloseable {
    private static final int DEFAULT_BYTES = 1 << 20;
    private static final int LEAST_BYTES = 4096;
    /** Its data are mapped twice in a row, in one piece of less than two gibibytes. */
    private static final int MOST_BYTES = 1 << 29;
    /** Source: BPF_RINGBUF_HDR_SZ in include/uapi/linux/bpf.h. */
    private static final int HEADER_BYTES = 8;

    private static final AtomicInteger NUMBER = new AtomicInteger();

    /** Who takes the records. */
    private enum Way {
        NOBODY(""),
        FOR_EACH("by forEach"),
        POLL("by poll or stream"),
        STREAM("as a stream");

        private final String how;

        Way(String how) {
            this.how = how;
        }
    }

    private final Class<T> type;
    private final EventBytes<T> events;
    private final int sizeBytes;
    private final String name = "events" + NUMBER.incrementAndGet();
    private final Set<String> complaints = new HashSet<>();
    private final @Nullable RingReader reader;
    private final @Nullable PulledEvents<T> pulled;
    private final @Nullable SimulatedRing simulated;
    private volatile @Nullable Consumer<? super T> consumer;
    /** The thread that reads the stream; used by that one. */
    private @Nullable Thread streaming;

    private Way way = Way.NOBODY;
    private boolean closed;

    private RingBuffer(Class<T> type, EventBytes<T> events, int sizeBytes) {
        this.type = type;
        this.events = events;
        this.sizeBytes = sizeBytes;
        boolean inTheKernel = SimulatedKernel.current() == null;
        this.simulated = inTheKernel ? null : new SimulatedRing(sizeBytes);
        this.reader = inTheKernel ? new RingReader(name, sizeBytes, (data, at, _) -> accept(data, at), () -> {}) : null;
        this.pulled = reader != null ? new PulledEvents<>(reader, events) : null;
        if (inTheKernel) {
            Shutdown.opened(this);
        }
    }

    /**
     * A ring buffer of one mebibyte.
     *
     * @param type class of its records, or the sealed interface that they implement
     * @param <T> the record or the interface
     * @return the buffer, open
     * @throws UsageException if the type is neither, or a record cannot be laid out
     */
    public static <T> RingBuffer<T> of(Class<T> type) {
        return of(type, DEFAULT_BYTES);
    }

    /**
     * A ring buffer.
     *
     * @param type class of its records, or the sealed interface that they implement
     * @param sizeBytes its size: a power of two, at least a page, at most 512 MiB
     * @param <T> the record or the interface
     * @return the buffer, open
     * @throws UsageException if the type is neither, if a record cannot be laid out or is larger than the buffer, or if the size is no
     *     such power
     */
    public static <T> RingBuffer<T> of(Class<T> type, int sizeBytes) {
        if (sizeBytes < LEAST_BYTES || Integer.bitCount(sizeBytes) != 1) {
            throw new UsageException(
                    "a ring buffer of %d bytes: the size must be a power of two, at least a page of 4096"
                            .formatted(sizeBytes));
        } else if (sizeBytes > MOST_BYTES) {
            throw new UsageException(
                    "a ring buffer of %d bytes: the size must be at most %d".formatted(sizeBytes, MOST_BYTES));
        }
        return UsageException.checked(() -> make(type, sizeBytes));
    }

    private static <T> RingBuffer<T> make(Class<T> type, int sizeBytes) {
        SimulatedKernel simulated = SimulatedKernel.current();
        try {
            var events = new EventBytes<>(type, simulated == null ? StackNames.running() : simulated.stackNames());
            requireRoom(events.layout(), sizeBytes);
            return new RingBuffer<>(type, events, sizeBytes);
        } catch (BpfException e) {
            throw new UsageException(MapRefusal.of("a ring buffer of %d bytes".formatted(sizeBytes), e));
        }
    }

    /** A record that never fits is not worth a probe. Source: __bpf_ringbuf_reserve in kernel/bpf/ringbuf.c. */
    private static void requireRoom(EventLayout layout, int sizeBytes) {
        for (int i = 0; i < layout.variants().size(); i++) {
            int taken = layout.sizeBytes(i) + HEADER_BYTES;
            if (taken >= sizeBytes) {
                throw new UsageException(
                        "a ring buffer of %d bytes has no room for one %s, which takes %d with its header; make it %d bytes"
                                .formatted(
                                        sizeBytes,
                                        layout.variants().get(i).type().getSimpleName(),
                                        taken,
                                        Integer.highestOneBit(taken) * 2));
            }
        }
    }

    // ---- from handlers ----

    /**
     * Sends a record; inside a handler only, or while the {@link SimulatedKernel} is open that the buffer was made in.
     *
     * @param event made in the handler: {@code emit(new MyEvent(…))}
     */
    public void emit(T event) {
        SimulatedKernel kernel = SimulatedKernel.current();
        if (kernel == null) {
            throw SimulatedKernel.outside("emit(" + event + ")");
        }
        if (simulated == null) {
            throw new UsageException(
                    "this ring buffer is the kernel's; for a handler in the JVM, make it while the SimulatedKernel is open");
        }
        requireOpen();
        if (!simulated.emit(bytes(event))) {
            kernel.lost();
        }
    }

    private byte[] bytes(T event) {
        return UsageException.checked(() -> events.write(event));
    }

    /** What a simulated kernel's handlers emitted and nobody took. */
    List<T> waiting() {
        return simulated == null
                ? List.of()
                : simulated.waiting().stream()
                        .map(bytes -> events.read(bytes, 0))
                        .toList();
    }

    /** What handlers that capture it need of it. */
    Programs.Captured captured() {
        return KernelObjects.captured(
                "RingBuffer",
                new KernelObject.Ring(name, events.layout(), sizeBytes),
                "emit into a ring buffer",
                () -> reader == null ? KernelObjects.ON_THE_HEAP : reader.fd());
    }

    // ---- to a consumer ----

    /**
     * Hands each record to a consumer, those that wait in the buffer first, on the buffer's own thread, until the buffer is closed.
     * Returns at once. A consumer that throws is told about on standard error, once for each kind of exception, and goes on getting
     * records.
     *
     * @param action called for one record after the other
     * @throws IllegalStateException if the buffer is closed or consumed already
     */
    public void forEach(Consumer<? super T> action) {
        Objects.requireNonNull(action, "action");
        begin(Way.FOR_EACH);
        consumer = action;
        if (simulated != null) {
            simulated.forEach(record -> accept(record, 0));
        } else if (reader != null) {
            reader.start();
        }
    }

    private void accept(MemorySegment data, long offset) {
        Consumer<? super T> current = consumer;
        if (current == null) {
            return;
        }
        try {
            current.accept(events.read(data, offset));
        } catch (RuntimeException | Error e) {
            // Also an assertion that failed: the records after it are somebody's too.
            if (complaints.add(e.getClass().getName())) {
                System.err.println("kprobe4j: the consumer of %s threw %s".formatted(type.getSimpleName(), e));
            }
        }
    }

    // ---- to whoever asks ----

    /**
     * Takes the next record, without waiting.
     *
     * @return the record; null if there is none, or if another thread is taking records right now
     * @throws IllegalStateException if the buffer is closed, or consumed in another way
     */
    public @Nullable T poll() {
        begin(Way.POLL);
        try {
            return next(Duration.ZERO);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    /**
     * Takes the next record, and waits for it if there is none. In a {@link SimulatedKernel} there is nobody to wait for: it gives null
     * at once.
     *
     * @param timeout how long to wait at most
     * @return the record; null if none came in time, or if the buffer was closed meanwhile
     * @throws InterruptedException if the thread is interrupted while it waits
     * @throws IllegalStateException if the buffer is closed, or consumed in another way
     */
    public @Nullable T poll(Duration timeout) throws InterruptedException {
        begin(Way.POLL);
        return next(timeout);
    }

    private @Nullable T next(Duration timeout) throws InterruptedException {
        if (simulated != null) {
            MemorySegment record = simulated.poll();
            return record == null ? null : events.read(record, 0);
        }
        return pulled == null ? null : pulled.next(timeout);
    }

    /**
     * Moves all records that are there into a collection, without waiting.
     *
     * @param collection gets them in order
     * @return how many
     * @throws IllegalStateException if the buffer is closed, or consumed in another way
     */
    public int drainTo(Collection<? super T> collection) {
        begin(Way.POLL);
        if (pulled != null) {
            return pulled.drainTo(collection);
        }
        int count = 0;
        for (T event = poll(); event != null; event = poll()) {
            collection.add(event);
            count++;
        }
        return count;
    }

    /**
     * The records as they come. It ends when the buffer is closed, by another thread or by Ctrl-C, after the last record that was in it
     * then, or when the thread is interrupted; in a {@link SimulatedKernel} with the records that are there. It is lazy: what a {@code
     * limit} leaves stays in the buffer. Close it to poll afterwards, or to make another one.
     *
     * @return a sequential stream, to be used by one thread
     * @throws IllegalStateException if the buffer is closed, or consumed already
     */
    public Stream<T> stream() {
        begin(Way.STREAM);
        return EventStream.of(this::await, this::streamed);
    }

    private @Nullable T await() {
        Thread reading = Thread.currentThread();
        if (pulled != null && streaming != reading) {
            streaming = reading;
            Shutdown.waitingForEvents(reading, pulled::stop);
        }
        try {
            return next(PulledEvents.FOREVER);
        } catch (InterruptedException e) {
            reading.interrupt();
            return null;
        }
    }

    private synchronized void streamed() {
        if (way == Way.STREAM) {
            way = Way.POLL;
        }
        if (streaming != null) {
            Shutdown.waitsNoMore(streaming);
            streaming = null;
        }
    }

    // ---- its state ----

    private synchronized void begin(Way wanted) {
        requireOpen();
        boolean again = way == Way.POLL && wanted != Way.FOR_EACH;
        if (way != Way.NOBODY && !again) {
            throw new IllegalStateException("%s is consumed %s already: one way of consuming at a time%s"
                    .formatted(this, way.how, way == Way.STREAM ? "; close the stream first" : ""));
        }
        way = wanted;
    }

    private synchronized void requireOpen() {
        if (closed) {
            throw new IllegalStateException(this + " is closed");
        }
    }

    /**
     * Frees the buffer: {@code forEach}'s consumer gets what has arrived first, and a stream that another thread reads ends with it. A
     * {@link #poll(Duration)} that waits returns. Close the probes that emit into it first.
     */
    @Override
    public void close() {
        boolean pushed;
        synchronized (this) {
            closed = true;
            pushed = way == Way.FOR_EACH;
        }
        if (reader != null && pulled != null) {
            if (!pushed) {
                pulled.end();
            }
            reader.close();
            Shutdown.closed(this);
        }
    }

    /** Its Java type. */
    @Override
    public String toString() {
        return "RingBuffer<%s>".formatted(type.getSimpleName());
    }
}
