package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.cli.KprobeException;
import org.kprobe4j.cli.expression.Expressions;
import org.kprobe4j.cli.expression.Expressions.Condition;
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
            "  kprobe count do_sys_openat2 --by 'ustr(filename)' --json --all -- make"
        })
public final class CountCommand implements Callable<Integer> {
    /** Of hash maps, each with a value for each CPU. */
    private static final int ENTRIES = 16_384;

    @Option(
            names = "--by",
            paramLabel = "KEY",
            description =
                    "Count for each value of these expressions: comm, pid, tid, uid, cpu, cgroup, func, arguments by name, their fields "
                            + "(file->f_inode->i_ino).")
    private List<String> keys = new ArrayList<>();

    @Option(names = "--top", paramLabel = "N", description = "Only the N largest counts.")
    private @Nullable Integer top;

    @Option(
            names = "--max-keys",
            paramLabel = "N",
            description = "Room for so many keys in the kernel (default 16384); the account tells what found none.")
    private @Nullable Integer maxKeys;

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
        Room.check("--max-keys", maxKeys);
        return ToolRun.execute(options, filters, outputs, invocation, this::plant);
    }

    private Planted plant(ToolRun run) {
        String target = Targets.joined(targets);
        boolean named = !keys.isEmpty() || !filters.conditions().isEmpty();
        List<FunctionGroup> groups = FunctionGroup.of(target, named, false, over -> asked(run, target, over));
        int room = maxKeys == null ? ENTRIES : maxKeys;
        Counting counting = keys.isEmpty() && Targets.isOne(target)
                ? Counting.ofOne(
                        target,
                        new Wanted(
                                run.scope(),
                                groups.getFirst().asked().condition().atEntry()))
                : Counting.byKeys(target, groups, run.scope(), room);
        return new CountPlanted(run, target, counting, top == null ? Integer.MAX_VALUE : top, room);
    }

    private Asked asked(ToolRun run, String target, Expressions over) {
        Condition condition = run.condition(over);
        if (condition.needsReturn()) {
            throw atReturn("--when");
        }
        List<KeyColumn> columns = KeyColumn.all(keys, over);
        columns.stream().filter(key -> key.typed().atReturn()).findFirst().ifPresent(key -> {
            throw atReturn("--by " + key.column().name());
        });
        if (columns.isEmpty() && !Targets.isOne(target)) {
            columns.add(KeyColumn.FUNCTION);
        }
        return new Asked(condition, columns);
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
