package org.kprobe4j.lab;

import java.io.File;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.kprobe4j.lab.junit.KernelTests;

/** The lab's command line; see {@link #USAGE}. */
public final class LabMain {
    private static final int FAILED = 125;
    private static final int WRONG_USE = 2;

    static final String USAGE = """
            usage: lab list                                     the kernels there are
                   lab setup [KERNEL...]                        downloads what they need
                   lab run [--row KERNEL] [--time-limit SECONDS] [--memory MIB] [--cpus N] [--icount] [--append WORDS]
                           [--exchange FOLDER] -- COMMAND...    runs a command under the kernel
                   lab junit --class-path PATH [--row KERNEL[,KERNEL...]] [--tag NAME] [--package NAME] [--class NAME]
                           [--reports FOLDER] [--java HOME] [--time-limit SECONDS] [-- JVM-OPTIONS...]
                                                                runs JUnit tests under the kernels
            The exit status is the command's, 1 if a test failed, 125 if the lab itself fails.""";

    private LabMain() {}

    private static final class UsageException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        UsageException(String message) {
            super(message);
        }
    }

    /**
     * Does what the arguments say and exits.
     *
     * @param args see {@link #USAGE}
     */
    public static void main(String[] args) {
        System.exit(execute(args));
    }

    static int execute(String[] args) {
        Deque<String> words = new ArrayDeque<>(Arrays.asList(args));
        try {
            String verb = words.isEmpty() ? "" : words.remove();
            return switch (verb) {
                case "list" -> list();
                case "setup" -> setUp(List.copyOf(words));
                case "run" -> run(words);
                case "junit" -> junit(words);
                default -> throw new UsageException(verb.isEmpty() ? "what to do?" : "what is '" + verb + "'?");
            };
        } catch (UsageException e) {
            System.err.println("lab: " + e.getMessage() + "\n" + USAGE);
            return WRONG_USE;
        } catch (LabException e) {
            System.err.println(e.getMessage());
            return FAILED;
        }
    }

    private static int list() {
        for (KernelRow row : KernelRow.table()) {
            String standard = row.equals(KernelRow.standard()) ? "  (default)" : "";
            System.out.println("%-12s %-6s %s%s"
                    .formatted(row.id(), row.arch().debianName(), String.join("+", row.suites()), standard));
        }
        return 0;
    }

    private static int setUp(List<String> ids) {
        List<KernelRow> rows = ids.isEmpty()
                ? List.of(KernelRow.standard())
                : ids.stream().map(KernelRow::of).toList();
        for (KernelRow row : rows) {
            Lab.setUp(row, Progress.stderr());
            System.err.println("lab: kernel " + row.id() + " is ready");
        }
        return 0;
    }

    private static int run(Deque<String> words) {
        KernelRow row = KernelRow.standard();
        BootOptions options = BootOptions.defaults();
        int cpus = 0;
        Duration limit = Duration.ZERO;
        while (!words.isEmpty() && !words.peek().equals("--")) {
            String option = words.remove();
            switch (option) {
                case "--row" -> row = KernelRow.of(value(option, words));
                case "--time-limit" -> limit = Duration.ofSeconds(number(option, words));
                case "--memory" -> options = options.memoryMib(number(option, words));
                case "--cpus" -> cpus = number(option, words);
                case "--icount" -> options = options.countingInstructions();
                case "--append" -> options = options.append(value(option, words));
                case "--exchange" ->
                    options = options.exchange(Path.of(value(option, words)).toAbsolutePath());
                default -> throw new UsageException("unknown option " + option + "; the command comes after --");
            }
        }
        if (words.size() < 2) {
            throw new UsageException("no command; it comes after --");
        }
        words.remove();
        options = options.bootLimit(BootOptions.of(row).bootLimit());
        if (cpus > 0 || !options.countInstructions()) {
            options = options.cpus(cpus > 0 ? cpus : BootOptions.of(row).cpus());
        }
        GuestCommand command = GuestCommand.of(HostProcess.undamaged(List.copyOf(words)));
        return Lab.run(row, options, limit.isZero() ? command : command.timeLimit(limit));
    }

    private static int junit(Deque<String> words) {
        List<KernelRow> rows = List.of(KernelRow.standard());
        List<Path> classPath = List.of();
        List<String> selection = new ArrayList<>();
        Path reports = Path.of("target", "kernel-reports");
        Optional<Path> javaHome = Optional.empty();
        Optional<Duration> limit = Optional.empty();
        while (!words.isEmpty() && !words.peek().equals("--")) {
            String option = words.remove();
            switch (option) {
                case "--row" ->
                    rows = Arrays.stream(value(option, words).split(","))
                            .map(KernelRow::of)
                            .toList();
                case "--class-path" ->
                    classPath = Arrays.stream(value(option, words).split(File.pathSeparator))
                            .filter(path -> !path.isEmpty())
                            .map(Path::of)
                            .toList();
                case "--tag", "--package", "--class" -> selection.addAll(List.of(option, value(option, words)));
                case "--reports" -> reports = Path.of(value(option, words));
                case "--java" -> javaHome = Optional.of(Path.of(value(option, words)));
                case "--time-limit" -> limit = Optional.of(Duration.ofSeconds(number(option, words)));
                default -> throw new UsageException("unknown option " + option + "; JVM options come after --");
            }
        }
        words.poll();
        return new KernelTests(rows, classPath, selection, reports, javaHome, List.copyOf(words), limit).run();
    }

    private static String value(String option, Deque<String> words) {
        if (words.isEmpty() || words.peek().equals("--")) {
            throw new UsageException(option + " needs a value");
        }
        return words.remove();
    }

    private static int number(String option, Deque<String> words) {
        String value = value(option, words);
        try {
            int number = Integer.parseInt(value);
            if (number > 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new UsageException(option + " needs a positive whole number, not '" + value + "'");
    }
}
