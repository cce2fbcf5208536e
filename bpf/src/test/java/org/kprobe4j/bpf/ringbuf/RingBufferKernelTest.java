package org.kprobe4j.bpf.ringbuf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.BpfProgram;
import org.kprobe4j.bpf.Insns;
import org.kprobe4j.bpf.MapSpec;
import org.kprobe4j.bpf.OpenDescriptors;
import org.kprobe4j.bpf.ProgramSpec;
import org.kprobe4j.bpf.ProgramType;

/** The ring buffer on the running kernel, filled by test runs of a program. */
@Tag("kernel")
@Timeout(60)
class RingBufferKernelTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    private final AtomicLong produced = new AtomicLong();
    private final AtomicLong consumed = new AtomicLong();
    private BpfMap map;
    private BpfProgram program;
    private RingBuffer ring;

    @BeforeEach
    void open() {
        map = BpfMap.create(MapSpec.ringbuf("events", 4096));
        program = BpfProgram.load(ProgramSpec.builder(ProgramType.RAW_TRACEPOINT, "emit", Insns.emitting(map))
                .build());
        ring = RingBuffer.of(map);
    }

    @AfterEach
    void close() {
        ring.close();
        program.close();
        map.close();
        assertThat(OpenDescriptors.list()).isEmpty();
    }

    private void emit(int count) {
        for (int i = 0; i < count; i++) {
            program.testRunContext(new byte[0]);
        }
    }

    @Test
    void recordsComeInOrderAlsoAcrossTheEnd() {
        List<Long> times = new ArrayList<>();
        RecordConsumer consumer = (data, offset, size) -> {
            assertThat(size).isEqualTo(8);
            times.add(data.get(ValueLayout.JAVA_LONG_UNALIGNED, offset));
        };
        for (int round = 0; round < 20; round++) {
            emit(100); // 16 bytes each: wraps every 256 records
            assertThat(ring.poll(LONG, consumer)).isEqualTo(100);
        }
        assertThat(times).hasSize(2000).isSorted();
        assertThat(ring.availableBytes()).isZero();
        assertThat(ring.drain(consumer)).isZero();
    }

    @Test
    void pollWaitsForTheFirstRecord() throws InterruptedException {
        Thread emitter = Thread.ofPlatform().start(() -> {
            pause();
            emit(1);
        });
        assertThat(ring.poll(LONG, (data, offset, size) -> {})).isEqualTo(1);
        emitter.join();
    }

    @Test
    void pollEndsAtTheTimeout() {
        long start = System.nanoTime();
        assertThat(ring.poll(Duration.ofMillis(50), (data, offset, size) -> {})).isZero();
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(50_000_000L);
    }

    @Test
    void wakeupEndsAPoll() throws InterruptedException {
        Thread waker = Thread.ofPlatform().start(() -> {
            pause();
            ring.wakeup();
        });
        assertThat(ring.poll(LONG, (data, offset, size) -> {})).isZero();
        waker.join();
    }

    @Test
    void closeEndsAPoll() throws InterruptedException {
        CountDownLatch polling = new CountDownLatch(1);
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread poller = Thread.ofPlatform().start(() -> {
            polling.countDown();
            try {
                ring.poll(LONG, (data, offset, size) -> {});
            } catch (IllegalStateException e) {
                thrown.set(e);
            }
        });
        polling.await();
        pause();
        ring.close();
        poller.join();
        assertThat(thrown.get()).hasMessage("ring buffer events is closed");
        assertThatThrownBy(() -> ring.drain((data, offset, size) -> {})).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void consumerMayCloseAndKeptMemoryIsSafe() {
        emit(3);
        List<MemorySegment> kept = new ArrayList<>();
        int taken = ring.drain(RingBuffer.slices(record -> {
            kept.add(record);
            ring.close();
        }));
        assertThat(taken).isEqualTo(1);
        assertThatThrownBy(() -> kept.getFirst().get(ValueLayout.JAVA_LONG_UNALIGNED, 0))
                .isInstanceOf(IllegalStateException.class);
    }

    /** Two producers and one consumer that goes to sleep again and again: no record and no wake-up is lost. */
    @Test
    void noRecordAndNoWakeupIsLost() throws InterruptedException {
        int each = 3000;
        Thread[] producers = {
            Thread.ofPlatform().start(() -> emitSlowly(each)),
            Thread.ofPlatform().start(() -> emitSlowly(each))
        };
        int taken = 0;
        while (taken < 2 * each) {
            int now = ring.poll(LONG, (data, offset, size) -> consumed.incrementAndGet());
            assertThat(now).as("records after %d", taken).isPositive();
            taken += now;
        }
        for (Thread producer : producers) {
            producer.join();
        }
        assertThat(ring.drain((data, offset, size) -> {})).isZero();
    }

    /** Without the consumer's lock: a poll that waits holds it. */
    private long pending() {
        return produced.get() - consumed.get();
    }

    private void emitSlowly(int count) {
        for (int i = 0; i < count; i++) {
            produced.incrementAndGet();
            emit(1);
            if (i % 64 == 0) {
                Thread.yield();
            }
            while (pending() > 100) {
                Thread.onSpinWait();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(100);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
