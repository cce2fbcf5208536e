package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.cli.KprobeException;
import org.kprobe4j.cli.expression.Expressions;
import org.kprobe4j.cli.expression.Expressions.Condition;
import org.kprobe4j.cli.expression.Typed;
import org.kprobe4j.cli.output.Column;
import org.kprobe4j.cli.output.Kind;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kprobe count}: counts calls, by function or by what expressions say. */
@Command(
        name = "count",
        description = {
            "Counts how often the kernel comes by TARGET, by function, or with --by for each value of some expressions. The counting "
                    + "is done in the kernel; nothing is sent for a hit, none is lost.",
            "With COMMAND, what it and its children cause is counted, from its first instruction on."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        customSynopsis = {"kprobe count [OPTION]... TARGET... [-- COMMAND...]"},
        footerHeading = "%nExit status:%n",
        footer = {
            "  COMMAND's own; without COMMAND 0, or 130 after Ctrl-C, 143 after SIGTERM",
            "  125  nothing could be counted: TARGET, an option or an output is wrong",
            "  126  COMMAND cannot be executed",
            "  127  COMMAND not found",
            "  141  nobody reads the results any more",
            "",
            "Examples:",
            "  kprobe count vfs_read -- ls /usr",
            "  kprobe count 'tcp_*,!tcp_v6_*' -i 1s --top 10",
            "  kprobe count vfs_read --by comm,count --when 'count > 4096' --duration 10s",
            "  kprobe count do_sys_openat2 --by 'str(filename)' --json --all -- make"
        })
public final class CountCommand implements Callable<Integer> {
    @Option(
            names = "--by",
            paramLabel = "KEY",
            description =
                    "Count for each value of these expressions: comm, pid, tid, uid, cpu, cgroup, func, arguments by name, their fields "
                            + "(file->f_inode->i_ino).")
    private List<String> keys = new ArrayList<>();

    @Option(names = "--top", paramLabel = "N", description = "Only the N largest counts.")
    private @Nullable Integer top;

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
    public CountCommand(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        if (top != null && top < 1) {
            throw new KprobeException("--top %d: at least 1".formatted(top));
        }
        if (options.maxEvents().isPresent()) {
            throw new KprobeException(
                    "--max-events: count shows no events; --duration ends it after a time, --top shortens the list");
        }
        return ToolRun.execute(options, filters, outputs, invocation, this::plant);
    }

    private Planted plant(ToolRun run) {
        String target = Targets.joined(targets);
        Expressions expressions = keys.isEmpty() && filters.conditions().isEmpty()
                ? Targets.unnamed(target)
                : Targets.expressions(target);
        Condition condition = run.condition(expressions);
        if (condition.needsReturn()) {
            throw atReturn("--when");
        }
        var wanted = new Wanted(run.scope(), condition.atEntry());
        var columns = columns(expressions);
        int most = top == null ? Integer.MAX_VALUE : top;
        Counting counting =
                columns.isEmpty() ? Counting.byFunction(target, wanted) : Counting.byKeys(target, columns, wanted);
        return new CountPlanted(run, target, counting, most);
    }

    private List<KeyColumn> columns(Expressions expressions) {
        var columns = new ArrayList<KeyColumn>();
        for (String list : keys) {
            for (String key : Targets.split(list)) {
                Typed typed = expressions.read(key);
                if (typed.atReturn()) {
                    throw atReturn("--by " + key);
                }
                columns.add(KeyColumn.of(key, typed));
            }
        }
        return columns;
    }

    private static KprobeException atReturn(String what) {
        return new KprobeException(
                "%s: calls are counted where they begin, so what they return and how long they take is not known; kprobe ret and kprobe latency tell that"
                        .formatted(what));
    }

    /** The column of counts. */
    static Column number(String name) {
        return Column.of(name, Kind.NUMBER);
    }
}
