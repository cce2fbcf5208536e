package org.kprobe4j.bench;

import java.io.IOException;
import org.kprobe4j.Histogram;
import org.kprobe4j.Kernel;
import org.kprobe4j.Kprobe;
import org.kprobe4j.Kretprobe;

/**
 * A program that plants what it is told, says how long that took, waits for a line, and removes it: {@code PlantMain count|latency
 * TARGET}.
 */
public final class PlantMain {
    static final String PLANTED = "planted";
    static final String REMOVED = "removed";

    private PlantMain() {}

    /** One for each call. */
    static final class Call {
        long start;
    }

    /**
     * Runs it.
     *
     * @param args see above
     * @throws IOException never
     */
    public static void main(String[] args) throws IOException {
        if (args[0].equals("count")) {
            count(args[1]);
        } else {
            latency(args[1]);
        }
    }

    private static void count(String target) throws IOException {
        long start = System.nanoTime();
        long end;
        try (var kp = Kprobe.at(target).preHandler((p, regs) -> 0).register()) {
            planted(kp.places().size(), start);
            end = System.nanoTime();
            // What it is for.
            if (kp.hits().size() > kp.places().size()) {
                throw new IllegalStateException("more functions hit than probed");
            }
        }
        removed(end);
    }

    private static void latency(String target) throws IOException {
        long start = System.nanoTime();
        long end;
        try (var latency = Histogram.log2();
                var rp = Kretprobe.at(target, Call.class)
                        .entryHandler((ri, regs) -> {
                            ri.data().start = Kernel.ktimeNs();
                            return 0;
                        })
                        .handler((ri, regs) -> {
                            latency.record(Kernel.ktimeNs() - ri.data().start);
                            return 0;
                        })
                        .register()) {
            planted(rp.places().size(), start);
            end = System.nanoTime();
        }
        removed(end);
    }

    private static void planted(int places, long start) throws IOException {
        System.out.println(PLANTED + " " + (System.nanoTime() - start) + " " + places);
        if (System.in.read() < 0) {
            throw new IOException("nobody waits");
        }
    }

    private static void removed(long start) {
        System.out.println(REMOVED + " " + (System.nanoTime() - start) + " 0");
    }
}
