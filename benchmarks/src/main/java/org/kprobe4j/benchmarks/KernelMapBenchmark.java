package org.kprobe4j.benchmarks;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.kprobe4j.KernelMap;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** How long it takes to read a map of 100 000 entries in this machine's kernel. Needs the right to make maps. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class KernelMapBenchmark {
    private static final int ENTRIES = 100_000;

    private KernelMap<Long, Long> map;

    /** Fills the map. */
    @Setup
    public void fill() {
        var content = new HashMap<Long, Long>();
        for (long i = 0; i < ENTRIES; i++) {
            content.put(i, i);
        }
        map = KernelMap.of(Long.class, Long.class, ENTRIES);
        map.putAll(content);
    }

    /** Frees it. */
    @TearDown
    public void close() {
        map.close();
    }

    /**
     * Copies all entries.
     *
     * @return the copy
     */
    @Benchmark
    public Map<Long, Long> entries() {
        return map.entries();
    }

    /**
     * Finds the ten largest values.
     *
     * @return the entries
     */
    @Benchmark
    public List<Map.Entry<Long, Long>> top() {
        return map.top(10);
    }
}
