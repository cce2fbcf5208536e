package org.kprobe4j.bench;

import java.io.IOException;
import java.util.Optional;
import org.kprobe4j.Kprobe;
import org.kprobe4j.Kretprobe;

/** The hits of one case: the probe's target, the process that will hit it, and what its calls took. */
final class Hits {
    private final SeekLoop loop;
    private final Optional<Action> instead;
    private SeekLoop.Cost cost = new SeekLoop.Cost(Double.NaN, Double.NaN);
    private String remark = "";

    /** Something that is done while the probe is planted. */
    @FunctionalInterface
    interface Action {
        void run() throws IOException, InterruptedException;
    }

    Hits(SeekLoop loop) {
        this(loop, Optional.empty());
    }

    /** Does something else in place of the calls. */
    Hits(SeekLoop loop, Action instead) {
        this(loop, Optional.of(instead));
    }

    private Hits(SeekLoop loop, Optional<Action> instead) {
        this.loop = loop;
        this.instead = instead;
    }

    /** A probe of the function that is called. */
    Kprobe.Builder kprobe() {
        return Kprobe.at(SeekLoop.FUNCTION);
    }

    /** A return probe of the function that is called. */
    <D> Kretprobe.Builder<D> kretprobe(Class<D> data) {
        return Kretprobe.at(SeekLoop.FUNCTION, data);
    }

    /** A return probe without private data. */
    Kretprobe.Builder<Void> kretprobe() {
        return Kretprobe.at(SeekLoop.FUNCTION);
    }

    /** The process that will call. */
    int pid() {
        return loop.pid();
    }

    /** How often it will call. */
    long expected() {
        return loop.hits();
    }

    /** Lets it call, and takes the time. */
    void run() throws IOException, InterruptedException {
        if (instead.isPresent()) {
            instead.get().run();
        } else {
            Quiet.settle();
            cost = loop.run();
        }
    }

    /** A probe that misses hits is cheap: what was counted must be what was called. */
    void counted(long count) {
        if (instead.isEmpty() && count != loop.hits()) {
            throw new IllegalStateException("counted %d of %d calls".formatted(count, loop.hits()));
        }
    }

    void remark(String text) {
        remark = text;
    }

    String remark() {
        return remark;
    }

    SeekLoop.Cost cost() {
        return cost;
    }
}
