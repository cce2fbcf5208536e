package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Events from the kernel, in all the ways in which they can be taken. */
@Tag("kernel")
@Timeout(300)
@ExtendWith(LeftNothingBehind.class)
class RingKernelTest {
    sealed interface Event {
        long offset();
    }

    record Entered(long offset, int pid, String comm) implements Event {}

    sealed interface Ended extends Event {}

    record Returned(long offset, byte odd, long value) implements Ended {}

    record Stepped(long offset) implements Ended {}

    record Number(long n) {}

    private static PreHandler numbers(RingBuffer<Number> events) {
        return (p, regs) -> {
            events.emit(new Number(DevNull.offset(regs)));
            return 0;
        };
    }

    private static Kprobe plant(RingBuffer<Number> events) {
        return Kprobe.at(DevNull.FUNCTION).preHandler(numbers(events)).register();
    }

    private static List<Number> upTo(int count) {
        return IntStream.range(0, count).mapToObj(Number::new).toList();
    }

    @Test
    void severalProbesShareARingOfSeveralTypes() {
        List<Event> seen = Collections.synchronizedList(new ArrayList<>());
        var events = RingBuffer.of(Event.class);
        var kp = Kprobe.at(DevNull.FUNCTION)
                .preHandler((p, regs) -> {
                    events.emit(new Entered(DevNull.offset(regs), Kernel.pid(), Kernel.comm()));
                    return 0;
                })
                .postHandler((p, regs, flags) -> events.emit(new Stepped(-1)))
                .register();
        var rp = Kretprobe.at(DevNull.FUNCTION)
                .handler((ri, regs) -> {
                    events.emit(new Returned(regs.returnValue(), (byte) 3, -7));
                    return 0;
                })
                .register();
        try (events) {
            events.forEach(seen::add);
            try (kp;
                    rp) {
                DevNull.seek(100);
            }
        }
        assertThat(seen).hasSize(300);
        for (int i = 0; i < 100; i++) {
            assertThat(seen.subList(3 * i, 3 * i + 3))
                    .usingRecursiveFieldByFieldElementComparatorIgnoringFields("pid", "comm", "offset")
                    .containsExactly(new Entered(i, 0, ""), new Stepped(-1), new Returned(0, (byte) 3, -7));
            assertThat(seen.get(3 * i)).isInstanceOfSatisfying(Entered.class, entered -> {
                assertThat(entered.pid()).isEqualTo(ProcessHandle.current().pid());
                assertThat(entered.comm()).isNotEmpty();
            });
        }
    }

    @Test
    void polled() throws InterruptedException {
        try (var events = RingBuffer.of(Number.class)) {
            assertThat(events.poll()).isNull();
            assertThat(events.poll(Duration.ofMillis(5))).isNull();
            try (var _ = plant(events)) {
                DevNull.seek(1000);
            }
            var seen = new ArrayList<Number>();
            seen.add(events.poll());
            seen.add(events.poll(Duration.ofSeconds(30)));
            assertThat(events.drainTo(seen)).isEqualTo(998);
            assertThat(seen).isEqualTo(upTo(1000));
            assertThat(events.poll()).isNull();
        }
    }

    @Test
    void aPollWaitsForARecordAndNotLonger() throws InterruptedException {
        try (var events = RingBuffer.of(Number.class);
                var _ = plant(events)) {
            Thread later = Thread.ofPlatform().start(() -> {
                pause(200);
                DevNull.seek(1);
            });
            assertThat(events.poll(Duration.ofDays(365))).isEqualTo(new Number(0));
            later.join();
        }
    }

    private static void pause(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aStreamEndsWithWhatWasThereWhenItIsClosed() throws InterruptedException {
        List<Number> seen = Collections.synchronizedList(new ArrayList<>());
        var events = RingBuffer.of(Number.class);
        var begun = new CountDownLatch(1);
        Thread reader = Thread.ofPlatform().start(() -> {
            try (Stream<Number> stream = events.stream()) {
                begun.countDown();
                stream.forEach(seen::add);
            }
        });
        begun.await();
        try (events) {
            try (var _ = plant(events)) {
                DevNull.seek(5000);
            }
        }
        reader.join();
        assertThat(seen).isEqualTo(upTo(5000));
    }

    @Test
    void anInterruptEndsAStreamAndAPoll() throws InterruptedException {
        try (var events = RingBuffer.of(Number.class)) {
            var interrupted = new AtomicReference<@Nullable Boolean>();
            Thread reader = Thread.ofPlatform().start(() -> {
                assertThat(events.stream().count()).isZero();
                interrupted.set(Thread.interrupted());
            });
            pause(200);
            reader.interrupt();
            reader.join();
            assertThat(interrupted.get()).isTrue();
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> events.poll(Duration.ofDays(1))).isInstanceOf(InterruptedException.class);
            assertThat(events.poll()).isNull();
        }
    }

    @Test
    void theConsumerMayCloseIt() throws InterruptedException {
        var events = RingBuffer.of(Number.class);
        var closed = new CountDownLatch(1);
        try (var _ = plant(events)) {
            events.forEach(_ -> {
                events.close();
                closed.countDown();
            });
            DevNull.seek(1);
            closed.await();
        }
        var streamed = RingBuffer.of(Number.class);
        try (var _ = plant(streamed)) {
            DevNull.seek(10);
            assertThat(streamed.stream().peek(_ -> streamed.close())).isEqualTo(upTo(10));
        }
    }

    @Test
    void aClosedOneIsRefused() {
        var events = RingBuffer.of(Number.class);
        events.close();
        assertThatThrownBy(() -> plant(events))
                .hasMessageEndingWith(
                        "a handler uses a RingBuffer that is closed; close the probe first, then what its handlers use");
        assertThatThrownBy(events::poll)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("RingBuffer<Number> is closed");
    }

    /** Nothing is unmapped under a reader's hands, whenever the close comes. */
    @Test
    void closingWhileOthersRead() throws InterruptedException {
        var failures = Collections.synchronizedList(new ArrayList<Throwable>());
        try (var feeding = new Storm(1)) {
            for (int round = 0; round < 256; round++) {
                var events = RingBuffer.of(Number.class, 4096);
                boolean streams = round % 2 == 0;
                Thread reader = Thread.ofPlatform().unstarted(() -> read(events, streams));
                reader.setUncaughtExceptionHandler((_, thrown) -> failures.add(thrown));
                var probe = round % 64 < 2 ? plant(events) : null;
                reader.start();
                for (int i = 0; i < round % 50 * 100; i++) {
                    Thread.onSpinWait();
                }
                if (probe != null) {
                    probe.close();
                }
                events.close();
                reader.join();
            }
            assertThat(feeding.seeks()).isPositive();
        }
        assertThat(failures).isEmpty();
    }

    private static void read(RingBuffer<Number> events, boolean stream) {
        try {
            if (stream) {
                assertThat(events.stream().allMatch(number -> number.n() >= 0)).isTrue();
                return;
            }
            while (true) {
                Number next = events.poll(Duration.ofDays(1));
                assertThat(next == null || next.n() >= 0).isTrue();
            }
        } catch (IllegalStateException e) {
            assertThat(e).hasMessage("RingBuffer<Number> is closed");
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Hits from several threads, as fast as they can. */
    private static final class Storm implements AutoCloseable {
        private final List<Thread> threads = new ArrayList<>();
        private final AtomicLong seeks = new AtomicLong();
        private volatile boolean over;

        Storm(int count) {
            for (int i = 0; i < count; i++) {
                threads.add(Thread.ofPlatform().start(() -> {
                    while (!over) {
                        DevNull.seek(200);
                        seeks.addAndGet(200);
                    }
                }));
            }
        }

        long seeks() {
            return seeks.get();
        }

        @Override
        public void close() {
            over = true;
            threads.forEach(RingKernelTest::join);
        }
    }

    @Test
    void inAStormEveryRecordIsReceivedOrCounted() throws InterruptedException {
        var received = new AtomicLong();
        var events = RingBuffer.of(Number.class, 4096);
        Kprobe kp;
        try (events) {
            events.forEach(_ -> {
                if (received.incrementAndGet() % 100 == 0) {
                    pause(1);
                }
            });
            kp = plant(events);
            try (kp;
                    var _ = new Storm(2)) {
                pause(2000);
            }
        }
        ProbeAccount account = kp.account();
        assertThat(account.recordsLost()).isPositive();
        assertThat(received.get()).isPositive();
        assertThat(account.hits()).isEqualTo(received.get() + account.recordsLost() + account.recordsContended());
    }

    @Test
    void aReaderInAStormIsNotWokenByEachRecord() throws Exception {
        var received = new AtomicLong();
        var events = RingBuffer.of(Number.class);
        var sleeps = new AtomicLong();
        Thread reader = Thread.ofPlatform().name("ring-reader").start(() -> {
            events.stream().forEach(_ -> received.incrementAndGet());
            sleeps.set(sleeps());
        });
        Kprobe kp = plant(events);
        try (events) {
            try (kp;
                    var _ = new Storm(2)) {
                pause(2000);
            }
        }
        reader.join();
        System.out.printf("woken %d times for %d records%n", sleeps.get(), received.get());
        ProbeAccount account = kp.account();
        assertThat(received.get() + account.recordsLost() + account.recordsContended())
                .isEqualTo(account.hits());
        assertThat(sleeps.get()).isLessThan(received.get() / 5);
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** How often this thread went to sleep. */
    private static long sleeps() {
        try (Stream<String> status = Files.lines(Path.of("/proc/thread-self/status"))) {
            return status.filter(line -> line.startsWith("voluntary_ctxt_switches:"))
                    .mapToLong(line -> Long.parseLong(line.substring(line.indexOf('\t') + 1)))
                    .sum();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
