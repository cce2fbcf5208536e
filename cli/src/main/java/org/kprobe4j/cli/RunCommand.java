package org.kprobe4j.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.internal.Runs;
import org.kprobe4j.internal.Timing;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kprobe run}: compiles a file and runs it, here or in a VM. */
@Command(
        name = "run",
        description = "Compiles FILE.java and runs its main with the parameters, while COMMAND runs.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        customSynopsis = {
            "kprobe run [--vm[=VERSION]] [--no-vm] [--duration TIME] [--timing] [--dry-run [--emit asm]] FILE.java [name=value...] [-- COMMAND...]"
        },
        footerHeading = "%nExit status:%n",
        footer = {
            "  COMMAND's own; without COMMAND 0, or 130 after Ctrl-C",
            "  125  the probe failed: it does not compile, could not be planted, a parameter is wrong",
            "  126  COMMAND cannot be executed",
            "  127  COMMAND not found",
            "",
            "Examples:",
            "  kprobe run examples/KretprobeExample.java func=kernel_clone -- ls -l /usr",
            "  kprobe run --duration 10s examples/KprobeExample.java symbol=do_sys_openat2 log=kmsg",
            "  kprobe run --dry-run --emit asm examples/KprobeExample.java",
            "  kprobe run --vm=5.10 examples/KprobeExample.java -- ls /"
        })
final class RunCommand implements Callable<Integer> {
    @Mixin
    private KernelChoice kernel = new KernelChoice();

    @Option(
            names = "--duration",
            paramLabel = "TIME",
            description = "End after this time, for example 10s or 500ms; otherwise when COMMAND ends, or at Ctrl-C.")
    private @Nullable String duration;

    @Option(
            names = "--timing",
            description = "At the end say where the time went from the JVM's start until each probe was planted.")
    private boolean timing;

    @Mixin
    private DryRun dryRun = new DryRun();

    @Parameters(index = "0", paramLabel = "FILE.java", description = "The program; it may be a compact source file.")
    private Path file = Path.of("");

    @Parameters(index = "1..*", paramLabel = "name=value", description = "Parameters of the program.")
    private List<String> parameters = new ArrayList<>();

    private static final Pattern KERNEL_VERSION = Pattern.compile("\\d+\\.\\d+(-\\w+)?");

    private final List<String> command;

    /** The command line's tail from {@code --} on, or nothing. */
    RunCommand(List<String> command) {
        this.command = List.copyOf(command);
    }

    /**
     * The same words, with the value of {@code --vm} attached to it: of the words that may follow, only a kernel's version is its
     * value.
     */
    static List<String> attachKernelVersion(List<String> words) {
        List<String> attached = new ArrayList<>();
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            if (word.equals("--vm")) {
                boolean follows = i + 1 < words.size()
                        && KERNEL_VERSION.matcher(words.get(i + 1)).matches();
                word = "--vm=" + (follows ? words.get(++i) : "");
            }
            attached.add(word);
        }
        return attached;
    }

    @Override
    public Integer call() {
        checkArguments();
        if (timing) {
            Timing.begin();
        }
        Path source = SourceFile.requireReadable(file);
        return kernel.isHere() ? runHere(source) : runInVm(source);
    }

    private int runHere(Path source) {
        Runs.linkAhead();
        Program program;
        ProgramLoader classes;
        try (Workspace workspace = Workspace.open()) {
            program = compile(source, workspace);
            classes = ProgramLoader.of(program.classes().toFile());
        }
        String[] arguments = arguments().toArray(String[]::new);
        return dryRun.isWanted()
                ? RunMain.rehearse(dryRun, classes, program.mainClass(), arguments)
                : RunMain.run(classes, program.mainClass(), arguments);
    }

    private int runInVm(Path source) {
        VmRun run = VmRun.of(kernel);
        try (Workspace workspace = Workspace.open()) {
            Program program = compile(source, workspace);
            run.announce(kernel);
            List<String> words = new ArrayList<>(
                    List.of(RunMain.class.getName(), program.classes().toString(), program.mainClass()));
            words.addAll(arguments());
            List<String> properties = new ArrayList<>();
            if (timing) {
                properties.add("-D" + RunMain.TIMING + "=true");
            }
            if (dryRun.isWanted()) {
                properties.add("-D" + DryRun.PROPERTY + "=" + dryRun.word());
            }
            int status = run.run(properties, words);
            if (timing) {
                System.err.println("kprobe: javac took %d ms, before the VM was started"
                        .formatted(Duration.ofNanos(Timing.javacNanos()).toMillis()));
            }
            return status;
        }
    }

    /** On this side of the boot: under emulation the compiler is slow. */
    static Program compile(Path source, Workspace workspace) {
        try (var _ = Timing.javac()) {
            var compiler = new ProgramCompiler(GuestJvm.programPath());
            Program program = CompiledPrograms.ofThisBuild()
                    .map(kept -> kept.provide(source, compiler, workspace.folder()))
                    .orElseGet(() -> compiler.compile(source, workspace.folder()));
            requireMain(program);
            return program;
        }
    }

    private void checkArguments() {
        kernel.check();
        dryRun.check();
        for (String parameter : parameters) {
            if (parameter.indexOf('=') < 1) {
                throw new KprobeException("'" + parameter + "' is not name=value; a command comes after --");
            }
        }
        if (command.size() == 1) {
            throw new KprobeException("no command after --");
        }
    }

    /** What the program gets: the API parses it, so that the file runs just so without this command line. */
    private List<String> arguments() {
        List<String> arguments = new ArrayList<>(parameters);
        if (duration != null) {
            arguments.addAll(List.of("--duration", duration));
        }
        arguments.addAll(command);
        return arguments;
    }

    private static void requireMain(Program program) {
        try {
            MainMethod.of(ProgramLoader.of(program.classes().toFile()), program.mainClass());
        } catch (ClassNotFoundException | LinkageError e) {
            throw new KprobeException("cannot load " + program.mainClass() + ": " + e);
        }
    }
}
