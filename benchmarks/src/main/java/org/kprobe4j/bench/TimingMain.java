package org.kprobe4j.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.kprobe4j.cli.BenchPrograms;

/**
 * What runs in a guest: {@code TimingMain start|attach ROOT REPOSITORY RUNS}. Each command is run so many times, and the medians are
 * told; a first run, for which files are read from the machine's disk, does not count.
 */
public final class TimingMain {
    /** The whole way from a source file. */
    static final String LAUNCHER = "./kprobe run FILE";

    /** Whom a line is about: a tool, as a package starts it. */
    static final String TOOL = "kprobe count";

    private static final Duration PATIENCE = Duration.ofSeconds(100);

    private static final String COUNT = "count";
    private static final String LATENCY = "latency";

    /** Targets with about 1, 100, 1 000 and 10 000 functions that ftrace can trace in Debian's 6.12. */
    private static final List<List<String>> TARGETS = List.of(
            List.of(SeekLoop.FUNCTION), List.of("key*"), List.of("x*", "key*"), List.of("s*", "p*", "x*", "b*"));

    /** What {@code kprobe count} is told to count of a command. */
    private static final List<String> COUNTED = List.of("vfs_read", "vfs_*");

    private static final String LATENCY_PROGRAM =
            "kprobe:null_lseek { @start[tid] = nsecs; } kretprobe:null_lseek /@start[tid]/ "
                    + "{ @ = hist(nsecs - @start[tid]); delete(@start[tid]); } BEGIN { exit(); }";

    private final Optional<PeerRun> peers;
    private final String repository;
    private final int runs;

    private TimingMain(Optional<PeerRun> peers, String repository, int runs) {
        this.peers = peers;
        this.repository = repository;
        this.runs = runs;
    }

    /** Runs a command once. */
    @FunctionalInterface
    private interface Run {
        Timed once() throws IOException, InterruptedException;
    }

    /**
     * Measures.
     *
     * @param args see above
     * @throws IOException if the guest's files cannot be used
     * @throws InterruptedException never
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        var peers = args[1].isEmpty() ? Optional.<PeerRun>empty() : Optional.of(PeerRun.in(Path.of(args[1])));
        TimingMain main = new TimingMain(peers, args[2], Integer.parseInt(args[3]));
        peers.ifPresent(PeerRun::printVersions);
        if (args[0].equals(Options.START)) {
            main.start();
        } else {
            main.attach();
        }
    }

    private void start() throws InterruptedException {
        ours("one kprobe", COUNT, List.of(SeekLoop.FUNCTION), runs);
        median("one kprobe", LAUNCHER, runs, () -> Timed.run(fromSource(), PATIENCE));
        bpftrace("one kprobe", List.of(SeekLoop.FUNCTION), runs);
        ours("latency", LATENCY, List.of(SeekLoop.FUNCTION), runs);
        bpftrace("latency", LATENCY_PROGRAM, runs);
        for (String target : COUNTED) {
            String name = "count " + target;
            List<String> words = BenchPrograms.launcher(Path.of(repository), List.of("count", target, "--", "true"));
            median(name, TOOL, runs, () -> Timed.run(words, PATIENCE));
            bpftraceWith(
                    name,
                    List.of("-e", "kprobe:" + target + " /cpid == pid/ { @[func] = count(); }", "-c", "/usr/bin/true"),
                    runs);
        }
    }

    private void attach() throws InterruptedException {
        for (List<String> target : TARGETS) {
            String name = String.join(",", target);
            ours(name, COUNT, target, runs);
            // What takes half a minute is not waited for three times.
            bpftrace(name, target, target.size() == 1 && target.contains(SeekLoop.FUNCTION) ? runs : 0);
        }
    }

    private List<String> fromSource() {
        return List.of(
                repository + "/kprobe",
                "run",
                repository + "/examples/KprobeExample.java",
                "symbol=" + SeekLoop.FUNCTION,
                "--",
                "true");
    }

    private void ours(String name, String kind, List<String> target, int runs) throws InterruptedException {
        List<String> command =
                BenchPrograms.command(PlantMain.class, List.of(), List.of(kind, String.join(",", target)));
        median(name, Result.OURS, runs, () -> Timed.plant(command));
    }

    private void bpftrace(String name, List<String> target, int runs) throws InterruptedException {
        String probes = "kprobe:" + String.join(",kprobe:", target);
        bpftrace(name, probes + " { @[func] = count(); } BEGIN { exit(); }", runs);
    }

    private void bpftrace(String name, String program, int runs) throws InterruptedException {
        bpftraceWith(name, List.of("-e", program), runs);
    }

    private void bpftraceWith(String name, List<String> words, int runs) throws InterruptedException {
        if (peers.isPresent()) {
            List<String> all = new ArrayList<>(List.of("bpftrace"));
            all.addAll(words);
            List<String> command = peers.get().command(all);
            median(name, "bpftrace", runs, () -> Timed.run(command, PATIENCE));
        }
    }

    private static void median(String name, String by, int runs, Run run) throws InterruptedException {
        System.err.println("bench: " + name + ": " + by);
        try {
            List<Timed> all = new ArrayList<>();
            all.add(run.once());
            for (int i = 0; i < runs; i++) {
                all.add(run.once());
            }
            if (runs > 0) {
                all.removeFirst();
            }
            System.out.println(new Timing(
                            name,
                            by,
                            all.getFirst().places(),
                            middle(all, Timed::plantedSeconds),
                            middle(all, Timed::seconds),
                            middle(all, Timed::registerSeconds),
                            middle(all, Timed::closeSeconds),
                            middle(all, Timed::peakMb),
                            "")
                    .line());
        } catch (IOException e) {
            System.out.println(
                    Timing.failed(name, by, String.valueOf(e.getMessage())).line());
        }
    }

    private static double middle(List<Timed> all, ToDoubleFunction<Timed> what) {
        return all.stream()
                .mapToDouble(what)
                .sorted()
                .skip(all.size() / 2)
                .findFirst()
                .orElseThrow();
    }
}
