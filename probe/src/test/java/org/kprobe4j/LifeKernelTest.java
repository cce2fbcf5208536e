package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("kernel")
@ExtendWith(LeftNothingBehind.class)
class LifeKernelTest {
    private static final int TOGGLES = 1000;
    private static final int THREADS = 2;

    /** What the load does at the moment, as the argument of its seeks. */
    private static final int BETWEEN = 0;

    private static final int ON = 1;
    private static final int OFF = 2;

    static final class Data {
        long offset;
    }

    /** Two threads that seek as fast as they can and never sleep, and know how often they did in which phase. */
    private static final class Load implements AutoCloseable {
        private final AtomicInteger phase = new AtomicInteger(BETWEEN);
        private final AtomicInteger[] seen = {new AtomicInteger(-1), new AtomicInteger(-1)};
        private final AtomicLong[] seeks = {new AtomicLong(), new AtomicLong(), new AtomicLong()};
        private final List<Thread> threads = new ArrayList<>();
        private final CountDownLatch running = new CountDownLatch(THREADS);
        private volatile boolean stop;

        Load() throws InterruptedException {
            for (int i = 0; i < THREADS; i++) {
                int number = i;
                threads.add(Thread.ofPlatform().name("load-" + i).start(() -> seek(number)));
            }
            running.await();
        }

        private void seek(int number) {
            try (var file = new RandomAccessFile("/dev/null", "r")) {
                var own = new long[seeks.length];
                int before = -1;
                running.countDown();
                while (!stop) {
                    int now = phase.get();
                    seen[number].setRelease(now);
                    file.seek(now);
                    own[now]++;
                    if (now != before) {
                        before = now;
                        // Who waits for this phase need not wait for the end of this thread's time on the CPU.
                        Thread.yield();
                    }
                }
                for (int i = 0; i < own.length; i++) {
                    seeks[i].addAndGet(own[i]);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Every seek that begins when this has returned is of that phase, and none of another is under way. */
        void enter(int next) {
            phase.set(next);
            for (AtomicInteger one : seen) {
                while (one.get() != next) {
                    Thread.yield();
                }
            }
        }

        long seeks(int inPhase) {
            return seeks[inPhase].get();
        }

        long all() {
            return seeks(BETWEEN) + seeks(ON) + seeks(OFF);
        }

        @Override
        public void close() {
            stop = true;
            threads.forEach(LifeKernelTest::join);
        }
    }

    @Test
    void aThousandTogglesUnderFullLoadLoseAndAddNothing() throws InterruptedException {
        try (var phases = new Counters();
                var always =
                        Kprobe.at(DevNull.FUNCTION).preHandler((p, regs) -> 0).register()) {
            Counter between = phases.between;
            Counter on = phases.on;
            Counter off = phases.off;
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        if (regs.arg(1) == ON) {
                            on.increment();
                        } else if (regs.arg(1) == OFF) {
                            off.increment();
                        } else {
                            between.increment();
                        }
                        return 0;
                    })
                    .disabled()
                    .register();
            var load = new Load();
            try (kp) {
                try (load) {
                    for (int i = 0; i < TOGGLES; i++) {
                        kp.enable();
                        load.enter(ON);
                        load.enter(BETWEEN);
                        kp.disable();
                        long atOnce = phases.sum();
                        load.enter(OFF);
                        assertThat(phases.sum()).isEqualTo(atOnce);
                        load.enter(BETWEEN);
                    }
                }
            }
            assertThat(load.seeks(ON)).isGreaterThanOrEqualTo(TOGGLES);
            assertThat(load.seeks(OFF)).isGreaterThanOrEqualTo(TOGGLES);
            // What the kernel drops because a run was preempted is told.
            assertThat(on.sum()).isBetween(load.seeks(ON) - kp.account().recursion(), load.seeks(ON));
            assertThat(off.sum()).isZero();
            assertThat(between.sum()).isLessThan(load.seeks(BETWEEN));
            ProbeAccount account = kp.account();
            assertThat(account.delivered()).isEqualTo(phases.sum());
            assertThat(account.hits()).isEqualTo(account.delivered() + account.recursion());
            assertThat(always.account().hits()).isEqualTo(load.all());
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Counters of a handler. */
    private static final class Counters implements AutoCloseable {
        final Counter between = Counter.of();
        final Counter on = Counter.of();
        final Counter off = Counter.of();

        long sum() {
            return between.sum() + on.sum() + off.sum();
        }

        @Override
        public void close() {
            between.close();
            on.close();
            off.close();
        }
    }

    @Test
    void aKretprobeThatIsOffBeginsNoCallAndCountsNone() throws InterruptedException {
        try (var on = Counter.of();
                var other = Counter.of()) {
            var rp = Kretprobe.at(DevNull.FUNCTION, Data.class)
                    .entryHandler((ri, regs) -> {
                        ri.data().offset = regs.arg(1);
                        return 0;
                    })
                    .handler((ri, regs) -> {
                        if (ri.data().offset == ON) {
                            on.increment();
                        } else {
                            other.increment();
                        }
                        return 0;
                    })
                    .disabled()
                    .register();
            var load = new Load();
            try (rp) {
                try (load) {
                    for (int i = 0; i < TOGGLES / 10; i++) {
                        assertThat(rp.isEnabled()).isFalse();
                        rp.enable();
                        assertThat(rp.isEnabled()).isTrue();
                        load.enter(ON);
                        load.enter(BETWEEN);
                        rp.disable();
                        long begun = rp.account().hits();
                        load.enter(OFF);
                        assertThat(rp.account().hits()).isEqualTo(begun);
                        load.enter(BETWEEN);
                    }
                }
                assertThat(rp.state()).isEqualTo(ProbeState.DISABLED);
            }
            assertThat(on.sum()).isEqualTo(load.seeks(ON));
            assertThat(rp.account().delivered()).isEqualTo(on.sum() + other.sum());
            assertThat(rp.account().hits()).isEqualTo(rp.account().delivered());
            assertThat(rp.account().inFlight()).isZero();
            assertThat(rp.state()).isEqualTo(ProbeState.CLOSED);
        }
    }

    @Test
    void callsInFlightEndAfterTheProbeWasSwitchedOff() throws Exception {
        var rp = Kretprobe.at("do_nanosleep", Data.class)
                .entryHandler((ri, regs) -> Kernel.comm().equals("sleep") ? 0 : 1)
                .handler((ri, regs) -> 0)
                .register();
        try (rp) {
            // However slow the machine is, it sleeps until it is woken.
            Process sleeper = new ProcessBuilder("sleep", "100000").start();
            while (rp.account().inFlight() == 0) {
                Thread.sleep(10);
            }
            rp.disable();
            Process late = new ProcessBuilder("sleep", "0.1").start();
            assertThat(late.waitFor()).isZero();
            assertThat(rp.account().inFlight()).isOne();
            sleeper.destroy();
            sleeper.waitFor();
            assertThat(rp.account().delivered()).isOne();
            assertThat(rp.account().inFlight()).isZero();
        }
    }

    @Test
    void whatTheKernelMissesWhileTheProbeIsOffIsNotOfTheAccount() throws Exception {
        var rp = Kretprobe.at("do_nanosleep", Data.class)
                .maxactive(1)
                .entryHandler((ri, regs) -> 0)
                .handler((ri, regs) -> 0)
                .register();
        try (rp) {
            rp.disable();
            ProbeAccount before = rp.account();
            sleepers(6);
            assertThat(rp.account().hits()).isEqualTo(before.hits());
            assertThat(rp.account().missed()).isEqualTo(before.missed()).isEqualTo(rp.nmissed());
            rp.enable();
            sleepers(6);
            assertThat(rp.nmissed()).isGreaterThanOrEqualTo(before.missed() + 1);
            rp.disable();
            ProbeAccount after = rp.account();
            sleepers(4);
            assertThat(rp.account().hits()).isEqualTo(after.hits());
            assertThat(rp.nmissed()).isEqualTo(after.missed());
        }
        ProbeAccount account = rp.account();
        // The JVM itself naps now and then.
        assertThat(account.hits()).isEqualTo(account.delivered() + account.missed() + account.inFlight());
    }

    private static void sleepers(int count) throws Exception {
        var all = new ArrayList<Process>();
        for (int i = 0; i < count; i++) {
            all.add(new ProcessBuilder("sleep", "1").start());
        }
        for (Process one : all) {
            assertThat(one.waitFor()).isZero();
        }
    }

    @Test
    void whatIsArmedHasItsPostHandlerAndWhatIsOffHasNone() throws InterruptedException {
        try (var pre = Counter.of();
                var post = Counter.of()) {
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        pre.increment();
                        return 0;
                    })
                    .postHandler((p, regs, flags) -> post.increment())
                    .register();
            try (kp;
                    var load = new Load()) {
                for (int i = 0; i < 50; i++) {
                    kp.disable();
                    long before = pre.sum();
                    load.enter(OFF);
                    load.enter(BETWEEN);
                    assertThat(pre.sum()).isEqualTo(before);
                    kp.enable();
                    load.enter(ON);
                    load.enter(BETWEEN);
                    assertThat(pre.sum()).isGreaterThan(before);
                }
            }
            assertThat(pre.sum())
                    .isPositive()
                    .isEqualTo(post.sum())
                    .isEqualTo(kp.account().hits());
        }
    }

    @Test
    void closeReturnsWhenNoHandlerRunsAnyMore() throws InterruptedException {
        for (int round = 0; round < 10; round++) {
            try (var hits = Counter.of();
                    var returns = Counter.of();
                    var load = new Load()) {
                var kp = Kprobe.at(DevNull.FUNCTION)
                        .preHandler((p, regs) -> {
                            hits.increment();
                            return 0;
                        })
                        .register();
                var rp = Kretprobe.at(DevNull.FUNCTION, Data.class)
                        .handler((ri, regs) -> {
                            returns.increment();
                            return 0;
                        })
                        .register();
                load.enter(ON);
                kp.close();
                assertThat(hits.sum()).isEqualTo(kp.account().delivered());
                rp.close();
                assertThat(returns.sum()).isEqualTo(rp.account().delivered());
                load.enter(OFF);
                load.enter(ON);
                assertThat(hits.sum()).isPositive().isEqualTo(kp.account().delivered());
                assertThat(returns.sum()).isPositive().isEqualTo(rp.account().delivered());
            }
        }
    }

    @Test
    void twoThreadsMayCloseAtOnceAndBothWait() throws InterruptedException {
        for (int round = 0; round < 10; round++) {
            try (var hits = Counter.of();
                    var load = new Load()) {
                var kp = Kprobe.at(DevNull.FUNCTION)
                        .preHandler((p, regs) -> {
                            hits.increment();
                            return 0;
                        })
                        .register();
                load.enter(ON);
                var counts = new AtomicLong[] {new AtomicLong(-1), new AtomicLong(-1)};
                var closers = new ArrayList<Thread>();
                for (AtomicLong count : counts) {
                    closers.add(Thread.ofPlatform().start(() -> {
                        kp.close();
                        count.set(hits.sum());
                    }));
                }
                closers.forEach(LifeKernelTest::join);
                load.enter(OFF);
                assertThat(hits.sum())
                        .isPositive()
                        .isEqualTo(counts[0].get())
                        .isEqualTo(counts[1].get())
                        .isEqualTo(kp.account().hits());
            }
        }
    }

    @Test
    void aClosedProbeCannotBeSwitched() {
        var kp = Kprobe.at(DevNull.FUNCTION).preHandler((p, regs) -> 0).register();
        assertThat(kp.state()).isEqualTo(ProbeState.ENABLED);
        kp.disable();
        kp.disable();
        assertThat(kp.state()).isEqualTo(ProbeState.DISABLED);
        kp.enable();
        kp.enable();
        assertThat(kp.isEnabled()).isTrue();
        kp.close();
        assertThat(kp.isEnabled()).isFalse();
        assertThat(kp.state()).isEqualTo(ProbeState.CLOSED);
        assertThatThrownBy(kp::disable)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the kprobe of null_lseek is closed");
        var rp = Kretprobe.at(DevNull.FUNCTION).handler((ri, regs) -> 0).register();
        rp.close();
        assertThatThrownBy(rp::enable)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the kretprobe of null_lseek is closed");
    }
}
