package org.kprobe4j.bench;

import java.io.IOException;
import java.util.Optional;
import org.kprobe4j.Kprobe;
import org.kprobe4j.Kretprobe;
import org.kprobe4j.Mechanism;
import org.kprobe4j.Plan;

/** The hits of one case: the probe's target, the process that will hit it, and what its calls took. */
final class Hits {
    private final SeekLoop loop;
    private final Optional<Action> instead;
    private final Optional<Mechanism> forced;
    private SeekLoop.Cost cost = new SeekLoop.Cost(Double.NaN, Double.NaN);
    private String remark = "";
    private Optional<Mechanism> mechanism = Optional.empty();

    /** Something that is done while the probe is planted. */
    @FunctionalInterface
    interface Action {
        void run() throws IOException, InterruptedException;
    }

    Hits(SeekLoop loop) {
        this(loop, Optional.empty(), Optional.empty());
    }

    /** With probes that are planted in a certain way, whatever it costs. */
    Hits(SeekLoop loop, Mechanism forced) {
        this(loop, Optional.empty(), Optional.of(forced));
    }

    /** Does something else in place of the calls. */
    Hits(SeekLoop loop, Action instead) {
        this(loop, Optional.of(instead), Optional.empty());
    }

    private Hits(SeekLoop loop, Optional<Action> instead, Optional<Mechanism> forced) {
        this.loop = loop;
        this.instead = instead;
        this.forced = forced;
    }

    /** A probe of the function that is called. */
    Kprobe.Builder kprobe() {
        var builder = Kprobe.at(SeekLoop.FUNCTION);
        forced.ifPresent(builder::mechanism);
        return builder;
    }

    /** A return probe of the function that is called. */
    <D> Kretprobe.Builder<D> kretprobe(Class<D> data) {
        var builder = Kretprobe.at(SeekLoop.FUNCTION, data);
        forced.ifPresent(builder::mechanism);
        return builder;
    }

    /** A return probe without private data. */
    Kretprobe.Builder<Void> kretprobe() {
        var builder = Kretprobe.at(SeekLoop.FUNCTION);
        forced.ifPresent(builder::mechanism);
        return builder;
    }

    /** The process that will call. */
    int pid() {
        return loop.pid();
    }

    /** How often it will call. */
    long expected() {
        return loop.hits();
    }

    /** Lets it call a function that is probed in this way, and takes the time. */
    void run(Plan plan) throws IOException, InterruptedException {
        mechanism = Optional.of(plan.chosen());
        run();
    }

    /** How the probe was planted, if it is one of ours. */
    Optional<Mechanism> mechanism() {
        return mechanism;
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
