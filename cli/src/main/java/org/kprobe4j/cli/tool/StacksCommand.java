package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.kprobe4j.cli.KprobeException;
import org.kprobe4j.cli.output.Format;
import org.kprobe4j.cli.output.PageOutput;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kprobe stacks}: by which ways through kernel and processes the kernel comes to a place. */
@Command(
        name = "stacks",
        description = {
            "Counts by which stacks the kernel comes to TARGET: through the kernel, and through the process that called it. The "
                    + "counting is done in the kernel. With --latency a stack weighs what its calls took.",
            "A process's frames are followed by frame pointers; a JVM's compiled code has names where it wrote a perf map "
                    + "(jcmd PID Compiler.perfmap)."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        customSynopsis = {"kprobe stacks [OPTION]... TARGET... [-- COMMAND...]"},
        footerHeading = "%nExit status:%n",
        footer = {
            "  COMMAND's own; without COMMAND 0, or 130 after Ctrl-C, 143 after SIGTERM",
            "  125  nothing could be counted: TARGET, an option or an output is wrong",
            "  126  COMMAND cannot be executed",
            "  127  COMMAND not found",
            "  141  nobody reads the results any more",
            "",
            "Examples:",
            "  kprobe stacks vfs_read -- ls /usr",
            "  kprobe stacks --kernel --top 5 --duration 10s blk_mq_submit_bio",
            "  kprobe stacks --latency -o flame.html vfs_fsync_range -- dd if=/dev/zero of=x count=1000 conv=fsync",
            "  kprobe stacks --folded --by comm tcp_sendmsg --duration 10s | flamegraph.pl > flame.svg"
        })
public final class StacksCommand implements Callable<Integer> {
    private static final int USUAL_TOP = 20;
    private static final int USUAL_STACKS = 10_240;

    @Option(names = "--kernel", description = "The kernel's stacks alone.")
    private boolean kernel;

    @Option(names = "--user", description = "The processes' stacks alone.")
    private boolean user;

    @Option(
            names = "--by",
            paramLabel = "KEY",
            description =
                    "Tell apart by these expressions, too: comm, pid, tid, uid, cpu, cgroup, func, retval, arguments by name, their "
                            + "fields (file->f_inode->i_ino).")
    private List<String> keys = new ArrayList<>();

    @Option(names = "--latency", description = "A stack weighs the time that its calls took, not their number.")
    private boolean latency;

    @Option(
            names = "--folded",
            description =
                    "A line for each stack, its frames from the outermost, then its weight, as flamegraph.pl reads it.")
    private boolean folded;

    @Option(names = "--top", paramLabel = "N", description = "Show so many stacks, the heaviest (default 20).")
    private int top = USUAL_TOP;

    @Option(
            names = "--max-stacks",
            paramLabel = "N",
            description =
                    "Room for so many in the kernel (default 10240), two kibibytes each; the account tells what found none.")
    private int maxStacks = USUAL_STACKS;

    @Mixin
    private FilterOptions filters = new FilterOptions();

    @Mixin
    private OutputOptions outputs = new OutputOptions();

    @Mixin
    private RunOptions options = new RunOptions();

    @Parameters(
            arity = "1..*",
            paramLabel = "TARGET",
            description =
                    "Functions: vfs_read, 'tcp_*', '/^vfs_(read|write)$/', nf_tables:nft_do_chain, vfs_read+0x10, '(struct file *)'.")
    private List<String> targets = new ArrayList<>();

    private final Invocation invocation;

    /**
     * The command.
     *
     * @param invocation its command line
     */
    public StacksCommand(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        if (top < 1) {
            throw new KprobeException("--top %d: at least 1".formatted(top));
        } else if (maxStacks < 1) {
            throw new KprobeException("--max-stacks %d: at least 1".formatted(maxStacks));
        } else if (options.maxEvents().isPresent()) {
            throw new KprobeException(
                    "--max-events: stacks shows no events; --duration ends it after a time, --top shortens the list");
        } else if (folded && outputs.format() != Format.TEXT) {
            throw new KprobeException(
                    "--folded is a text of its own: it goes to standard output or to a file that ends in .txt");
        }
        return ToolRun.execute(options, filters, outputs, invocation, this::plant, (to, _) -> new PageOutput(to));
    }

    private Stacks<?> stacks() {
        if (kernel == user) {
            return new Stacks.Both();
        }
        return kernel ? new Stacks.OfKernel() : new Stacks.OfUser();
    }

    private Planted plant(ToolRun run) {
        String target = Targets.joined(targets);
        boolean named = !filters.conditions().isEmpty() || !keys.isEmpty();
        List<FunctionGroup> groups = FunctionGroup.of(
                target, named, false, over -> new Asked(run.condition(over), KeyColumn.all(keys, over)));
        return plant(run, target, groups, KeyShape.of(groups.getFirst().asked().typed(), true), stacks());
    }

    private <S, K> Planted plant(
            ToolRun run, String target, List<FunctionGroup> groups, KeyShape<K> first, Stacks<S> stacks) {
        boolean atReturn =
                latency || groups.stream().anyMatch(group -> group.asked().isAtReturn());
        List<KeyColumn> columns = FunctionGroup.columns(groups);
        var shown = new StacksShown(
                new StacksShown.Wish(
                        target,
                        latency,
                        folded,
                        top,
                        columns.stream().map(KeyColumn::column).toList(),
                        kernel || !user,
                        user || !kernel),
                run.output());
        StackProbe<S, K> probe = StackProbe.open(stacks, first, atReturn, maxStacks);
        var planted = new StacksPlanted(target, probe, columns, shown, latency, maxStacks);
        try {
            for (FunctionGroup group : groups) {
                Asked asked = group.asked();
                planted.know(probe.plant(
                        group.target(),
                        run.scope(),
                        asked.condition(),
                        KeyShape.alike(first, KeyShape.of(asked.typed(), true))));
            }
            return planted;
        } catch (RuntimeException e) {
            planted.close();
            throw e;
        }
    }
}
