package org.kprobe4j.cli;

import java.lang.invoke.CallSite;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.StringConcatException;
import java.lang.invoke.StringConcatFactory;
import org.kprobe4j.Args;
import org.kprobe4j.Counter;
import org.kprobe4j.Histogram;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelMap;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.Kprobe;
import org.kprobe4j.Kretprobe;
import org.kprobe4j.RingBuffer;

/**
 * Does once what probe programs usually do, so that {@link StartCache} sees the classes this takes: a probe and a return probe,
 * private data, lines printed, counters, histograms, events and maps, a structure of the kernel, a command run; and the tools.
 */
final class TrainingProgram {
    private TrainingProgram() {}

    /** Per-instance data of the return probe. */
    static final class Entry {
        long stamp;
    }

    /** A record of the ring buffer. */
    record Event(long time, int pid, String comm) {}

    /** A structure. */
    interface TaskStruct extends KernelStruct {
        /** The thread group. */
        int tgid();
    }

    /**
     * Runs the probes as RunMain runs a program.
     *
     * @param args a folder without classes: the program's own are this jar's
     * @throws ReflectiveOperationException never
     */
    public static void main(String[] args) throws ReflectiveOperationException {
        KprobeMain.execute("count", "vfs_*", "--by", "comm", "--", "true");
        KprobeMain.execute("count", "--json", "vfs_read", "--comm", "true", "--", "true");
        linkConcatenation();
        RunMain.main(new String[] {args[0], Probes.class.getName(), "symbol=kernel_clone", "--", "true"});
    }

    /** As javac has the user's strings be put together; this project's own are not. */
    private static void linkConcatenation() throws ReflectiveOperationException {
        try {
            CallSite _ = StringConcatFactory.makeConcatWithConstants(
                    MethodHandles.lookup(),
                    "text",
                    MethodType.methodType(String.class, String.class, long.class),
                    "\1: \1");
        } catch (StringConcatException e) {
            throw new ReflectiveOperationException(e);
        }
    }

    /** The program. */
    static final class Probes {
        private Probes() {}

        /** Plants both kinds of probe while a command runs. */
        static void main(String[] args) {
            var params = Args.of(args, "symbol");
            var symbol = params.get("symbol", "kernel_clone");
            var log = params.log();
            try (var kp = Kprobe.at(symbol)
                            .log(log)
                            .preHandler((p, regs) -> {
                                Kernel.printf("%s 0x%x", p.symbolName(), regs.ip());
                                return 0;
                            })
                            .register();
                    var rp = Kretprobe.at(symbol, Entry.class)
                            .log(log)
                            .maxactive(20)
                            .entryHandler((ri, regs) -> {
                                ri.data().stamp = Kernel.ktimeNs();
                                return 0;
                            })
                            .handler((ri, regs) -> {
                                Kernel.printf("%d after %d ns", regs.returnValue(), Kernel.ktimeNs() - ri.data().stamp);
                                return 0;
                            })
                            .register()) {
                log.printf("%x %x", kp.addr(), rp.addr());
                record(symbol, params);
                log.printf("%d", rp.nmissed());
            }
        }

        /** What handlers keep. */
        private static void record(String symbol, Args params) {
            try (var hits = Counter.of();
                    var sizes = Histogram.log2();
                    var byPid = KernelMap.of(Integer.class, Long.class);
                    var events = RingBuffer.of(Event.class)) {
                events.forEach(_ -> {});
                var counting = Kprobe.at(symbol)
                        .preHandler((p, regs) -> {
                            hits.increment();
                            return 0;
                        })
                        .register();
                var keeping = Kprobe.at(symbol)
                        .preHandler((p, regs) -> {
                            int pid = Kernel.current(TaskStruct.class).tgid();
                            sizes.record(regs.arg(0));
                            byPid.put(pid, Kernel.ktimeNs());
                            events.emit(new Event(Kernel.ktimeNs(), pid, Kernel.comm()));
                            return 0;
                        })
                        .register();
                try (counting;
                        keeping) {
                    params.await();
                }
                IO.println("%d of %s".formatted(hits.sum(), sizes.snapshot()));
                byPid.forEach((pid, time) -> IO.println(pid));
            }
        }
    }
}
