package org.kprobe4j;

import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.compiler.RecordLayout;
import org.kprobe4j.internal.Programs;
import org.kprobe4j.internal.RecordBytes;
import org.kprobe4j.internal.RingReader;
import org.kprobe4j.internal.Shutdown;

/**
 * Brings records from handlers to Java: {@code events.emit(new Clone(…))} in a handler that captured it, {@code
 * events.forEach(e -> …)} outside. The record's components are the layout: boolean, byte, short, char, int, long, String (16
 * bytes, or as {@link MaxBytes} says), enums, {@code InetAddress}, and records of them. A record that finds the buffer full is lost and counted in the probe's {@link ProbeAccount}.
 *
 * <p>Since kernel: 5.8. Source: Documentation/bpf/ringbuf.rst. Thread-safe.
 *
 * @param <T> the record
 */
public final class RingBuffer<T extends Record> implements AutoCloseable {
    private static final int DEFAULT_BYTES = 1 << 20;
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final RecordLayout layout;
    private final Class<T> type;
    private final RecordBytes<T> events;
    private final String name = "events" + NUMBER.incrementAndGet();
    private final Set<String> complaints = new HashSet<>();
    private final @Nullable RingReader reader;
    private final @Nullable SimulatedRing simulated;
    private volatile @Nullable Consumer<? super T> consumer;

    private RingBuffer(Class<T> type, int sizeBytes) {
        this.layout = RecordLayout.of(type);
        this.type = type;
        this.events = new RecordBytes<>(type, layout);
        boolean inTheKernel = SimulatedKernel.current() == null;
        this.simulated = inTheKernel ? null : new SimulatedRing(sizeBytes);
        this.reader = inTheKernel ? new RingReader(name, sizeBytes, this::accept, () -> {}) : null;
        if (inTheKernel) {
            Shutdown.opened(this);
        }
    }

    /**
     * A ring buffer of one mebibyte.
     *
     * @param type class of its records
     * @param <T> the record
     * @return the buffer, open
     * @throws UsageException if the record cannot be laid out
     */
    public static <T extends Record> RingBuffer<T> of(Class<T> type) {
        return of(type, DEFAULT_BYTES);
    }

    /**
     * A ring buffer.
     *
     * @param type class of its records
     * @param sizeBytes its size: a power of two, at least a page
     * @param <T> the record
     * @return the buffer, open
     * @throws UsageException if the record cannot be laid out or the size is no such power
     */
    public static <T extends Record> RingBuffer<T> of(Class<T> type, int sizeBytes) {
        if (sizeBytes < 4096 || Integer.bitCount(sizeBytes) != 1) {
            throw new UsageException(
                    "a ring buffer of %d bytes: the size must be a power of two, at least a page of 4096"
                            .formatted(sizeBytes));
        }
        try {
            return new RingBuffer<>(type, sizeBytes);
        } catch (IllegalArgumentException | BpfException e) {
            throw new UsageException(String.valueOf(e.getMessage()));
        }
    }

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
        if (!simulated.emit(bytes(event))) {
            kernel.lost();
        }
    }

    private byte[] bytes(T event) {
        try {
            return events.write(event);
        } catch (IllegalArgumentException e) {
            throw new UsageException(String.valueOf(e.getMessage()));
        }
    }

    /** What a simulated kernel's handlers emitted and nobody took. */
    List<T> waiting() {
        return simulated == null
                ? List.of()
                : simulated.waiting().stream().map(events::read).toList();
    }

    /**
     * Hands each record to a consumer, those that wait in the buffer first, on the buffer's own thread, until the buffer is closed.
     * Returns at once.
     *
     * @param action called for one record after the other
     */
    public void forEach(Consumer<? super T> action) {
        consumer = action;
        if (simulated != null) {
            simulated.forEach(this::accept);
        } else if (reader != null) {
            reader.start();
        }
    }

    /** A consumer that throws is told about once for each kind of exception, and goes on getting records. */
    private void accept(MemorySegment record) {
        Consumer<? super T> current = consumer;
        if (current == null) {
            return;
        }
        try {
            current.accept(events.read(record));
        } catch (RuntimeException e) {
            if (complaints.add(e.getClass().getName())) {
                System.err.println("kprobe4j: the consumer of %s threw %s".formatted(type.getSimpleName(), e));
            }
        }
    }

    /** What handlers that capture it need of it. */
    Programs.Captured captured() {
        return KernelObjects.captured("RingBuffer", new KernelObject.Ring(name, layout), () -> {
            if (reader == null) {
                throw SimulatedKernel.onTheHeap("emit into a ring buffer");
            }
            return reader.fd();
        });
    }

    /** Delivers what has arrived, then frees the buffer. Close the probes that emit into it first. */
    @Override
    public void close() {
        if (reader != null) {
            reader.close();
            Shutdown.closed(this);
        }
    }
}
