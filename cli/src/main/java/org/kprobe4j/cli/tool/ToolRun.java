package org.kprobe4j.cli.tool;

import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.ProbeException;
import org.kprobe4j.cli.KprobeException;
import org.kprobe4j.cli.expression.Expressions;
import org.kprobe4j.cli.expression.Expressions.Condition;
import org.kprobe4j.cli.expression.Filters;
import org.kprobe4j.cli.expression.Value.Context;
import org.kprobe4j.cli.output.Clock;
import org.kprobe4j.cli.output.Destination;
import org.kprobe4j.cli.output.Format;
import org.kprobe4j.cli.output.Output;
import org.kprobe4j.cli.output.OutputException;
import org.kprobe4j.cli.output.Outputs;
import org.kprobe4j.cli.output.Terminal;
import org.kprobe4j.internal.Runs;
import org.kprobe4j.internal.Timing;

/**
 * A run of a tool: opens what is written to, starts the command, stopped, has the tool plant, lets the command run, waits for the end,
 * shows the results, and closes all of it in the reverse order. The first of these ends a run: the command's end, {@code --duration}, {@code
 * --max-events}, Ctrl-C or SIGTERM, a reader that has gone, a failure. The results are shown then; a second signal ends the JVM at once.
 */
public final class ToolRun {
    /** What all tools write. */
    public static final Set<Format> USUAL = EnumSet.of(Format.TEXT, Format.JSON, Format.CSV, Format.JFR);

    /** 128 and the number of the signal, as a shell says it. */
    private static final int INTERRUPTED = 130;

    private static final int TERMINATED = 143;
    private static final int HUNG_UP = 129;
    private static final int READER_GONE = 141;

    private final RunOptions options;
    private final FilterOptions filters;
    private final Output output;
    private final @Nullable Followed command;
    private final Scope scope;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final AtomicReference<@Nullable RuntimeException> failure = new AtomicReference<>();
    private final AtomicLong events = new AtomicLong();
    private volatile int signalStatus;
    private volatile boolean resized;

    private ToolRun(RunOptions options, FilterOptions filters, Output output, @Nullable Followed command) {
        this.options = options;
        this.filters = filters;
        this.output = output;
        this.command = command;
        Scope ofCommand = command == null ? null : command.scope();
        this.scope = ofCommand == null
                ? new Scope.Everyone((int) ProcessHandle.current().pid())
                : ofCommand;
    }

    /** Makes an output of a form that only one tool has. */
    @FunctionalInterface
    public interface OwnOutput {
        /** An output that writes there. */
        Output open(Destination to, Clock clock);
    }

    /**
     * Runs a tool, here or in a VM.
     *
     * @param options of the run
     * @param filters which hits count
     * @param outputs where the results go
     * @param invocation the command line
     * @param tool what plants
     * @return the exit status: the command's own; without one 0, or 130 after Ctrl-C, 143 after SIGTERM
     */
    public static int execute(
            RunOptions options, FilterOptions filters, OutputOptions outputs, Invocation invocation, Tool tool) {
        return execute(options, filters, outputs, invocation, tool, null);
    }

    /**
     * The same for a tool that makes pages ({@code -o FILE.html}).
     *
     * @param options of the run
     * @param filters which hits count
     * @param outputs where the results go
     * @param invocation the command line
     * @param tool what plants
     * @param page makes the page; null if the tool has none
     * @return the exit status
     */
    public static int execute(
            RunOptions options,
            FilterOptions filters,
            OutputOptions outputs,
            Invocation invocation,
            Tool tool,
            @Nullable OwnOutput page) {
        check(options, outputs, invocation, page);
        filters.check();
        if (!options.kernel().isHere()) {
            return GuestTool.run(options, outputs, invocation);
        }
        if (options.timing()) {
            Timing.begin();
        }
        filters.checkHere();
        Runs.linkAhead();
        List<String> words = invocation.command();
        if (!words.isEmpty()) {
            Followed.check(words);
        }
        OwnOutput form = (to, clock) -> outputs.format() == Format.HTML && page != null
                ? page.open(to, clock)
                : Outputs.open(outputs.format(), to, clock);
        try {
            return options.dryRun().isWanted()
                    ? rehearse(options, filters, form, words, tool)
                    : run(options, filters, form.open(outputs.open(), Clock.now()), words, tool);
        } catch (OutputException e) {
            if (e.isReaderGone()) {
                return READER_GONE;
            }
            throw e;
        }
    }

    private static int run(RunOptions options, FilterOptions filters, Output opened, List<String> command, Tool tool) {
        try (Output output = opened;
                Followed followed = command.isEmpty() ? null : Followed.start(command, !options.all())) {
            return new ToolRun(options, filters, output, followed).run(tool);
        }
    }

    /** Plants what a run would plant, and removes it; the command waits all the while, and is never let run. */
    private static int rehearse(
            RunOptions options, FilterOptions filters, OwnOutput form, List<String> command, Tool tool) {
        try (Output text = Outputs.open(Format.TEXT, Destination.standardOutput(), Clock.now())) {
            return options.dryRun()
                    .run(
                            () -> {
                                try (Output output = form.open(Destination.nowhere(), Clock.now());
                                        Followed followed =
                                                command.isEmpty() ? null : Followed.start(command, !options.all());
                                        Planted planted = tool.plant(new ToolRun(options, filters, output, followed))) {
                                    planted.remove();
                                }
                                return 0;
                            },
                            text::line);
        }
    }

    private static void check(
            RunOptions options, OutputOptions outputs, Invocation invocation, @Nullable OwnOutput page) {
        options.check();
        Set<Format> formats = EnumSet.copyOf(USUAL);
        if (page != null) {
            formats.add(Format.HTML);
        }
        outputs.check(formats);
        if (invocation.tail().size() == 1) {
            throw new KprobeException("no command after --");
        }
        if (options.all() && invocation.tail().isEmpty()) {
            throw new KprobeException("--all goes with a command after --; without one, whatever runs counts anyway");
        }
    }

    /** Whose calls it is about; a handler asks this first. */
    public Scope scope() {
        return scope;
    }

    /** Where the results go. */
    public Output output() {
        return output;
    }

    /** Whether pictures are shown at intervals. */
    public boolean hasIntervals() {
        return !options.interval().isZero();
    }

    /** How the run is to be. */
    public RunOptions options() {
        return options;
    }

    /**
     * The filters as conditions, which a handler captures.
     *
     * @param over the function's calls
     * @return what must be true at the entry, and at the return
     */
    public Condition condition(Expressions over) {
        Condition all = new Condition(
                Expressions.both(
                        Expressions.both(
                                Filters.isOneOf(Context.Item.PID, filters.pids()),
                                Filters.isOneOf(Context.Item.TID, filters.tids())),
                        Expressions.both(
                                Expressions.both(
                                        Filters.isOneOf(Context.Item.CPU, filters.cpus()),
                                        Filters.isOneOf(Context.Item.UID, unsigned(filters.uids()))),
                                Expressions.both(
                                        Filters.isOneOf(Context.Item.CGROUP, filters.cgroups()),
                                        Filters.isNamed(filters.comms())))),
                Expressions.ALWAYS);
        for (String text : filters.conditions()) {
            all = all.and(over.condition(text));
        }
        return all;
    }

    private static List<Long> unsigned(List<Integer> numbers) {
        return numbers.stream().map(Integer::toUnsignedLong).toList();
    }

    /**
     * Whether one more event is wanted ({@code --max-events}); the last one that is ends the run. From any thread.
     *
     * @return false for those behind the last
     */
    public boolean admits() {
        long number = events.incrementAndGet();
        long most = options.maxEvents().orElse(Long.MAX_VALUE);
        if (number >= most) {
            stop();
        }
        return number <= most;
    }

    /** Ends the run. From any thread; does nothing if it ends already. */
    public void stop() {
        stopped.countDown();
    }

    /**
     * Ends the run with a failure, as of a thread that reads events: the first one counts.
     *
     * @param cause what happened
     */
    public void fail(RuntimeException cause) {
        failure.compareAndSet(null, cause);
        stop();
    }

    private int run(Tool tool) {
        int status;
        try (Signals _ = Signals.divert(this::signalled)) {
            try (Planted planted = tool.plant(this)) {
                boolean ended;
                try {
                    Runs.waiting();
                    if (command != null) {
                        var _ = command.process().onExit().thenRun(this::stop);
                        command.release();
                    }
                    ended = waitForEnd(planted);
                } catch (RuntimeException e) {
                    planted.remove();
                    throw e;
                }
                status = finish(planted, ended);
            }
        }
        return status;
    }

    private int finish(Planted planted, boolean ended) {
        int status = command == null ? 0 : command.end(!ended || signalStatus == 0);
        planted.remove();
        show(planted, true);
        output.flush();
        Closing.print(planted);
        RuntimeException cause = failure.get();
        if (cause != null) {
            throw cause;
        }
        return command == null ? signalStatus : status;
    }

    /** False if the time was over. */
    private boolean waitForEnd(Planted planted) {
        long start = System.nanoTime();
        Duration limit = options.duration();
        long end = limit == null ? Long.MAX_VALUE : limit.toNanos();
        Duration interval = options.interval();
        try {
            for (long round = 1; ; round++) {
                long next = interval.isZero() ? Long.MAX_VALUE : round * interval.toNanos();
                if (stopped.await(Math.min(next, end) - (System.nanoTime() - start), TimeUnit.NANOSECONDS)) {
                    return true;
                } else if (next >= end) {
                    return false;
                }
                show(planted, false);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    private void show(Planted planted, boolean isLast) {
        if (resized) {
            resized = false;
            Terminal.measured().ifPresent(size -> output.resize(Terminal.of(size)));
        }
        if (hasIntervals()) {
            output.picture("%tT".formatted(LocalTime.now(ZoneId.systemDefault())), isLast);
        }
        planted.interval(isLast);
        output.flush();
    }

    private void signalled(String name) {
        if (name.equals("WINCH")) {
            resized = true;
            return;
        }
        int status = switch (name) {
            case "INT" -> INTERRUPTED;
            case "HUP" -> HUNG_UP;
            case "PIPE" -> READER_GONE;
            default -> TERMINATED;
        };
        if (signalStatus != 0) {
            // What is planted goes with the process; a return probe in tracefs with the next run.
            if (command != null) {
                command.process().destroyForcibly();
            }
            Runtime.getRuntime().halt(status);
        }
        signalStatus = status;
        stop();
    }

    /** The exit status that goes with a failure. */
    public static int statusOf(KprobeException e) {
        return e instanceof ToolException own ? own.exitStatus() : ProbeException.EXIT_STATUS;
    }
}
