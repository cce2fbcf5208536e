package org.kprobe4j;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.btf.NearestNames;
import org.kprobe4j.internal.CommandLookup;
import org.kprobe4j.internal.Explaining;
import org.kprobe4j.internal.Runs;
import org.kprobe4j.internal.Shutdown;

/**
 * The parameters of a program that probes: {@code [name=value…] [--duration 10s] [-- COMMAND…]}, and the wait in its middle:
 * until the command ends, the time is over or Ctrl-C is typed. Not thread-safe; made by the thread that runs {@code main}.
 */
public final class Args {
    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h)?");
    private static final Duration GRACE = Duration.ofSeconds(1);

    private static volatile int exitStatus;

    private final Map<String, String> values = new LinkedHashMap<>();
    private final Set<String> known = new LinkedHashSet<>();
    private final List<String> command = new ArrayList<>();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private @Nullable Duration duration;
    private @Nullable Log log;

    private Args() {}

    /**
     * Reads a program's arguments.
     *
     * @param arguments as {@code main} got them
     * @param names the parameters that the program has; with none given, those count that it asks for before {@link #await()}
     * @return the parameters
     * @throws UsageException for an unknown or empty parameter, naming the nearest
     * @throws CommandException if the command is not found or not executable: said before anything is planted
     */
    public static Args of(String[] arguments, String... names) {
        Runs.begin(Args::uncaught);
        var result = new Args();
        result.known.addAll(List.of(names));
        for (int i = 0; i < arguments.length; i++) {
            String argument = arguments[i];
            if (argument.equals("--")) {
                result.command.addAll(List.of(arguments).subList(i + 1, arguments.length));
                if (result.command.isEmpty()) {
                    throw new UsageException("a command must follow --");
                }
                break;
            } else if (argument.equals("--duration")) {
                result.duration = positive(i + 1 < arguments.length ? arguments[++i] : "");
            } else if (argument.startsWith("--duration=")) {
                result.duration = positive(argument.substring(argument.indexOf('=') + 1));
            } else {
                result.parameter(argument);
            }
        }
        if (names.length > 0) {
            result.refuseUnknown();
        }
        if (!result.command.isEmpty()) {
            CommandLookup.refusal(result.command.getFirst()).ifPresent(refusal -> {
                throw new CommandException(refusal.message(), refusal.exitStatus(), null);
            });
        }
        return result;
    }

    /** A program that was started by plain {@code java} ends with one line too, not with a stack trace. */
    private static void uncaught(Thread thread, Throwable thrown) {
        if (thrown instanceof ProbeException e) {
            System.err.println("kprobe: " + e.getMessage());
            System.exit(e.exitStatus());
        }
        System.err.print("Exception in thread \"%s\" ".formatted(thread.getName()));
        thrown.printStackTrace();
    }

    private void parameter(String argument) {
        int equals = argument.indexOf('=');
        if (equals <= 0) {
            throw new UsageException("%s: parameters are written name=value; a command follows --".formatted(argument));
        }
        String name = argument.substring(0, equals);
        String value = argument.substring(equals + 1);
        if (value.isBlank()) {
            throw new UsageException(
                    "%s=: the value is empty; leave the parameter out for its default".formatted(name));
        }
        if (values.put(name, value) != null) {
            throw new UsageException("%s: given twice".formatted(name));
        }
    }

    private static Duration positive(String text) {
        Duration time = duration("--duration " + text, text);
        if (time.isZero()) {
            throw new UsageException("--duration %s: write a time such as 10s, 500ms or 2m".formatted(text));
        }
        return time;
    }

    /** {@code written} is what the user typed, for the message. */
    private static Duration duration(String written, String text) {
        Matcher matcher = DURATION.matcher(text);
        if (!matcher.matches()) {
            throw new UsageException("%s: write a time such as 10s, 500ms or 2m".formatted(written.strip()));
        }
        long number = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            case null, default -> Duration.ofSeconds(number);
        };
    }

    private void refuseUnknown() {
        for (String name : values.keySet()) {
            if (!known.contains(name)) {
                List<String> nearest = NearestNames.nearest(name, known.stream(), 1);
                throw new UsageException("unknown parameter %s=; %s"
                        .formatted(
                                name,
                                nearest.isEmpty()
                                        ? "there are " + String.join(", ", known)
                                        : "did you mean " + nearest.getFirst() + "=?"));
            }
        }
    }

    /**
     * A parameter.
     *
     * @param name its name
     * @param otherwise its value if it is not given
     * @return the value
     */
    public String get(String name, String otherwise) {
        known.add(name);
        return values.getOrDefault(name, otherwise);
    }

    /**
     * A whole number; hexadecimal with 0x.
     *
     * @param name its name
     * @param otherwise its value if it is not given
     * @return the value
     * @throws UsageException if it is not a number
     */
    public int getInt(String name, int otherwise) {
        known.add(name);
        String value = values.get(name);
        try {
            return value == null ? otherwise : Integer.decode(value);
        } catch (NumberFormatException e) {
            throw new UsageException("%s=%s: not a whole number".formatted(name, value));
        }
    }

    /**
     * A time: a number with {@code ms}, {@code s}, {@code m} or {@code h}, seconds if there is none.
     *
     * @param name its name
     * @param otherwise its value if it is not given
     * @return the value, not negative
     * @throws UsageException if it is no time
     */
    public Duration getDuration(String name, Duration otherwise) {
        known.add(name);
        String value = values.get(name);
        return value == null ? otherwise : duration(name + "=" + value, value);
    }

    /**
     * One of some words: the names of an enum's constants.
     *
     * @param name its name
     * @param otherwise its value if it is not given
     * @param <E> the enum
     * @return the value
     * @throws UsageException if it is none of them
     */
    public <E extends Enum<E>> E get(String name, E otherwise) {
        known.add(name);
        String value = values.get(name);
        if (value == null) {
            return otherwise;
        }
        E[] constants = otherwise.getDeclaringClass().getEnumConstants();
        return Arrays.stream(constants)
                .filter(constant -> constant.name().equals(value))
                .findFirst()
                .orElseThrow(() -> new UsageException("%s=%s: there are %s"
                        .formatted(
                                name,
                                value,
                                Arrays.stream(constants).map(Enum::name).collect(Collectors.joining(", ")))));
    }

    /**
     * A switch: true or false, also yes, no, 1, 0, on, off.
     *
     * @param name its name
     * @param otherwise its value if it is not given
     * @return the value
     * @throws UsageException if it is none of these
     */
    public boolean getBoolean(String name, boolean otherwise) {
        known.add(name);
        String value = values.get(name);
        return switch (value == null ? "" : value.toLowerCase(Locale.ROOT)) {
            case "" -> otherwise;
            case "true", "yes", "on", "1" -> true;
            case "false", "no", "off", "0" -> false;
            default -> throw new UsageException("%s=%s: write true or false".formatted(name, value));
        };
    }

    /**
     * The log that the parameter {@code log} names: stdout, kmsg or syslog.
     *
     * @return the same one each time
     */
    public Log log() {
        Log current = log;
        if (current == null) {
            current = Log.of(get("log", "stdout"));
            log = current;
        }
        return current;
    }

    /**
     * Runs the command until it ends; without one, waits until Ctrl-C or the end of {@code --duration}. At Ctrl-C it returns
     * too, so that {@code main} closes its probes and prints its last lines.
     *
     * @return the command's exit status, 0 without one
     * @throws CommandException if the command cannot be started
     * @throws UsageException if a parameter was given that the program never asked for
     */
    public int await() {
        return awaitEach(Duration.ZERO, () -> {});
    }

    /**
     * Waits as {@link #await()} does, and meanwhile does something again and again, on this thread: prints what was counted, for
     * example.
     *
     * @param interval time from one run of the action to the next; zero for the one at the end only
     * @param action runs after each interval, and once more at the end, for what came since the last
     * @return the command's exit status, 0 without one
     * @throws CommandException if the command cannot be started
     * @throws UsageException if a parameter was given that the program never asked for, or the interval is negative
     */
    public int awaitEach(Duration interval, Runnable action) {
        if (interval.isNegative()) {
            throw new UsageException("an interval of %s: it must not be negative".formatted(interval));
        }
        refuseUnknown();
        if (Explaining.isOn()) {
            return exitStatus;
        }
        Shutdown.waiting(Thread.currentThread(), stopped::countDown);
        Runs.waiting();
        int status = command.isEmpty() ? pause(interval, action) : runCommand(interval, action);
        exitStatus = status;
        action.run();
        return status;
    }

    /**
     * The status with which a program that called {@link #await()} should end.
     *
     * @return the command's exit status, 128 plus the signal's number if a signal killed it; 0 without a command
     */
    public static int exitStatus() {
        return exitStatus;
    }

    private int pause(Duration interval, Runnable action) {
        try {
            var _ = isStopped(interval, action);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return 0;
    }

    /** Waits for the stop, which comes, or until the time is over, and runs the action after each interval that passes whole. */
    private boolean isStopped(Duration interval, Runnable action) throws InterruptedException {
        long start = System.nanoTime();
        long end = duration == null ? Long.MAX_VALUE : duration.toNanos();
        for (long round = 1; ; round++) {
            long next = interval.isZero() ? Long.MAX_VALUE : round * interval.toNanos();
            if (stopped.await(Math.min(next, end) - (System.nanoTime() - start), TimeUnit.NANOSECONDS)) {
                return true;
            } else if (next >= end) {
                return false;
            }
            action.run();
        }
    }

    private int runCommand(Duration interval, Runnable action) {
        Process process = start();
        try {
            var _ = process.onExit().thenRun(stopped::countDown);
            if (!isStopped(interval, action)) {
                process.destroy();
            }
            // Ctrl-C reaches the command too; one that does not end by itself is asked to.
            if (!process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroy();
            }
            if (!process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
            }
            return process.waitFor();
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            return ProbeException.EXIT_STATUS;
        } catch (RuntimeException e) {
            process.destroy(); // the action threw: nobody waits for the command any more
            throw e;
        }
    }

    private Process start() {
        try {
            return new ProcessBuilder(command).inheritIO().start();
        } catch (IOException e) {
            throw new CommandException(
                    "%s: %s".formatted(command.getFirst(), e.getMessage()), CommandException.NOT_EXECUTABLE, e);
        }
    }
}
