package org.kprobe4j;

import java.util.concurrent.atomic.AtomicInteger;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.internal.Cells;
import org.kprobe4j.internal.Programs;

/**
 * A number that handlers add to and Java reads while they run: {@code hits.increment()} in a handler that captured it, {@code
 * hits.sum()} outside. All handlers that capture it share it.
 *
 * <p>In the kernel it is one atomic addition to a page that this process maps; no helper is called. Since kernel: 5.5. Source:
 * kernel/bpf/arraymap.c. Thread-safe.
 */
public final class Counter implements AutoCloseable {
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final String name = "counter" + NUMBER.incrementAndGet();
    private final Cells cells = SimulatedKernel.cells(name, 1);

    private Counter() {}

    /**
     * A counter at zero.
     *
     * @return the counter, open
     * @throws UsageException if the kernel refuses it
     */
    public static Counter of() {
        return new Counter();
    }

    /** Adds one; inside a handler only. */
    public void increment() {
        SimulatedKernel.add(cells, 0, 1, "increment()");
    }

    /**
     * Adds a number; inside a handler only.
     *
     * @param delta any; the sum wraps around as Java's does
     */
    public void add(long delta) {
        SimulatedKernel.add(cells, 0, delta, "add(%d)".formatted(delta));
    }

    /**
     * What was added up to now.
     *
     * @return the sum
     * @throws IllegalStateException if the counter is closed
     */
    public long sum() {
        return cells.get(0);
    }

    /**
     * What was added since the last time, for figures per interval. The counter begins at zero again in the same step, so that
     * nothing that a handler adds is lost or counted twice.
     *
     * @return the sum
     * @throws IllegalStateException if the counter is closed
     */
    public long take() {
        return cells.take(0);
    }

    /**
     * Begins at zero again. What a handler adds at that moment counts before or after.
     *
     * @throws IllegalStateException if the counter is closed
     */
    public void reset() {
        cells.clear(0);
    }

    /** What handlers that capture it need of it. */
    Programs.Captured captured() {
        return KernelObjects.captured("Counter", new KernelObject.Counter(name, 0), "use a counter", cells::fd);
    }

    /** Frees it. Close the probes whose handlers use it first. */
    @Override
    public void close() {
        cells.close();
    }
}
