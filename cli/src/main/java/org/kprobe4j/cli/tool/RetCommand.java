package org.kprobe4j.cli.tool;

import java.util.List;
import java.util.concurrent.Callable;
import org.kprobe4j.PerCpuMap;
import org.kprobe4j.cli.expression.Expressions;
import org.kprobe4j.cli.expression.Expressions.Condition;
import org.kprobe4j.cli.expression.Typed;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code kprobe ret}: what calls return. */
@Command(
        name = "ret",
        description = {
            "Counts what calls of TARGET return: errors by name, few values one by one, many numbers by powers of two. All is counted in "
                    + "the kernel; nothing is sent for a call, none is lost.",
            "With COMMAND, what it and its children cause is counted, from its first instruction on."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        customSynopsis = {"kprobe ret [OPTION]... TARGET... [-- COMMAND...]"},
        footerHeading = "%nExit status:%n",
        footer = {
            "  COMMAND's own; without COMMAND 0, or 130 after Ctrl-C, 143 after SIGTERM",
            "  125  nothing could be counted: TARGET, an option or an output is wrong",
            "  126  COMMAND cannot be executed",
            "  127  COMMAND not found",
            "  141  nobody reads the results any more",
            "",
            "Examples:",
            "  kprobe ret vfs_read -- ls /usr",
            "  kprobe ret do_sys_openat2 --errors --by comm -i 1s",
            "  kprobe ret 'vfs_*' --errors --duration 10s",
            "  kprobe ret vfs_read --by retval,count --when 'retval != count'"
        })
public final class RetCommand implements Callable<Integer> {
    /** Of a hash map with a value for each CPU. */
    private static final int ENTRIES = 16_384;

    @Mixin
    private CallOptions calls = new CallOptions();

    private final Invocation invocation;

    /**
     * The command.
     *
     * @param invocation its command line
     */
    public RetCommand(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        return calls.execute("ret", invocation, this::plant);
    }

    private Planted plant(ToolRun run) {
        List<CallGroup> groups = CallGroup.byResult(calls.target());
        List<KeyColumn> columns = calls.columns(groups.getFirst().expressions(), false);
        return plant(run, groups, columns, KeyShape.of(typed(columns)));
    }

    private static List<Typed> typed(List<KeyColumn> columns) {
        return columns.stream().map(KeyColumn::typed).toList();
    }

    private <K> Planted plant(ToolRun run, List<CallGroup> groups, List<KeyColumn> columns, KeyShape<K> first) {
        List<Typed> returned =
                groups.stream().map(group -> group.expressions().read("retval")).toList();
        boolean isOne = returned.size() == 1;
        var table = new ReturnTable(
                run.output(),
                columns.stream().map(KeyColumn::column).toList(),
                RetPlanted.common(returned.stream().map(Typed::type).toList()),
                calls.most());
        PerCpuMap<K, Long> counts = PerCpuMap.of(first.type(), Long.class, ENTRIES);
        var planted = new RetPlanted<>(run, calls.target(), table, new CallCells(columns), counts);
        try {
            for (int i = 0; i < groups.size(); i++) {
                CallGroup group = groups.get(i);
                Expressions over = group.expressions();
                Condition condition = calls.condition(run, over);
                ReturnCode code = isOne
                        ? ReturnCode.of(returned.get(i))
                        : ReturnCode.of(returned.get(i)).asNumber();
                planted.plant(
                        group.target(),
                        new ReturnCalls<>(
                                new Wanted(run.scope(), condition.atEntry()),
                                condition.atReturn(),
                                KeyShape.alike(first, KeyShape.of(typed(calls.columns(over, false))), group.target()),
                                code,
                                counts));
            }
            return planted;
        } catch (RuntimeException e) {
            planted.close();
            throw e;
        }
    }
}
