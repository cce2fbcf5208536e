package org.kprobe4j.bpf.ringbuf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.FakeObjects;
import org.kprobe4j.bpf.MapSpec;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.OpenDescriptors;
import org.kprobe4j.bpf.internal.Abi;
import org.kprobe4j.bpf.internal.FakeKernel;

class RingBufferTest {
    private static final int PAGE = 4096;
    private static final int SIZE = 4096;
    private static final int BUSY = 1 << 31;
    private static final int DISCARD = 1 << 30;

    /** The kernel's side of the memory. */
    private static final class Producer {
        private final FakeKernel kernel = new FakeKernel();
        private final MemorySegment consumer = Arena.ofAuto().allocate(PAGE, PAGE);
        private final MemorySegment data = Arena.ofAuto().allocate(PAGE + 2 * SIZE, PAGE);
        private final boolean wide;
        private long position;

        Producer(Abi abi, long start) {
            kernel.abi = abi;
            wide = abi.wordBytes() == 8;
            kernel.memory.put(0L, consumer);
            kernel.memory.put((long) PAGE, data);
            position = start;
            word(consumer, start);
            word(data, start);
        }

        private void word(MemorySegment page, long value) {
            if (wide) {
                page.set(ValueLayout.JAVA_LONG, 0, value);
            } else {
                page.set(ValueLayout.JAVA_INT, 0, (int) value);
            }
        }

        RingBuffer open() {
            try (BpfMap map = FakeObjects.map(kernel, MapSpec.ringbuf("events", SIZE))) {
                return RingBuffer.of(kernel, map);
            }
        }

        /** Where a header lies, which both mappings of the data show. */
        long reserve(int length) {
            long at = position & (SIZE - 1);
            putInt(at, length | BUSY);
            position += (length + 8 + 7) & ~7;
            position &= wide ? -1L : 0xFFFF_FFFFL;
            word(data, position);
            return at;
        }

        void putInt(long at, int value) {
            data.set(ValueLayout.JAVA_INT, PAGE + at, value);
            data.set(ValueLayout.JAVA_INT, PAGE + SIZE + at, value);
        }

        void commit(long at, int length, boolean discard, byte fill) {
            for (long i = 0; i < length; i++) {
                long byteAt = at + 8 + i;
                data.set(ValueLayout.JAVA_BYTE, PAGE + byteAt, fill);
                data.set(ValueLayout.JAVA_BYTE, PAGE + (byteAt + SIZE) % (2 * SIZE), fill);
            }
            putInt(at, length | (discard ? DISCARD : 0));
        }

        void put(int length, boolean discard, byte fill) {
            commit(reserve(length), length, discard, fill);
        }
    }

    private static String text(MemorySegment data, long offset, int size) {
        byte[] bytes = data.asSlice(offset, size).toArray(ValueLayout.JAVA_BYTE);
        for (byte each : bytes) {
            assertThat(each).isEqualTo(bytes[0]);
        }
        return size + "x" + (size == 0 ? "" : bytes[0]);
    }

    /** Any sequence of records, also across the end of the buffer and across the end of 32-bit positions. */
    @Property(tries = 200)
    void recordsComeInOrder(
            @ForAll @Size(max = 60) List<@IntRange(max = 1500) Integer> lengths,
            @ForAll boolean narrow,
            @ForAll @IntRange(max = 1000) int start) {
        Producer producer = new Producer(narrow ? Abi.ARM : Abi.X86_64, (0xFFFF_FFFFL - start * 8L) & ~7L);
        List<String> expected = new ArrayList<>();
        List<String> seen = new ArrayList<>();
        try (RingBuffer ring = producer.open()) {
            for (int i = 0; i < lengths.size(); i++) {
                int length = lengths.get(i);
                boolean discard = length % 5 == 4;
                producer.put(length, discard, (byte) i);
                if (!discard) {
                    expected.add(length + "x" + (length == 0 ? "" : (byte) i));
                }
                if (i % 2 == 1) {
                    ring.drain((data, offset, size) -> seen.add(text(data, offset, size)));
                }
            }
            ring.drain((data, offset, size) -> seen.add(text(data, offset, size)));
            assertThat(seen).isEqualTo(expected);
            assertThat(ring.availableBytes()).isZero();
        }
        assertThat(producer.kernel.openNow()).isEmpty();
        assertThat(producer.kernel.mappings).isEmpty();
    }

    @Test
    void busyRecordHoldsBackTheOnesBehindIt() {
        Producer producer = new Producer(Abi.X86_64, 0);
        try (RingBuffer ring = producer.open()) {
            long first = producer.reserve(16);
            producer.put(8, false, (byte) 2);
            assertThat(ring.drain((data, offset, size) -> {})).isZero();
            assertThat(ring.availableBytes()).isEqualTo(24 + 16);
            producer.commit(first, 16, false, (byte) 1);
            List<Integer> sizes = new ArrayList<>();
            assertThat(ring.drain((data, offset, size) -> sizes.add(size))).isEqualTo(2);
            assertThat(sizes).containsExactly(16, 8);
        }
    }

    /** A consumer that always finds more would never flush, and never be closed. */
    @Test
    void drainReturnsAlthoughRecordsKeepComing() {
        Producer producer = new Producer(Abi.X86_64, 0);
        try (RingBuffer ring = producer.open()) {
            producer.put(8, false, (byte) 1);
            assertThat(ring.drain((data, offset, size) -> producer.put(8, false, (byte) 1)))
                    .isEqualTo(SIZE / 16);
            assertThat(ring.availableBytes()).isEqualTo(16);
        }
    }

    /** Also within a batch the kernel gets room again. */
    @Test
    void positionIsShownNowAndThen() {
        Producer producer = new Producer(Abi.X86_64, 0);
        try (RingBuffer ring = producer.open()) {
            for (int i = 0; i < SIZE / 16; i++) {
                producer.put(8, false, (byte) i);
            }
            List<Long> lags = new ArrayList<>();
            long[] taken = {0};
            ring.drain((data, offset, size) -> {
                lags.add(taken[0] - producer.consumer.get(ValueLayout.JAVA_LONG, 0));
                taken[0] += 16;
            });
            assertThat(lags).hasSize(SIZE / 16).allMatch(lag -> lag >= 0 && lag <= SIZE / 32);
            assertThat(lags).contains((long) SIZE / 32 - 16);
            assertThat(producer.consumer.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(SIZE);
        }
    }

    @Test
    void recordIsReadOnly() {
        Producer producer = new Producer(Abi.X86_64, 0);
        try (RingBuffer ring = producer.open()) {
            producer.put(8, false, (byte) 1);
            ring.drain(RingBuffer.slices(record -> {
                assertThat(record.byteSize()).isEqualTo(8);
                assertThatThrownBy(() -> record.set(ValueLayout.JAVA_BYTE, 0, (byte) 1))
                        .isInstanceOf(IllegalArgumentException.class);
            }));
        }
    }

    @Test
    void throwingConsumerDoesNotSeeTheRecordTwice() {
        Producer producer = new Producer(Abi.X86_64, 0);
        try (RingBuffer ring = producer.open()) {
            producer.put(8, false, (byte) 1);
            producer.put(8, false, (byte) 2);
            assertThatThrownBy(() -> ring.drain((data, offset, size) -> {
                        throw new IllegalArgumentException("no");
                    }))
                    .hasMessage("no");
            assertThat(ring.drain((data, offset, size) -> {})).isEqualTo(1);
        }
    }

    @Test
    void pollTakesWhatComesWhileItWaits() {
        Producer producer = new Producer(Abi.ARM64, 0);
        try (RingBuffer ring = producer.open()) {
            producer.kernel.onEpollWait = () -> {
                producer.put(8, false, (byte) 1);
                return 1;
            };
            assertThat(ring.poll(Duration.ofDays(1_000_000), (data, offset, size) -> {}))
                    .isEqualTo(1);
        }
    }

    @Test
    void wakeupEndsThePoll() {
        Producer producer = new Producer(Abi.X86_64, 0);
        try (RingBuffer ring = producer.open()) {
            producer.kernel.onEpollWait = () -> {
                ring.wakeup();
                return -4; // and a signal
            };
            assertThat(ring.poll(Duration.ofHours(1), (data, offset, size) -> {}))
                    .isZero();
        }
    }

    @Test
    void closeWhileWaitingIsSaidAndReleases() {
        Producer producer = new Producer(Abi.X86_64, 0);
        RingBuffer ring = producer.open();
        producer.kernel.onEpollWait = () -> {
            Thread closer = Thread.ofPlatform().start(ring::close);
            while (producer.kernel.wakeups.get() == 0) {
                Thread.onSpinWait();
            }
            assertThat(closer.isAlive()).isTrue();
            return 1;
        };
        assertThatThrownBy(() -> ring.poll(Duration.ofHours(1), (data, offset, size) -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("ring buffer events is closed");
        ring.close();
        ring.wakeup();
        assertThat(producer.kernel.openNow()).isEmpty();
        assertThat(producer.kernel.mappings).isEmpty();
        assertThat(OpenDescriptors.list()).isEmpty();
    }

    @Test
    void otherMapsAreRefused() {
        FakeKernel kernel = new FakeKernel();
        try (BpfMap map = FakeObjects.map(kernel, MapSpec.of(MapType.ARRAY, "a", 4, 8, 1, 0))) {
            assertThatThrownBy(() -> RingBuffer.of(kernel, map)).hasMessage("ARRAY map a is not a ring buffer");
        }
    }

    @Test
    void failedOpenLeavesNothing() {
        Producer producer = new Producer(Abi.X86_64, 0);
        producer.kernel.memory.put((long) PAGE, MemorySegment.ofAddress(-12));
        assertThatThrownBy(producer::open)
                .hasMessage("mmap data of ring buffer events: cannot allocate memory (ENOMEM)");
        assertThat(producer.kernel.openNow()).isEmpty();
        assertThat(OpenDescriptors.list()).isEmpty();
    }
}
