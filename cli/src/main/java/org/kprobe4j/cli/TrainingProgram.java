package org.kprobe4j.cli;

import org.kprobe4j.Args;
import org.kprobe4j.Kernel;
import org.kprobe4j.Kprobe;
import org.kprobe4j.Kretprobe;

/**
 * Does once what probe programs usually do, so that {@link StartCache} sees the classes this takes: a probe and a return probe,
 * private data, lines printed, a command run.
 */
final class TrainingProgram {
    private TrainingProgram() {}

    /** Per-instance data of the return probe. */
    static final class Entry {
        long stamp;
    }

    /**
     * Runs the probes as RunMain runs a program.
     *
     * @param args a folder without classes: the program's own are this jar's
     */
    public static void main(String[] args) {
        RunMain.main(new String[] {args[0], Probes.class.getName(), "symbol=kernel_clone", "--", "true"});
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
                params.await();
                log.printf("%d", rp.nmissed());
            }
        }
    }
}
