package org.kprobe4j.bpf.ringbuf;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.kprobe4j.benchmarks.MemoryKernel;
import org.kprobe4j.bpf.BenchmarkMaps;
import org.kprobe4j.bpf.MapSpec;
import org.kprobe4j.bpf.internal.SystemCalls;
import org.kprobe4j.internal.EventBytes;
import org.kprobe4j.internal.StackNames;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** How many records of 32 bytes one thread takes out of a full ring buffer of one mebibyte. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@OperationsPerInvocation(RingBufferBenchmark.RECORDS)
public class RingBufferBenchmark {
    private static final int PAGE = 4096;
    private static final int SIZE = 1 << 20;
    private static final int RECORD = 32;
    private static final int RECORD_AND_HEADER = RECORD + 8;
    /** So many fit. */
    static final int RECORDS = SIZE / RECORD_AND_HEADER;

    private final MemorySegment consumer = Arena.ofAuto().allocate(PAGE, PAGE);
    private final MemorySegment data = Arena.ofAuto().allocate(PAGE + 2 * SIZE, PAGE);
    private RingBuffer ring;
    private long sum;

    private final RecordConsumer inPlace = (memory, offset, size) -> sum += memory.get(ValueLayout.JAVA_LONG, offset)
            + memory.get(ValueLayout.JAVA_LONG, offset + 8)
            + memory.get(ValueLayout.JAVA_LONG, offset + 16)
            + memory.get(ValueLayout.JAVA_LONG, offset + 24);

    private final RecordConsumer slices = RingBuffer.slices(record -> sum += record.get(ValueLayout.JAVA_LONG, 0)
            + record.get(ValueLayout.JAVA_LONG, 8)
            + record.get(ValueLayout.JAVA_LONG, 16)
            + record.get(ValueLayout.JAVA_LONG, 24));

    /** An event of numbers. */
    private record Numbers(long first, long second, int third, int fourth) {}

    /** The same size with a text. */
    private record Named(long first, int second, int third, String name) {}

    /** Either. */
    private sealed interface Event {}

    private record Some(long first, long second, int third) implements Event {}

    private record Other(long first) implements Event {}

    private final EventBytes<Numbers> numbers = new EventBytes<>(Numbers.class, StackNames.running());
    private final EventBytes<Named> named = new EventBytes<>(Named.class, StackNames.running());
    private final EventBytes<Event> either = new EventBytes<>(Event.class, StackNames.running());
    private Object last;

    private final RecordConsumer typed = (memory, offset, size) -> {
        Numbers event = numbers.read(memory, offset);
        sum += event.first + event.second + event.third + event.fourth;
    };
    private final RecordConsumer texts = (memory, offset, size) -> last = named.read(memory, offset);
    private final RecordConsumer sealed = (memory, offset, size) -> last = either.read(memory, offset);

    /** Other consumers of other rings in the same JVM: the compiler then knows no more which one a segment is for. */
    @Param({"0", "3"})
    private int others;

    private void consumeOtherwise() {
        for (int i = 0; i < others * 20_000; i++) {
            int kind = i % 3;
            rewind();
            Consumer<MemorySegment> other = switch (kind) {
                case 0 -> record -> sum += record.byteSize();
                case 1 -> record -> sum ^= record.address();
                default -> record -> sum -= record.get(ValueLayout.JAVA_BYTE, 0);
            };
            data.set(ValueLayout.JAVA_LONG, 0, 4L * RECORD_AND_HEADER);
            ring.drain(RingBuffer.slices(other));
        }
    }

    /** Writes the records. */
    @Setup
    public void fill() {
        for (long i = 0; i < RECORDS; i++) {
            long at = PAGE + i * RECORD_AND_HEADER;
            data.set(ValueLayout.JAVA_INT, at, RECORD);
            for (int word = 0; word < RECORD / 8; word++) {
                data.set(ValueLayout.JAVA_LONG, at + 8 + 8 * word, word == 0 ? i & 1 : 0x6162_6364_6566L + i);
            }
        }
        SystemCalls calls = MemoryKernel.of((command, attr) -> 1000, Map.of(0L, consumer, (long) PAGE, data));
        ring = RingBuffer.of(calls, BenchmarkMaps.map(calls, MapSpec.ringbuf("events", SIZE)));
        consumeOtherwise();
    }

    /** As if the kernel had filled it again. */
    @Setup(Level.Invocation)
    public void rewind() {
        consumer.set(ValueLayout.JAVA_LONG, 0, 0);
        data.set(ValueLayout.JAVA_LONG, 0, (long) RECORDS * RECORD_AND_HEADER);
    }

    /**
     * Records read where they lie.
     *
     * @return their sum
     */
    @Benchmark
    public long inPlace() {
        ring.drain(inPlace);
        return sum;
    }

    /**
     * Records as segments.
     *
     * @return their sum
     */
    @Benchmark
    public long slices() {
        ring.drain(slices);
        return sum;
    }

    /**
     * Records of numbers.
     *
     * @return their sum
     */
    @Benchmark
    public long typed() {
        ring.drain(typed);
        return sum;
    }

    /**
     * Records with a text.
     *
     * @return the last one
     */
    @Benchmark
    public Object texts() {
        ring.drain(texts);
        return last;
    }

    /**
     * Records of two types.
     *
     * @return the last one
     */
    @Benchmark
    public Object sealedTypes() {
        ring.drain(sealed);
        return last;
    }
}
