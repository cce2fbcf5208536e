package org.kprobe4j.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.kprobe4j.cli.BenchPrograms;

/**
 * What runs in the guest that counts instructions: {@code GuestMain ROOT PROGRAMS CASE…}: the root directory of the other tools
 * or an empty word, the folder of the compiled examples.
 * Each result is a line of standard output, {@link Result}; what is going on is said on standard error.
 */
public final class GuestMain {
    static final int CALLS = 20_000;
    static final int ROUNDS = 9;

    private SeekLoop.Cost baseline;

    private GuestMain(SeekLoop.Cost baseline) {
        this.baseline = baseline;
    }

    /**
     * Measures.
     *
     * @param args see above
     * @throws IOException if the guest's files cannot be used
     * @throws InterruptedException never
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        Quiet.untilClockIsRefined();
        idle();
        GuestMain main = new GuestMain(idle());
        System.out.println(Result.baseline(main.baseline));
        var peers = args[0].isEmpty() ? Optional.<PeerRun>empty() : Optional.of(PeerRun.in(Path.of(args[0])));
        peers.ifPresent(PeerRun::printVersions);
        List<String> names = List.of(args).subList(2, args.length);
        for (Case one : Case.table()) {
            if (names.contains(one.name())) {
                main.measure(one.name(), Result.OURS, one.body());
                for (Peer peer : peers.isPresent() ? one.peers() : List.<Peer>of()) {
                    main.measure(one.name(), peer.name(), hits -> peers.get().run(peer, hits));
                }
            }
        }
        if (names.contains(Options.EXAMPLES)) {
            for (Example example : Example.table()) {
                List<String> command =
                        BenchPrograms.command(Path.of(args[1]), example.program(), List.of(example.argument()));
                main.measure(example.program(), Result.OURS, hits -> CommandRun.run(example.program(), command, hits));
            }
        }
        System.out.println(Result.baseline(main.baseline));
    }

    private static SeekLoop.Cost idle() throws IOException, InterruptedException {
        try (SeekLoop loop = SeekLoop.prepare(CALLS, ROUNDS)) {
            Quiet.settle();
            return loop.run();
        }
    }

    /** The calls without a probe are timed before and after. */
    private void measure(String name, String by, OwnCases.Body body) throws IOException, InterruptedException {
        System.err.println("bench: " + name + ": " + by);
        SeekLoop.Cost before = baseline;
        try (SeekLoop loop = SeekLoop.prepare(CALLS, ROUNDS)) {
            Hits hits = new Hits(loop);
            body.run(hits);
            baseline = idle();
            System.out.println(Result.of(name, by, hits.cost().minus(before.middle(baseline)), hits.remark()));
        } catch (IOException | RuntimeException e) {
            System.out.println(Result.failed(name, by, String.valueOf(e.getMessage())));
        }
    }
}
