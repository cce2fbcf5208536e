package org.kprobe4j.lab.junit;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.kprobe4j.lab.BootOptions;
import org.kprobe4j.lab.GuestCommand;
import org.kprobe4j.lab.KernelRow;
import org.kprobe4j.lab.Lab;
import org.kprobe4j.lab.LabException;

/**
 * Runs JUnit tests under one kernel after the other and prints the table.
 *
 * @param rows the kernels
 * @param classPath the class path of the tests, the JUnit Platform Launcher included
 * @param selection options of {@link GuestTestRun} that select tests; without any, the class path's folders are searched
 * @param reports where the reports go, in a folder per kernel
 * @param javaHome the runtime for the guest; empty for the one that {@link Lab#javaHome} names
 * @param jvmOptions further options of its JVM
 * @param timeLimit how long one kernel's tests may take
 */
public record KernelTests(
        List<KernelRow> rows,
        List<Path> classPath,
        List<String> selection,
        Path reports,
        Optional<Path> javaHome,
        List<String> jvmOptions,
        Optional<Duration> timeLimit) {

    /** Start-up matters more than peak speed under emulation. */
    private static final List<String> JVM_OPTIONS = List.of(
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xshare:auto",
            "-Xmx512m",
            // Else a class is made for each method that is called by reflection.
            "-Djdk.reflect.useNativeAccessorOnly=true");

    /** The tests remove thousands of probes, and each time they wait until no CPU is in a handler any more: so the kernel asks the CPUs. */
    private static final String QUICK_GRACE_PERIODS = "rcupdate.rcu_expedited=1";

    /** Keeps its own copies of the lists. */
    public KernelTests {
        rows = List.copyOf(rows);
        classPath = classPath.stream().map(Path::toAbsolutePath).toList();
        selection = List.copyOf(selection);
        jvmOptions = List.copyOf(jvmOptions);
        List<Path> missing = classPath.stream().filter(Files::notExists).toList();
        if (!missing.isEmpty()) {
            throw new LabException(
                    "lab: not there, on the class path of the tests: " + missing + "; build the tests first");
        }
        if (classPath.stream().noneMatch(path -> path.toString().contains("junit-platform-launcher"))) {
            throw new LabException("lab: junit-platform-launcher is not on the class path of the tests; add its jar");
        }
    }

    /**
     * Runs them all; the table and a closing line {@code N passed, N failed} end the output.
     *
     * @return 0 if under each kernel some test ran and none failed, else 1
     */
    public int run() {
        Map<KernelRow, TestTally> tallies = new LinkedHashMap<>();
        List<String> trouble = new ArrayList<>();
        for (KernelRow row : rows) {
            System.out.println("== kernel " + row.id());
            try {
                TestTally tally = run(row);
                tallies.put(row, tally);
                if (tally.total() == 0) {
                    trouble.add("kernel " + row.id() + ": no test ran");
                }
            } catch (LabException e) {
                // A kernel that went down is one failed test, whatever had passed before.
                System.err.println(e.getMessage());
                tallies.put(row, new TestTally(0, 1, Map.of()));
                trouble.add("kernel " + row.id() + ": the guest did not survive its tests");
            }
        }
        print(tallies, trouble);
        boolean failures = tallies.values().stream().anyMatch(tally -> tally.failed() > 0);
        return failures || !trouble.isEmpty() ? 1 : 0;
    }

    private TestTally run(KernelRow row) {
        try {
            Path folder = Files.createDirectories(reports.toAbsolutePath().resolve(row.id()));
            Files.deleteIfExists(folder.resolve(GuestTestRun.TALLY));
            GuestCommand command = GuestCommand.of(words(row));
            int status = Lab.run(
                    row,
                    BootOptions.of(row).append(QUICK_GRACE_PERIODS).exchange(folder),
                    timeLimit.isPresent() ? command.timeLimit(timeLimit.get()) : command);
            Path tally = folder.resolve(GuestTestRun.TALLY);
            if (!Files.exists(tally)) {
                throw new LabException("lab: kernel " + row.id() + ": the test runner ended with status " + status
                        + " before it had run the tests; its output is above");
            }
            return TestTally.parse(Files.readAllLines(tally));
        } catch (IOException e) {
            throw new LabException("lab: cannot write the reports to " + reports + ": " + e.getMessage(), e);
        }
    }

    private List<String> words(KernelRow row) {
        List<String> words = new ArrayList<>();
        words.add(javaHome.orElse(Lab.javaHome(row)).resolve("bin/java").toString());
        words.addAll(JVM_OPTIONS);
        words.addAll(jvmOptions);
        List<String> path =
                new ArrayList<>(classPath.stream().map(Path::toString).toList());
        path.add(ownLocation());
        words.addAll(List.of("-cp", String.join(File.pathSeparator, path)));
        words.addAll(List.of(GuestTestRun.class.getName(), "--reports", BootOptions.EXCHANGE_IN_GUEST));
        for (Path root : classPath) {
            if (Files.isDirectory(root)) {
                words.addAll(List.of("--root", root.toString()));
            }
        }
        words.addAll(selection);
        return words;
    }

    private static String ownLocation() {
        try {
            return Path.of(KernelTests.class
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void print(Map<KernelRow, TestTally> tallies, List<String> trouble) {
        System.out.println("%n%-12s %7s %7s %8s".formatted("kernel", "passed", "failed", "skipped"));
        TestTally sum = new TestTally(0, 0, Map.of());
        for (Map.Entry<KernelRow, TestTally> entry : tallies.entrySet()) {
            TestTally tally = entry.getValue();
            System.out.println("%-12s %7d %7d %8d"
                    .formatted(entry.getKey().id(), tally.passed(), tally.failed(), tally.skipped()));
            tally.skipReasons()
                    .forEach((reason, count) -> System.out.println("    %d skipped: %s".formatted(count, reason)));
            sum = sum.plus(tally);
        }
        trouble.forEach(line -> System.out.println("FAILED " + line));
        System.out.println(sum.closingLine());
    }
}
