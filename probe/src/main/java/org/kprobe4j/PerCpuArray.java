package org.kprobe4j;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.kprobe4j.bpf.PossibleCpus;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.internal.CellArray;
import org.kprobe4j.internal.Programs;
import org.kprobe4j.internal.Sums;

/**
 * A {@link KernelArray} that each CPU has for itself: {@code sizes.add(class, 1)} in a handler changes this CPU's element, without
 * the cost of an atomic addition to memory that all CPUs write to; {@code sizes.sum(class)} outside adds up what all CPUs have.
 *
 * <p>Handlers of kprobes and kretprobes do not nest on a CPU, so nothing comes between the reading and the writing of an {@code
 * add}: the sums are exact. The memory is one piece, of which older kernels give 4 MiB at most: a row for each CPU that could ever be,
 * their number rounded up to a power of two.
 *
 * <p>Since kernel: 5.5. Source: kernel/bpf/arraymap.c; trace_call_bpf() in kernel/trace/bpf_trace.c. Thread-safe.
 *
 * @param <V> type of the elements
 */
public final class PerCpuArray<V> implements AutoCloseable {
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final String name = "percpuarr" + NUMBER.incrementAndGet();
    private final Class<V> type;
    private final List<Integer> cpus;
    private final CellArray<V> cells;

    private PerCpuArray(Class<V> type, int length) {
        boolean simulated = SimulatedKernel.current() != null;
        this.type = type;
        this.cpus = simulated
                ? IntStream.range(0, SimulatedKernel.POSSIBLE_CPUS).boxed().toList()
                : PossibleCpus.running().numbers();
        this.cells = new CellArray<>(name, type, length, cpus.getLast() + 1, simulated);
    }

    /**
     * An array of zeros for each CPU.
     *
     * @param type class of the elements
     * @param length how many each CPU has
     * @param <V> type of the elements
     * @return the array, open
     * @throws UsageException if the type cannot be laid out in the kernel or the kernel refuses the array
     */
    public static <V> PerCpuArray<V> of(Class<V> type, int length) {
        return UsageException.checked(() -> new PerCpuArray<>(type, length));
    }

    // ---- in a handler ----

    /**
     * How many elements each CPU has; outside too.
     *
     * @return the number that it was made with
     */
    public int length() {
        return cells.cells().length();
    }

    /**
     * This CPU's element; inside a handler only.
     *
     * @param index from 0
     * @return a copy, never null
     * @throws ArrayIndexOutOfBoundsException if there is no such element
     */
    public V get(int index) {
        return cells.get(SimulatedCpu.current("get(%d)".formatted(index)), index);
    }

    /**
     * Sets this CPU's element; inside a handler only.
     *
     * @param index from 0
     * @param value not null
     * @throws ArrayIndexOutOfBoundsException if there is no such element
     */
    public void set(int index, V value) {
        int cpu = SimulatedCpu.current("set(%d, …)".formatted(index));
        cells.set(cpu, index, Objects.requireNonNull(value, "value"));
    }

    /**
     * Adds to this CPU's element, a Long or an Integer; inside a handler only.
     *
     * @param index from 0
     * @param delta any; the element wraps around as Java's does
     * @throws ArrayIndexOutOfBoundsException if there is no such element
     */
    public void add(int index, long delta) {
        int cpu = SimulatedCpu.current("add(%d, %d)".formatted(index, delta));
        UsageException.check(() -> cells.add(cpu, index, delta));
    }

    // ---- outside only ----

    /**
     * An element of each CPU.
     *
     * @param index from 0
     * @return copies, in the order of the CPUs that could ever be
     * @throws ArrayIndexOutOfBoundsException if there is no such element
     */
    public List<V> values(int index) {
        return cpus.stream().map(cpu -> cells.get(cpu, index)).toList();
    }

    /**
     * The sum of an element of each CPU, which wraps around as Java's does.
     *
     * @param index from 0
     * @return the sum
     * @throws ArrayIndexOutOfBoundsException if there is no such element
     * @throws UsageException if the elements are no numbers
     */
    public long sum(int index) {
        return UsageException.checked(() -> Sums.of(values(index), type));
    }

    /**
     * The sums of all elements.
     *
     * @return in the order of the indexes
     * @throws UsageException if the elements are no numbers
     */
    public List<Long> sums() {
        return IntStream.range(0, length()).mapToObj(this::sum).toList();
    }

    /** Sets all elements of all CPUs to zero. What a handler does to an element at that moment may outlast it. */
    public void clear() {
        cells.clear();
    }

    /** What handlers that capture it need of it. */
    Programs.Captured captured() {
        return KernelObjects.captured(
                "PerCpuArray", new KernelObject.Array(name, cells.layout(), cells.cells()), "use an array", cells::fd);
    }

    /** Frees it. Close the probes whose handlers use it first. */
    @Override
    public void close() {
        cells.close();
    }
}
