package org.kprobe4j.cli.trace;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.cli.KprobeException;
import org.kprobe4j.cli.expression.Expressions;
import org.kprobe4j.cli.expression.Expressions.Condition;
import org.kprobe4j.cli.expression.Signature;
import org.kprobe4j.cli.output.Format;
import org.kprobe4j.cli.tool.FilterOptions;
import org.kprobe4j.cli.tool.Invocation;
import org.kprobe4j.cli.tool.OutputOptions;
import org.kprobe4j.cli.tool.Planted;
import org.kprobe4j.cli.tool.RunOptions;
import org.kprobe4j.cli.tool.TargetFunctions;
import org.kprobe4j.cli.tool.Targets;
import org.kprobe4j.cli.tool.ToolRun;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kprobe trace}: shows calls, one by one. */
@Command(
        name = "trace",
        description = {
            "Shows each call of TARGET in a line: when it began, on which CPU, in which task, its arguments, what it returned (errors by "
                    + "their names) and how long it took. A call comes when it returns; people see it before the traced calls that it "
                    + "made, which are indented. At an offset (vfs_read+0x10) each hit is shown.",
            "With COMMAND, its calls and its children's are shown, from its first instruction on."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        customSynopsis = {"kprobe trace [OPTION]... TARGET... [-- COMMAND...]"},
        footerHeading = "%nKeys of --json and --csv:%n",
        footer = {
            "  time         when the call began, ISO 8601 in UTC to the nanosecond",
            "  cpu          the processor that it began on",
            "  comm, pid, tid   the task: its name, its process's number, its own",
            "  function     the function, or the place in it",
            "  args         the arguments by name: numbers, true and false, texts; pointers and constants of enumerations",
            "               are texts, NULL is null. With --print the values by expression; in --csv a column each",
            "  depth        in how many other traced calls of the task the call is",
            "  retval       the number returned; null if it is none (a pointer, void)",
            "  result       what was returned as people read it: \"-ENOENT\", \"0xffff888100a0b0c0\", \"true\"; null if void",
            "  error        the error's name if there was one: \"ENOENT\"; else null",
            "  duration_ns  nanoseconds",
            "  stack, user_stack, registers   with --stack, --user-stack, --regs",
            "  lost         what of the call found no room, because events came faster than they were shown: names of args,",
            "               \"stack\", \"return\" (all that is known at the return); null if nothing was lost",
            "  Where returns are not waited for (--args, offsets), what is behind args is missing, and \"type\" is \"hit\", not \"call\".",
            "",
            "Exit status:",
            "  COMMAND's own; without COMMAND 0, or 130 after Ctrl-C, 143 after SIGTERM",
            "  125  nothing could be traced: TARGET, an option or an output is wrong",
            "  126  COMMAND cannot be executed",
            "  127  COMMAND not found",
            "  141  nobody reads the results any more",
            "",
            "Examples:",
            "  kprobe trace do_sys_openat2 -- ls /usr",
            "  kprobe trace 'vfs_*' --comm java --when 'duration > 10ms'",
            "  kprobe trace vfs_read --print 'file->f_path, count, retval' --max-events 20",
            "  kprobe trace do_sys_openat2 --when failed --stack --json -o failed.json"
        })
public final class TraceCommand implements Callable<Integer> {
    @Option(names = "--args", description = "Show calls when they begin, with their arguments alone.")
    private boolean args;

    @Option(
            names = "--print",
            paramLabel = "EXPR,...",
            description =
                    "Show the values of these expressions instead: arguments by name, their fields, retval, duration; "
                            + "'file->f_path, count, retval'. What does not depend on the return is read at the entry.")
    private @Nullable String print;

    @Option(names = "--stack", description = "Show the kernel's call stack of each call, at its entry.")
    private boolean stack;

    @Option(names = "--user-stack", description = "Show the process's call stack of each call.")
    private boolean userStack;

    @Option(names = "--regs", description = "Show the registers of each call, at its entry.")
    private boolean registers;

    @Option(
            names = "--buffer",
            paramLabel = "SIZE",
            description =
                    "Room for what was traced and is not shown yet, for example 64M (default 16M); what finds none is lost, and counted.")
    private @Nullable String buffer;

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
    public TraceCommand(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        if (!options.interval().isZero()) {
            throw new KprobeException("-i: trace shows calls as they come; kprobe count shows numbers at intervals");
        }
        if (buffer != null) {
            int _ = BufferSize.parse(buffer);
        }
        return ToolRun.execute(options, filters, outputs, invocation, this::plant);
    }

    private Planted plant(ToolRun run) {
        String target = Targets.joined(targets);
        boolean atEntry = !TargetFunctions.hasOffsets(target);
        boolean returns = atEntry && !args;
        List<Boolean> late = new ArrayList<>();
        TraceTargets found = TraceTargets.group(target, TargetFunctions.find(target), signature -> {
            FunctionPlan plan = plan(run, signature, atEntry, returns);
            late.add(plan.condition().needsReturn());
            return plan;
        });
        found.remarks().forEach(remark -> System.err.println("kprobe: " + remark));
        var extras = new Tracer.Extras(stack, userStack, registers);
        boolean holds = returns && !late.contains(true);
        return Tracing.plant(
                target,
                run,
                buffer == null ? Tracing.BUFFER_BYTES : BufferSize.parse(buffer),
                found.groups(),
                returns,
                extras,
                showing(run, returns, holds, extras));
    }

    private FunctionPlan plan(ToolRun run, Signature signature, boolean atEntry, boolean returns) {
        Signature known = atEntry ? signature : Signature.unknown(signature.function());
        Condition condition = run.condition(Expressions.over(known));
        if (condition.needsReturn() && !returns) {
            throw new KprobeException("--when: what a call returns and how long it takes is not known %s"
                    .formatted(atEntry ? "when it begins; leave --args out" : "at an offset"));
        }
        return print == null
                ? FunctionPlan.ofArguments(known, condition, atEntry)
                : FunctionPlan.ofExpressions(known, condition, print, atEntry, returns);
    }

    private Showing showing(ToolRun run, boolean returns, boolean holds, Tracer.Extras extras) {
        if (run.output().isForPeople()) {
            CallText.What what =
                    print != null ? CallText.What.EXPRESSIONS : returns ? CallText.What.CALLS : CallText.What.ENTRIES;
            return Showing.forPeople(run.output(), run::admits, what, holds);
        }
        boolean separate = print != null && outputs.format() == Format.CSV;
        return Showing.forMachines(
                run.output(),
                run::admits,
                returns,
                extras,
                separate ? Targets.split(String.valueOf(print)) : List.of());
    }
}
