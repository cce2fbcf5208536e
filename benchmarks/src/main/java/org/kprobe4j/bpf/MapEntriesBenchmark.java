package org.kprobe4j.bpf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.kprobe4j.benchmarks.MemoryKernel;
import org.kprobe4j.bpf.internal.BpfAttr.MapBatch;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.Struct;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** How long it takes to read a hash of 100 000 entries, without the kernel's part. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class MapEntriesBenchmark {
    private static final int ENTRIES = 100_000;

    private final MemorySegment keys = MemorySegment.ofArray(new int[ENTRIES]);
    private final MemorySegment values = MemorySegment.ofArray(new long[ENTRIES]);
    private BpfMap map;
    private int given;

    /** Makes the map. */
    @Setup
    public void fill() {
        for (int i = 0; i < ENTRIES; i++) {
            keys.setAtIndex(ValueLayout.JAVA_INT, i, i);
            values.setAtIndex(ValueLayout.JAVA_LONG, i, i);
        }
        map = BpfMap.create(MemoryKernel.of(this::bpf, Map.of()), MapSpec.of(MapType.HASH, "m", 4, 8, ENTRIES, 0));
    }

    @SuppressWarnings("restricted")
    private long bpf(int command, Struct attr) {
        if (command != Linux.BPF_MAP_LOOKUP_BATCH) {
            return 1000;
        }
        if (attr.u64(MapBatch.IN_BATCH) == 0) {
            given = 0;
        }
        int count = Math.min(attr.u32(MapBatch.COUNT), ENTRIES - given);
        MemorySegment.copy(
                keys,
                4L * given,
                MemorySegment.ofAddress(attr.u64(MapBatch.KEYS)).reinterpret(4L * count),
                0,
                4L * count);
        MemorySegment.copy(
                values,
                8L * given,
                MemorySegment.ofAddress(attr.u64(MapBatch.VALUES)).reinterpret(8L * count),
                0,
                8L * count);
        given += count;
        attr.u32(MapBatch.COUNT, count);
        return given == ENTRIES ? -Errno.ENOENT : 0;
    }

    /** Where the consumer adds up. */
    private long sum;

    /**
     * Reads all entries.
     *
     * @return the sum of keys and values
     */
    @Benchmark
    public long forEach() {
        sum = 0;
        map.forEach((key, value) -> sum += key.get(ValueLayout.JAVA_INT, 0) + value.get(ValueLayout.JAVA_LONG, 0));
        return sum;
    }
}
