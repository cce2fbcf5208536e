package org.kprobe4j;

import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.internal.Elements;
import org.kprobe4j.internal.HeapEntries;
import org.kprobe4j.internal.MapRefusal;
import org.kprobe4j.internal.Programs;
import org.kprobe4j.internal.TaskValues;

/**
 * A value for each task, as a {@link ThreadLocal} is one for each thread: {@code began.set(Kernel.ktimeNs())} in one handler, {@code
 * began.get()} in another that the same task runs into. Values are those of a {@link KernelMap}. In an interrupt the task is the one
 * that was interrupted.
 *
 * <p>A new task never finds the value of an ended one. Since kernel 5.13 the kernel keeps the value with the task and frees both
 * together. Before, it lies in a hash for 32 768 tasks under the address of the {@code task_struct} and the task's start time: an
 * address comes again, but with a later time. There a value stays when its task ends, until the kernel needs the room; what was not
 * used for long goes first, which the kernel does not count. A {@code set} for which the kernel has no memory is counted in the
 * probe's {@link ProbeAccount} as an entry lost.
 *
 * <p>Since kernel: 4.10, with BTF. Source: kernel/bpf/bpf_task_storage.c. Its methods are for handlers.
 *
 * @param <T> type of the values
 */
public final class TaskLocal<T> implements AutoCloseable {
    private static final AtomicInteger NUMBER = new AtomicInteger();
    private static final int SIMULATED_TASKS = 1 << 15;

    private final String name = "tasklocal" + NUMBER.incrementAndGet();
    private final Elements<T> elements;
    private final @Nullable TaskValues values;
    private final HeapEntries heap;

    private TaskLocal(Class<T> type) {
        this.elements = new Elements<>(type);
        int bytes = elements.layout().sizeBytes();
        this.heap = new HeapEntries(name, bytes, SIMULATED_TASKS, true);
        if (SimulatedKernel.current() != null) {
            this.values = null;
            return;
        }
        try {
            this.values = TaskValues.make(name, bytes);
        } catch (BpfException e) {
            throw new UsageException(MapRefusal.of("a value of %d bytes for each task".formatted(bytes), e));
        }
    }

    /**
     * Values of tasks; no task has one yet.
     *
     * @param type class of the values
     * @param <T> type of the values
     * @return the values, open
     * @throws UsageException if the type cannot be laid out in the kernel or the kernel refuses the map
     */
    public static <T> TaskLocal<T> of(Class<T> type) {
        return UsageException.checked(() -> new TaskLocal<>(type));
    }

    /**
     * The current task's value: helper bpf_task_storage_get, or bpf_map_lookup_elem.
     *
     * @return a copy, null if it has none
     */
    public @Nullable T get() {
        return found("get()");
    }

    /**
     * The current task's value, or another one if it has none.
     *
     * @param other what to return then
     * @return a copy
     */
    public T getOrDefault(T other) {
        T found = found("getOrDefault(%s)".formatted(other));
        return found == null ? other : found;
    }

    private @Nullable T found(String call) {
        byte[] found = heap.lookup(task(call));
        return found == null ? null : elements.object(found);
    }

    /**
     * Sets the current task's value.
     *
     * @param value not null
     */
    public void set(T value) {
        byte[] task = task("set(%s)".formatted(value));
        heap.update(task, elements.bytes(Objects.requireNonNull(value, "value")), false);
    }

    /**
     * Removes the current task's value.
     *
     * @return whether it had one
     */
    public boolean remove() {
        return heap.delete(task("remove()"));
    }

    /** A simulated kernel's tasks are told apart by their numbers. */
    private static byte[] task(String call) {
        SimulatedKernel kernel = SimulatedKernel.inHandler();
        if (kernel == null) {
            throw SimulatedKernel.outside(call);
        }
        return ByteBuffer.allocate(Integer.BYTES).putInt(kernel.calls().tid()).array();
    }

    /** What handlers that capture it need of it. */
    Programs.Captured captured() {
        boolean storage = values == null || values.isStorage();
        return KernelObjects.captured(
                "TaskLocal",
                new KernelObject.TaskLocal(name, elements.layout(), storage),
                "use a TaskLocal",
                () -> values == null ? KernelObjects.ON_THE_HEAP : values.fd());
    }

    /** Frees it. Close the probes whose handlers use it first. */
    @Override
    public void close() {
        heap.close();
        if (values != null) {
            values.close();
        }
    }
}
