package org.kprobe4j.bench;

import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.kprobe4j.cli.BenchPrograms;
import org.kprobe4j.lab.Arch;
import org.kprobe4j.lab.BootOptions;
import org.kprobe4j.lab.DebianPrograms;
import org.kprobe4j.lab.Guest;
import org.kprobe4j.lab.GuestCommand;
import org.kprobe4j.lab.GuestStreams;
import org.kprobe4j.lab.KernelRow;
import org.kprobe4j.lab.Lab;
import org.kprobe4j.lab.LabException;
import org.kprobe4j.lab.Progress;

/** {@code ./bench}: boots the guests, runs the cases in them, prints the tables. */
public final class BenchMain {
    private static final int FAILED_CASE = 1;
    private static final int WRONG_USE = 2;
    private static final int FAILED = 125;

    private static final String TIMED_RUNS = "3";
    private static final String COUNTED_RUNS = "1";
    private static final int MEMORY_MIB = 2_048;
    private static final Duration LIMIT = Duration.ofMinutes(60);
    private static final List<String> TOOLS = List.of("bpftrace", "bpftool", "linux-perf");
    private static final List<String> DISASSEMBLERS = List.of("bpftool", "binutils");
    /** The newest bpftrace, whose start is compared with ours. */
    private static final String NEWEST = "7.2";

    private final Options options;
    private final Path repository;
    private final Progress progress = Progress.stderr();

    private BenchMain(Options options, Path repository) {
        this.options = options;
        this.repository = repository;
    }

    /**
     * Does what the arguments say and exits: 0 if every case could be measured, {@value #FAILED_CASE} if one could not.
     *
     * @param args see {@link Options#USAGE}
     */
    public static void main(String[] args) {
        System.exit(execute(args));
    }

    private static int execute(String... args) {
        if (List.of(args).contains("--help")) {
            System.out.println(Options.USAGE);
            return 0;
        }
        try {
            Path repository = Path.of(System.getProperty("kprobe4j.repository", ""));
            return new BenchMain(Options.of(args), repository.toAbsolutePath()).run();
        } catch (Options.UsageException e) {
            System.err.println("bench: " + e.getMessage() + "\n" + Options.USAGE);
            return WRONG_USE;
        } catch (LabException e) {
            System.err.println(e.getMessage());
            return FAILED;
        } catch (IOException e) {
            System.err.println("bench: " + e.getMessage());
            return FAILED;
        }
    }

    private int run() throws IOException {
        KernelRow row = amd64(options.row());
        Report report = new Report();
        BenchPrograms.provideQuickStarts(row);
        if (options.disassemble()) {
            return disassemble(row);
        }
        if (!options.hitCases().isEmpty()) {
            report.hits(row, countInstructions(row), options.allHits());
            publish(report);
        }
        if (options.wants(Options.ATTACH)) {
            time(report, Options.ATTACH, row);
        }
        if (options.wants(Options.START)) {
            time(report, Options.START, row);
            if (options.whole()) {
                progress.say("bench: the same under Linux " + NEWEST);
                time(report, Options.START, KernelRow.of(NEWEST));
            }
        }
        return report.failures() == 0 ? 0 : FAILED_CASE;
    }

    /** Each table as soon as it is there: the next takes its time. */
    private void publish(Report report) throws IOException {
        System.out.print(report.news());
        System.out.flush();
        if (report.isDocumented()) {
            Path file = repository.resolve("docs/bench.md");
            Files.writeString(file, report.markdown(Files.exists(file) ? Files.readString(file) : ""));
            progress.say("bench: written: " + file);
        }
    }

    /** The loop is machine code of x86-64. */
    static KernelRow amd64(String name) {
        KernelRow row = KernelRow.of(name);
        if (row.arch() != Arch.AMD64) {
            String others = KernelRow.table().stream()
                    .filter(other -> other.arch() == Arch.AMD64)
                    .map(KernelRow::id)
                    .collect(Collectors.joining(", "));
            throw new Options.UsageException(
                    "the calls that are measured are machine code of x86-64: not under %s; use one of %s"
                            .formatted(name, others));
        }
        return row;
    }

    private String peers(KernelRow row) {
        return options.peers() ? DebianPrograms.provide(row, TOOLS, progress).toString() : "";
    }

    /** The hits of the cases, and the examples. */
    private List<String> countInstructions(KernelRow row) throws IOException {
        Path programs = Files.createTempDirectory("kprobe4j-bench-");
        try {
            for (Example example : Example.table()) {
                BenchPrograms.compile(repository.resolve("examples").resolve(example.program() + ".java"), programs);
            }
            List<String> arguments = new ArrayList<>(List.of(peers(row), programs.toString()));
            arguments.addAll(options.hitCases());
            return inGuest(row, BootOptions.defaults().countingInstructions(), GuestMain.class, arguments);
        } finally {
            Trees.delete(programs);
        }
    }

    /** First by the clock, then by instructions; the other tools' attaching takes too long to be counted. */
    private void time(Report report, String what, KernelRow row) throws IOException {
        String peers = peers(row);
        List<String> timed = List.of(what, peers, repository.toString(), TIMED_RUNS);
        report.timings(
                what, row, false, inGuest(row, BootOptions.defaults(), TimingMain.class, timed), options.peers());
        publish(report);
        List<String> counted =
                List.of(what, what.equals(Options.ATTACH) ? "" : peers, repository.toString(), COUNTED_RUNS);
        report.timings(
                what,
                row,
                true,
                inGuest(row, BootOptions.defaults().countingInstructions(), TimingMain.class, counted),
                options.peers());
        publish(report);
    }

    private int disassemble(KernelRow row) {
        List<String> arguments = new ArrayList<>(
                List.of(DebianPrograms.provide(row, DISASSEMBLERS, progress).toString()));
        arguments.addAll(options.names());
        inGuest(row, BootOptions.defaults(), DisassembleMain.class, arguments).forEach(System.out::println);
        return 0;
    }

    /** Runs a class of ours in a guest; the lines of its output. */
    private List<String> inGuest(KernelRow row, BootOptions boot, Class<?> main, List<String> arguments) {
        List<String> words = BenchPrograms.command(main, List.of(BenchPrograms.programPathOption()), arguments);
        var out = new ByteArrayOutputStream();
        OutputStream err = new FileOutputStream(FileDescriptor.err);
        try (Guest guest = Lab.boot(row, boot.memoryMib(MEMORY_MIB).progress(progress))) {
            var exit = guest.run(GuestCommand.of(words).timeLimit(LIMIT), GuestStreams.to(out, err));
            if (!exit.ok()) {
                throw new LabException("bench: %s ended with status %d; what it says stands above"
                        .formatted(main.getSimpleName(), exit.status()));
            }
        }
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }
}
