package org.kprobe4j.cli.tool;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.cli.KprobeException;
import org.kprobe4j.cli.expression.Expressions.Condition;
import org.kprobe4j.internal.CalledFunctions;
import org.kprobe4j.internal.targets.TargetResolver;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kprobe calls}: what a function calls, how long that takes and what it returns. */
@Command(
        name = "calls",
        description = {
            "Shows the tree of calls below FUNCTION: a line for each way that calls took, how often, how long and with which errors. With "
                    + "--each every call of FUNCTION has a tree of its own, with what was returned. Which functions it calls is read from "
                    + "the kernel's own instructions; they are followed only while a task is inside FUNCTION.",
            "Not seen: what the compiler inlined, and calls through pointers unless --functions names what is called; what is "
                    + "called by something unseen stands below the nearest caller that is seen. An interrupt's calls stand where it came."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        customSynopsis = {"kprobe calls [OPTION]... FUNCTION [-- COMMAND...]"},
        footerHeading = "%nKeys of --json and --csv:%n",
        footer = {
            "  of type \"path\": function, depth below FUNCTION, path (FUNCTION first), count, total_ns, average_ns, max_ns,",
            "       errors (how often each was returned, by name)",
            "  of type \"born\", with --failed: error, path (FUNCTION first, where it was born last), count",
            "  of type \"call\", with --each: time, tree, number, depth, comm, pid, tid, function, duration_ns, result, missing",
            "",
            "Exit status:",
            "  COMMAND's own; without COMMAND 0, or 130 after Ctrl-C, 143 after SIGTERM",
            "  125  nothing could be followed: FUNCTION, an option or an output is wrong",
            "  126  COMMAND cannot be executed",
            "  127  COMMAND not found",
            "  141  nobody reads the results any more",
            "",
            "Examples:",
            "  kprobe calls vfs_open --depth 3 -- cat /etc/hostname",
            "  kprobe calls vfs_open --each --max-events 3",
            "  kprobe calls do_sys_openat2 --depth 4 --failed -- cat /nonexistent/file",
            "  kprobe calls vfs_read --functions 'ext4_file_*' --duration 10s"
        })
public final class CallsCommand implements Callable<Integer> {
    private static final int USUAL_DEPTH = 2;
    private static final int MOST_DEPTH = 16;
    private static final int USUAL_FUNCTIONS = 500;

    @Option(names = "--depth", paramLabel = "N", description = "So many calls deep (default 2).")
    private int depth = USUAL_DEPTH;

    @Option(
            names = "--functions",
            paramLabel = "PATTERN",
            description = "Follow these, too, such as those that are called through pointers; !NAME leaves one out.")
    private List<String> functions = new ArrayList<>();

    @Option(
            names = "--hot",
            description =
                    "Follow what everything calls, too: locks, memory, copying, checks. It costs more than all else together.")
    private boolean hot;

    @Option(names = "--each", description = "Show the tree of each call of FUNCTION when it returns.")
    private boolean each;

    @Option(names = "--max-functions", paramLabel = "N", description = "Follow so many at most (default 500).")
    private int maxFunctions = USUAL_FUNCTIONS;

    @Option(
            names = "--failed",
            description = "Only the calls of FUNCTION that failed, and the way on which each error was born.")
    private boolean failed;

    @Mixin
    private FilterOptions filters = new FilterOptions();

    @Mixin
    private OutputOptions outputs = new OutputOptions();

    @Mixin
    private RunOptions options = new RunOptions();

    @Parameters(arity = "1", paramLabel = "FUNCTION", description = "A function: vfs_open.")
    private String function = "";

    private final Invocation invocation;

    /**
     * The command.
     *
     * @param invocation its command line
     */
    public CallsCommand(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        if (depth < 0 || depth > MOST_DEPTH) {
            throw new KprobeException("--depth %d: 0 to %d".formatted(depth, MOST_DEPTH));
        } else if (!function.matches("[A-Za-z_][A-Za-z0-9_.]*")) {
            throw new KprobeException(
                    "calls %s: the tree of one function is shown, by its plain name; kprobe trace shows calls of several"
                            .formatted(function));
        }
        if (each && !options.interval().isZero()) {
            throw new KprobeException(
                    "-i: --each shows calls as they return; without it the tree is shown at intervals");
        }
        return ToolRun.execute(options, filters, outputs, invocation, this::plant);
    }

    private Planted plant(ToolRun run) {
        Condition condition = run.condition(
                filters.conditions().isEmpty() ? Targets.unnamed(function) : Targets.expressions(function));
        CallsShown shown = each
                ? new CallsShown.Each(run.output(), failed)
                : new CallsShown.Together(run.output(), function, failed);
        return new CallsPlanted(run, function, below(), condition, failed, shown);
    }

    private List<String> below() {
        CalledFunctions called = CalledFunctions.running();
        @Nullable Long address = called.address(function).orElse(null);
        if (address == null) {
            // The probe will say what is wrong with the name.
            return List.of();
        }
        try {
            var cold = new HotFunctions();
            var names = new ArrayList<>(called.below(address, depth, hot ? _ -> true : cold::isFollowed));
            if (!cold.remark().isEmpty()) {
                System.err.println("kprobe: " + cold.remark());
            }
            names.remove(function);
            for (String list : functions) {
                for (String part : Targets.split(list)) {
                    if (part.startsWith("!")) {
                        names.remove(part.substring(1));
                    } else {
                        TargetResolver.running().resolve(part).places().stream()
                                .map(place -> place.function().name())
                                .filter(name -> !name.equals(function) && !names.contains(name))
                                .forEach(names::add);
                    }
                }
            }
            if (names.size() > maxFunctions) {
                throw new KprobeException(
                        "--depth %d finds %d functions below %s, more than %d; a smaller --depth, or --max-functions %d"
                                .formatted(depth, names.size(), function, maxFunctions, names.size()));
            }
            return names;
        } catch (IOException e) {
            throw new KprobeException(
                    "which functions %s calls is not known: /proc/kcore cannot be read (%s); run as root, or with --depth 0 and --functions"
                            .formatted(function, e.getMessage()));
        }
    }
}
