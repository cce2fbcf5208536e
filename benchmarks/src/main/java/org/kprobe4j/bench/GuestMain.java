package org.kprobe4j.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * What runs in the guest that counts instructions: {@code GuestMain ROOT CASE…}, the root directory of the other tools or an empty word.
 * Each result is a line of standard output, {@link Result}; what is going on is said on standard error.
 */
public final class GuestMain {
    private static final int CALLS = 20_000;
    private static final int ROUNDS = 9;

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
        PeerRun peers = args[0].isEmpty() ? null : PeerRun.in(Path.of(args[0]));
        List<String> names = Arrays.asList(args).subList(1, args.length);
        for (Case one : Case.table()) {
            if (!names.isEmpty() && !names.contains(one.name())) {
                continue;
            }
            main.measure(one.name(), Result.OURS, one.body());
            for (Peer peer : peers == null ? List.<Peer>of() : one.peers()) {
                main.measure(one.name(), peer.name(), hits -> peers.run(peer, hits));
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
            System.out.println(
                    Result.of(name, by, hits.cost().minus(before.middle(baseline)), hits.remark()));
        } catch (IOException | RuntimeException e) {
            System.out.println(Result.failed(name, by, String.valueOf(e.getMessage())));
        }
    }
}
