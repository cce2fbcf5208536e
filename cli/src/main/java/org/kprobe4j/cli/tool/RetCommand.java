package org.kprobe4j.cli.tool;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.kprobe4j.PerCpuMap;
import org.kprobe4j.cli.expression.Type;
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
        List<FunctionGroup> groups = calls.groups(run, false, true);
        return plant(run, groups, KeyShape.of(groups.getFirst().asked().typed(), true));
    }

    private <K> Planted plant(ToolRun run, List<FunctionGroup> groups, KeyShape<K> first) {
        List<Typed> returned = groups.stream()
                .flatMap(group -> Stream.ofNullable(group.asked().returned()))
                .toList();
        boolean isOne = returned.stream().map(Typed::type).distinct().count() == 1;
        List<KeyColumn> columns = FunctionGroup.columns(groups);
        var table = new ReturnTable(
                run.output(),
                columns.stream().map(KeyColumn::column).toList(),
                isOne ? returned.getFirst().type() : Type.Numeric.LONG,
                calls.most());
        int room = calls.room(ENTRIES);
        PerCpuMap<K, Long> counts = PerCpuMap.of(first.type(), Long.class, room);
        var planted = new RetPlanted<>(run, calls.target(), table, new KeyCells(columns), counts, room);
        try {
            for (int i = 0; i < groups.size(); i++) {
                Asked asked = groups.get(i).asked();
                ReturnCode code = ReturnCode.of(returned.get(i));
                planted.plant(
                        groups.get(i).target(),
                        new ReturnCalls<>(
                                new Wanted(run.scope(), asked.condition().atEntry()),
                                asked.condition().atReturn(),
                                KeyShape.alike(first, KeyShape.of(asked.typed(), true)),
                                isOne ? code : code.asNumber(),
                                counts));
            }
            return planted;
        } catch (RuntimeException e) {
            planted.close();
            throw e;
        }
    }
}
