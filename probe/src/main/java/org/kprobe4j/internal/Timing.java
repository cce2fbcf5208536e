package org.kprobe4j.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where the time goes from the JVM's start until the probes are planted, for {@code kprobe run --timing}. While it is off a seam costs one read of
 * a field. What a phase does inside another one counts for the inner one alone. Thread-safe.
 */
public final class Timing {
    /** What the time is spent on. */
    public enum Phase {
        /** From the process's start to {@code main}, told by the kernel to 10 ms. */
        JVM,
        /** The user's file is compiled by javac. */
        JAVAC,
        /** The kernel's types are read, or waited for while another thread reads them. */
        BTF,
        /** Handlers are compiled from JVM bytecode to eBPF. */
        COMPILE,
        /** Maps are made and programs loaded: the verifier. */
        LOAD,
        /** Probes are planted and programs attached to them. */
        ATTACH,
        /** All else: looking up the target, the program's own work. */
        REST;

        private String title() {
            return this == JVM || this == BTF ? name() : name().toLowerCase(Locale.ROOT);
        }
    }

    /** A stretch of time that ends when it is closed. */
    public interface Span extends AutoCloseable {
        @Override
        void close();
    }

    /** One line of the table. */
    static final class Row {
        private final String name;
        private final Map<Phase, Long> nanos = new EnumMap<>(Phase.class);
        private Phase phase = Phase.REST;
        private long since;
        private long planted = -1;

        Row(String name, long now) {
            this.name = name;
            since = now;
        }

        /** From now on the time is for this phase; the phase before. */
        Phase enter(Phase next, long now) {
            Phase before = phase;
            add(before, now - since);
            phase = next;
            since = now;
            return before;
        }

        /** The time of a phase that was measured elsewhere. */
        void add(Phase which, long time) {
            nanos.merge(which, time, Long::sum);
        }

        /** The probe is planted. */
        void end(long now, long afterStart) {
            enter(Phase.REST, now);
            planted = afterStart;
        }
    }

    private static final double NANOS_PER_MILLI = 1e6;
    /** USER_HZ is 100 on every architecture that is supported. */
    private static final long NANOS_PER_TICK = 10_000_000;
    /** starttime, behind the closing parenthesis of the name. Source: proc_pid_stat(5). */
    private static final int TICKS_FIELD = 19;

    private static final Span NOTHING = new Span() {
        @Override
        public void close() {
            // Nothing is measured.
        }
    };

    private static final ThreadLocal<@Nullable Row> CURRENT = new ThreadLocal<>();
    private static final List<Row> ROWS = new ArrayList<>();
    private static volatile boolean on;
    private static long mainBegan;
    private static long processBegan;
    private static long firstBegan;
    private static long javac;

    private Timing() {}

    /** To be called first in {@code main}. */
    public static void mainBegins() {
        mainBegan = System.nanoTime();
    }

    /** Measures from now on, and prints the table to standard error at the end. */
    public static synchronized void begin() {
        processBegan = System.nanoTime() - age();
        on = true;
        Shutdown.atEnd(Timing::print);
    }

    /** How old this process is, in nanoseconds; since {@code main} only where /proc is not mounted. */
    private static long age() {
        try {
            String stat = Files.readString(Path.of("/proc/self/stat"));
            String ticks = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[TICKS_FIELD];
            String uptime = Files.readString(Path.of("/proc/uptime"));
            long hundredths =
                    Long.parseLong(uptime.substring(0, uptime.indexOf(' ')).replace(".", ""));
            return (hundredths - Long.parseLong(ticks)) * NANOS_PER_TICK;
        } catch (IOException e) {
            return System.nanoTime() - mainBegan;
        }
    }

    /** The user's file is being compiled. */
    public static Span javac() {
        if (!on) {
            return NOTHING;
        }
        long began = System.nanoTime();
        return () -> javac = System.nanoTime() - began;
    }

    /** How long the user's file took to compile, in nanoseconds. */
    public static long javacNanos() {
        return javac;
    }

    /** A registration, until it is planted or has failed. */
    public static Span registration(String target) {
        return on ? begin(target) : NOTHING;
    }

    private static Span begin(String target) {
        long now = System.nanoTime();
        var row = new Row(target, now);
        synchronized (Timing.class) {
            firstBegan = ROWS.isEmpty() ? now : firstBegan;
            ROWS.add(row);
        }
        CURRENT.set(row);
        return () -> {
            CURRENT.remove();
            long end = System.nanoTime();
            row.end(end, end - processBegan);
        };
    }

    /** A phase of the registration that this thread is in; nothing outside of one. */
    public static Span of(Phase phase) {
        Row row = on ? CURRENT.get() : null;
        if (row == null) {
            return NOTHING;
        }
        Phase before = row.enter(phase, System.nanoTime());
        return () -> {
            Phase _ = row.enter(before, System.nanoTime());
        };
    }

    private static synchronized void print() {
        if (ROWS.isEmpty()) {
            return;
        }
        var start = new Row("start", 0);
        start.add(Phase.JVM, mainBegan - processBegan);
        start.add(Phase.JAVAC, javac);
        start.add(Phase.REST, firstBegan - mainBegan - javac);
        var rows = new ArrayList<Row>();
        rows.add(start);
        rows.addAll(ROWS);
        table(rows).forEach(System.err::println);
    }

    /** A line for each row, and the sums. */
    static List<String> table(List<Row> rows) {
        String title = "timing, ms";
        int width = rows.stream().mapToInt(row -> row.name.length()).reduce(title.length(), Math::max);
        var all = new Row("all", 0);
        var lines = new ArrayList<String>();
        var head = new StringBuilder(padded(title, width));
        for (Phase phase : Phase.values()) {
            head.append("%9s".formatted(phase.title()));
        }
        lines.add(head + "%9s%12s".formatted("sum", "planted at"));
        for (Row row : rows) {
            row.nanos.forEach(all::add);
            lines.add(line(row, width));
        }
        if (rows.size() > 1) {
            lines.add(line(all, width));
        }
        return lines;
    }

    private static String padded(String name, int width) {
        return "kprobe: " + name + " ".repeat(width - name.length());
    }

    private static String line(Row row, int width) {
        var line = new StringBuilder(padded(row.name, width));
        long sum = 0;
        for (Phase phase : Phase.values()) {
            long nanos = row.nanos.getOrDefault(phase, 0L);
            sum += nanos;
            line.append(millis(nanos, 9));
        }
        return line.append(millis(sum, 9))
                .append(row.planted < 0 ? "" : millis(row.planted, 12))
                .toString();
    }

    private static String millis(long nanos, int width) {
        return nanos == 0
                ? " ".repeat(width - 1) + "-"
                : String.format(Locale.ROOT, "%" + width + ".1f", nanos / NANOS_PER_MILLI);
    }
}
