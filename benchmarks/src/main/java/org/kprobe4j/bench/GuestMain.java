package org.kprobe4j.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.kprobe4j.HandlerException;
import org.kprobe4j.Mechanism;
import org.kprobe4j.RegistrationException;
import org.kprobe4j.UsageException;
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
                main.measureOurs(one);
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

    /** As it is planned, then in each other way that can carry it. */
    private void measureOurs(Case one) throws IOException, InterruptedException {
        Optional<Mechanism> chosen = measure(one.name(), Result.OURS, Optional.empty(), one.body());
        for (Mechanism mechanism : Mechanism.values()) {
            if (chosen.isPresent() && mechanism != chosen.get()) {
                measure(one.name(), Result.OURS + " by " + mechanism, Optional.of(mechanism), one.body());
            }
        }
    }

    private void measure(String name, String by, OwnCases.Body body) throws IOException, InterruptedException {
        measure(name, by, Optional.empty(), body);
    }

    /** The calls without a probe are timed before and after. */
    private Optional<Mechanism> measure(String name, String by, Optional<Mechanism> forced, OwnCases.Body body)
            throws IOException, InterruptedException {
        System.err.println("bench: " + name + ": " + by);
        SeekLoop.Cost before = baseline;
        try (SeekLoop loop = SeekLoop.prepare(CALLS, ROUNDS)) {
            Hits hits = forced.isPresent() ? new Hits(loop, forced.get()) : new Hits(loop);
            body.run(hits);
            baseline = idle();
            String label = forced.isPresent() || hits.mechanism().isEmpty()
                    ? by
                    : by + ", " + hits.mechanism().get();
            System.out.println(Result.of(name, label, hits.cost().minus(before.middle(baseline)), hits.remark()));
            return hits.mechanism();
        } catch (RegistrationException | HandlerException | UsageException e) {
            if (forced.isEmpty()) {
                System.out.println(Result.failed(name, by, String.valueOf(e.getMessage())));
            }
            // What cannot carry the case has no row.
        } catch (IOException | RuntimeException e) {
            System.out.println(Result.failed(name, by, String.valueOf(e.getMessage())));
        }
        return Optional.empty();
    }
}
