package org.kprobe4j.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kprobe explain}: says what a target means, here or in a VM; nothing stays planted. */
@Command(
        name = "explain",
        description = {
            "Says what TARGET means on this kernel: the functions and their addresses, other names, the compiler's copies, what cannot be probed and why; "
                    + "then by which mechanism it is planted and why none of the cheaper ones is taken, for small handlers or for those of FILE.java.",
            "Nothing stays planted."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        customSynopsis = {"kprobe explain [--vm[=VERSION]] [--no-vm] [--all] TARGET [FILE.java [name=value...]]"},
        footerHeading = "%nExit status:%n",
        footer = {
            "  0    something can be probed",
            "  1    nothing can",
            "  125  TARGET is written wrongly, or the kernel hides what is needed",
            "",
            "Examples:",
            "  kprobe explain __x64_sys_getppid",
            "  kprobe explain 'tcp_*,!tcp_v6_*'",
            "  kprobe explain --vm=5.10 vfs_read+0x3",
            "  kprobe explain vfs_read examples/FuncLatency.java unit=us"
        })
final class ExplainCommand implements Callable<Integer> {
    @Mixin
    private KernelChoice kernel = new KernelChoice();

    @Option(names = "--all", description = "Long lists in full.")
    private boolean all;

    @Parameters(
            index = "0",
            paramLabel = "TARGET",
            description =
                    "As in Kprobe.at: symbol, symbol+0x9, module:function, 'vfs_*,tcp_*', '(struct file *)', 0xffff….")
    private String target = "";

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "FILE.java",
            description =
                    "A program: its handlers are planted at TARGET, switched off, to see how; it runs up to where it waits.")
    private @Nullable Path file;

    @Parameters(index = "2..*", paramLabel = "name=value", description = "Parameters of the program.")
    private List<String> parameters = new ArrayList<>();

    private final List<String> command;

    /** The command line's tail from {@code --} on, or nothing. */
    ExplainCommand(List<String> command) {
        this.command = List.copyOf(command);
    }

    @Override
    public Integer call() {
        if (!command.isEmpty()) {
            throw new KprobeException("explain runs no command; leave out what stands after --");
        }
        kernel.check();
        if (file == null) {
            return explain(null);
        }
        try (Workspace workspace = Workspace.open()) {
            return explain(RunCommand.compile(SourceFile.requireReadable(file), workspace));
        }
    }

    private int explain(@Nullable Program program) {
        var question = new ExplainMain.Question(target, all, program, parameters);
        if (kernel.isHere()) {
            return ExplainMain.explain(question, System.out, System.err);
        }
        VmRun run = VmRun.of(kernel);
        run.announce(kernel);
        List<String> words = new ArrayList<>(List.of(ExplainMain.class.getName()));
        words.addAll(question.words());
        return run.run(List.of(), words);
    }
}
