package org.kprobe4j;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.internal.Elements;
import org.kprobe4j.internal.KernelValues;
import org.kprobe4j.internal.MapRefusal;
import org.kprobe4j.internal.Programs;

/**
 * A bounded queue in the kernel, first in, first out, that handlers and Java share: {@code free.offer(addr)} in one handler, {@code
 * free.poll()} in another. Values are those of a {@link KernelMap}. How many there are the kernel does not tell. To bring events to
 * Java use a {@link RingBuffer}: it wakes its reader, a queue does not.
 *
 * <p>A lock guards it: where a handler interrupts, in a non-maskable interrupt, what holds the lock, {@code offer} finds no room and
 * {@code poll} no value.
 *
 * <p>Since kernel: 4.20. Source: kernel/bpf/queue_stack_maps.c. Thread-safe.
 *
 * @param <T> type of the values
 */
public final class KernelQueue<T> implements AutoCloseable {
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final String name = "queue" + NUMBER.incrementAndGet();
    private final Elements<T> elements;
    private final KernelValues values;

    private KernelQueue(Class<T> type, int capacity) {
        if (capacity < 1) {
            throw new UsageException("a queue for %d values: it must hold at least one".formatted(capacity));
        }
        this.elements = new Elements<>(type);
        int bytes = elements.layout().sizeBytes();
        try {
            this.values = new KernelValues(name, bytes, capacity, SimulatedKernel.current() != null);
        } catch (BpfException e) {
            throw new UsageException(MapRefusal.of("a queue for %d values of %d bytes".formatted(capacity, bytes), e));
        }
    }

    /**
     * An empty queue.
     *
     * @param type class of the values
     * @param capacity how many it can hold; the memory for all is taken at once
     * @param <T> type of the values
     * @return the queue, open
     * @throws UsageException if the type cannot be laid out in the kernel or the kernel refuses the queue
     */
    public static <T> KernelQueue<T> of(Class<T> type, int capacity) {
        return UsageException.checked(() -> new KernelQueue<>(type, capacity));
    }

    // ---- in a handler and outside ----

    /**
     * Appends a value: helper bpf_map_push_elem.
     *
     * @param value not null
     * @return false if there is no room; in a handler that is counted in the probe's {@link ProbeAccount} as an entry lost
     */
    public boolean offer(T value) {
        boolean done = values.offer(elements.bytes(Objects.requireNonNull(value, "value")));
        SimulatedKernel kernel = SimulatedKernel.inHandler();
        if (!done && kernel != null) {
            kernel.entryLost();
        }
        return done;
    }

    /**
     * Takes the value that has been there longest: helper bpf_map_pop_elem.
     *
     * @return the value, null if there is none
     */
    public @Nullable T poll() {
        byte[] first = values.poll();
        return first == null ? null : elements.object(first);
    }

    /**
     * The value that {@link #poll} would take: helper bpf_map_peek_elem.
     *
     * @return a copy, null if there is none
     */
    public @Nullable T peek() {
        byte[] first = values.peek();
        return first == null ? null : elements.object(first);
    }

    // ---- outside only ----

    /**
     * Takes values until there is none, with one system call for each; of those that handlers append meanwhile, as many as the queue
     * holds at most.
     *
     * @return the values, in the order in which they were appended
     */
    public List<T> takeAll() {
        var taken = new ArrayList<T>();
        T next = poll();
        while (next != null) {
            taken.add(next);
            next = taken.size() < 2L * values.capacity() ? poll() : null;
        }
        return taken;
    }

    /** Removes all values that are there now. */
    public void clear() {
        takeAll();
    }

    /** What handlers that capture it need of it. */
    Programs.Captured captured() {
        return KernelObjects.captured(
                "KernelQueue", new KernelObject.Queue(name, elements.layout()), "use a queue", values::fd);
    }

    /** Frees it. Close the probes whose handlers use it first. */
    @Override
    public void close() {
        values.close();
    }
}
