package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.kprobe4j.cli.KprobeException;
import org.kprobe4j.cli.expression.Expressions.Condition;
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

    @Option(names = "--by", split = ",", paramLabel = "KEY", description = "Tell apart by comm, pid, or both.")
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
        var _ = stackKeys();
        return ToolRun.execute(options, filters, outputs, invocation, this::plant, (to, _) -> new PageOutput(to));
    }

    private StackKeys<?> stackKeys() {
        for (String key : keys) {
            if (!key.equals("comm") && !key.equals("pid")) {
                throw new KprobeException(
                        "--by %s: stacks are told apart by comm and pid; kprobe count counts by any expression"
                                .formatted(key));
            }
        }
        boolean byComm = keys.contains("comm");
        boolean byPid = keys.contains("pid");
        if (kernel == user) {
            return new StackKeys.Both(byComm, byPid);
        }
        return kernel ? new StackKeys.OfKernel(byComm, byPid) : new StackKeys.OfUser(byComm, byPid);
    }

    private Planted plant(ToolRun run) {
        String target = Targets.joined(targets);
        Condition condition =
                run.condition(filters.conditions().isEmpty() ? Targets.unnamed(target) : Targets.expressions(target));
        StackKeys<?> stackKeys = stackKeys();
        StackProbe<?> probe = StackProbe.plant(target, stackKeys, run.scope(), condition, latency, maxStacks);
        var shown = new StacksShown(
                new StacksShown.Wish(
                        target,
                        latency,
                        folded,
                        top,
                        keys.contains("comm"),
                        keys.contains("pid"),
                        kernel || !user,
                        user || !kernel),
                run.output());
        return new StacksPlanted(target, probe, shown, latency);
    }
}
