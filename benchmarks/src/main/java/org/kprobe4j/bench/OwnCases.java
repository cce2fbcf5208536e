package org.kprobe4j.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.kprobe4j.Counter;
import org.kprobe4j.Histogram;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelMap;
import org.kprobe4j.KernelStack;
import org.kprobe4j.Kprobe;
import org.kprobe4j.PtRegs;
import org.kprobe4j.RingBuffer;

/** What kprobe4j is measured with: probes as a user writes them, one method for each case. */
final class OwnCases {
    /** Room for the events of a whole run that nobody reads meanwhile. */
    private static final int RING_BYTES = 64 << 20;

    private OwnCases() {}

    /** Plants a probe, lets it be hit, removes it. */
    @FunctionalInterface
    interface Body {
        void run(Hits hits) throws IOException, InterruptedException;
    }

    static void count(Hits hits) throws IOException, InterruptedException {
        try (var counter = Counter.of();
                var kp = hits.kprobe()
                        .preHandler((p, regs) -> {
                            counter.increment();
                            return 0;
                        })
                        .register()) {
            hits.run(kp.plan());
            hits.counted(counter.sum());
        }
    }

    static void filteredHit(Hits hits) throws IOException, InterruptedException {
        filtered(hits, hits.pid(), hits.expected());
    }

    static void filteredOut(Hits hits) throws IOException, InterruptedException {
        filtered(hits, -1, 0);
    }

    private static void filtered(Hits hits, int pid, long expected) throws IOException, InterruptedException {
        try (var counter = Counter.of();
                var kp = hits.kprobe()
                        .preHandler((p, regs) -> {
                            if (Kernel.pid() == pid) {
                                counter.increment();
                            }
                            return 0;
                        })
                        .register()) {
            hits.run(kp.plan());
            hits.counted(kp.account().hits());
            hits.counted(counter.sum() + hits.expected() - expected);
        }
    }

    static void registers(Hits hits) throws IOException, InterruptedException {
        try (var counter = Counter.of();
                var kp = hits.kprobe()
                        .preHandler((p, regs) -> {
                            switch (regs) {
                                case PtRegs.X86 r -> counter.add(r.ip() != 0 && r.flags() != 0 ? 1 : 0);
                                case PtRegs.Arm64 r -> counter.add(r.pc() != 0 && r.pstate() != 0 ? 1 : 0);
                                case PtRegs.Arm r -> counter.add(r.pc() != 0 && r.cpsr() != 0 ? 1 : 0);
                            }
                            return 0;
                        })
                        .register()) {
            hits.run(kp.plan());
            hits.counted(counter.sum());
        }
    }

    static void arguments(Hits hits) throws IOException, InterruptedException {
        try (var counter = Counter.of();
                var kp = hits.kprobe()
                        .preHandler((p, regs) -> {
                            counter.add(regs.arg(1) == 0 && regs.arg(2) == 0 ? 1 : 0);
                            return 0;
                        })
                        .register()) {
            hits.run(kp.plan());
            hits.counted(counter.sum());
        }
    }

    static void post(Hits hits) throws IOException, InterruptedException {
        try (var counter = Counter.of();
                var kp = hits.kprobe()
                        .postHandler((p, regs, flags) -> counter.increment())
                        .register()) {
            hits.run(kp.plan());
            hits.counted(counter.sum());
        }
    }

    static void returns(Hits hits) throws IOException, InterruptedException {
        try (var counter = Counter.of();
                var rp = hits.kretprobe()
                        .handler((ri, regs) -> {
                            counter.increment();
                            return 0;
                        })
                        .register()) {
            hits.run(rp.plan());
            hits.counted(counter.sum());
        }
    }

    /** One for each call. */
    static final class Call {
        long start;
    }

    static void latency(Hits hits) throws IOException, InterruptedException {
        try (var latency = Histogram.log2();
                var rp = hits.kretprobe(Call.class)
                        .entryHandler((ri, regs) -> {
                            ri.data().start = Kernel.ktimeNs();
                            return 0;
                        })
                        .handler((ri, regs) -> {
                            latency.record(Kernel.ktimeNs() - ri.data().start);
                            return 0;
                        })
                        .register()) {
            hits.run(rp.plan());
            hits.counted(latency.count());
        }
    }

    /** Five fields. */
    record Event(long time, int pid, String comm, long ip, long flags) {}

    static void event(Hits hits) throws IOException, InterruptedException {
        try (var events = RingBuffer.of(Event.class, RING_BYTES);
                var kp = emitting(hits, events)) {
            hits.run(kp.plan());
            List<Event> all = new ArrayList<>();
            events.drainTo(all);
            hits.counted(all.size());
        }
    }

    static void eventRead(Hits hits) throws IOException, InterruptedException {
        var count = new AtomicLong();
        try (var events = RingBuffer.of(Event.class)) {
            events.forEach(_ -> count.incrementAndGet());
            try (var kp = emitting(hits, events)) {
                hits.run(kp.plan());
                hits.counted(kp.account().hits());
                hits.remark("%d lost".formatted(kp.account().recordsLost()));
            }
        }
    }

    private static Kprobe emitting(Hits hits, RingBuffer<Event> events) {
        return hits.kprobe()
                .preHandler((p, regs) -> {
                    switch (regs) {
                        case PtRegs.X86 r ->
                            events.emit(new Event(Kernel.ktimeNs(), Kernel.pid(), Kernel.comm(), r.ip(), r.flags()));
                        case PtRegs.Arm64 r ->
                            events.emit(new Event(Kernel.ktimeNs(), Kernel.pid(), Kernel.comm(), r.pc(), r.pstate()));
                        case PtRegs.Arm r ->
                            events.emit(new Event(Kernel.ktimeNs(), Kernel.pid(), Kernel.comm(), r.pc(), r.cpsr()));
                    }
                    return 0;
                })
                .register();
    }

    static void stack(Hits hits) throws IOException, InterruptedException {
        try (var stacks = KernelMap.of(KernelStack.class, Long.class);
                var kp = hits.kprobe()
                        .preHandler((p, regs) -> {
                            stacks.add(Kernel.stack(), 1);
                            return 0;
                        })
                        .register()) {
            hits.run(kp.plan());
            hits.counted(stacks.entries().values().stream()
                    .mapToLong(Long::longValue)
                    .sum());
        }
    }
}
