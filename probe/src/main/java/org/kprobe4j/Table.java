package org.kprobe4j;

import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.net.InetAddress;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.internal.AddressText;

/**
 * Rows in columns, for people: numbers to the right, text to the left.
 *
 * <pre>{@code
 * var table = Table.of("COMM", "READS");
 * reads.top(10).forEach(entry -> table.row(entry.getKey(), entry.getValue()));
 * IO.println(table);
 * }</pre>
 *
 * <p>{@link #live} makes one whose rows are printed at once. Rows may be records, whose components are the columns. A {@code
 * LocalTime} is shown to the second: {@code 12:30:00}. Not thread-safe,
 * but for a live one.
 */
public final class Table {
    private static final String GAP = " ";

    private final List<String> headings;
    private final List<List<Object>> rows = new ArrayList<>();

    private Table(List<String> headings) {
        if (headings.isEmpty()) {
            throw new UsageException("a table needs at least one column");
        }
        this.headings = headings;
    }

    /**
     * An empty table.
     *
     * @param headings one for each column
     * @return the table
     */
    public static Table of(String... headings) {
        return new Table(List.of(headings));
    }

    /**
     * An empty table for records.
     *
     * @param rows class of the rows: its components are the columns, {@code delayNs} with the heading {@code DELAY_NS}
     * @return the table
     */
    public static Table of(Class<? extends Record> rows) {
        return new Table(headings(rows));
    }

    /**
     * A table whose rows are printed as they come, the headings before the first. A column is as wide as its heading, or as said:
     * {@code "COMM:16"}; a row with a longer cell is wider.
     *
     * @param headings one for each column, with a width after a colon where it should be wider
     * @return the table
     */
    public static Live live(String... headings) {
        return new Live(System.out, List.of(headings));
    }

    /**
     * A live table for records.
     *
     * @param rows class of the rows: its components are the columns; text is given {@link MaxBytes} as width, at most 16
     * @return the table
     */
    public static Live live(Class<? extends Record> rows) {
        var headings = new ArrayList<String>();
        for (RecordComponent component : rows.getRecordComponents()) {
            headings.add("%s:%d".formatted(heading(component.getName()), width(component)));
        }
        return new Live(System.out, headings);
    }

    private static List<String> headings(Class<? extends Record> rows) {
        return Arrays.stream(rows.getRecordComponents())
                .map(component -> heading(component.getName()))
                .toList();
    }

    private static String heading(String component) {
        return component.replaceAll("(?<=[a-z0-9])(?=[A-Z])", "_").toUpperCase(Locale.ROOT);
    }

    private static int width(RecordComponent component) {
        MaxBytes most = component.getAnnotation(MaxBytes.class);
        if (component.getType() == String.class) {
            return most == null ? 16 : Math.min(16, most.value());
        }
        return component.getType() == long.class ? 12 : component.getType() == int.class ? 7 : 0;
    }

    /**
     * Adds a row.
     *
     * @param cells one for each column; or one record with as many components
     * @return this
     * @throws UsageException if there are more or fewer than columns
     */
    public Table row(@Nullable Object... cells) {
        rows.add(cells(headings, cells));
        return this;
    }

    private static List<Object> cells(List<String> headings, @Nullable Object... cells) {
        @Nullable
        Object[] all = cells.length == 1 && cells[0] instanceof Record record && headings.size() != 1
                ? components(record)
                : cells;
        if (all.length != headings.size()) {
            throw new UsageException("a row of %d cells in a table of %d columns: %s"
                    .formatted(all.length, headings.size(), String.join(", ", headings)));
        }
        return Arrays.stream(all).map(Table::cell).toList();
    }

    private static Object cell(@Nullable Object cell) {
        return switch (cell) {
            case Number number -> number;
            // Its own text leaves out seconds that are zero.
            case LocalTime time -> "%tT".formatted(time);
            // Without the slash that Java puts between a name and an address.
            case InetAddress address -> AddressText.of(address);
            case null, default -> String.valueOf(cell);
        };
    }

    private static @Nullable Object[] components(Record record) {
        RecordComponent[] components = record.getClass().getRecordComponents();
        var values = new @Nullable Object[components.length];
        for (int i = 0; i < values.length; i++) {
            try {
                components[i].getAccessor().setAccessible(true);
                values[i] = components[i].getAccessor().invoke(record);
            } catch (IllegalAccessException | InvocationTargetException e) {
                throw new UsageException("cannot read %s of %s: %s"
                        .formatted(components[i].getName(), record.getClass().getSimpleName(), e));
            }
        }
        return values;
    }

    /** The headings and all rows, a line each, without a line's end behind the last. */
    @Override
    public String toString() {
        int[] widths = new int[headings.size()];
        for (int i = 0; i < widths.length; i++) {
            widths[i] = headings.get(i).length();
            for (List<Object> row : rows) {
                widths[i] = Math.max(widths[i], row.get(i).toString().length());
            }
        }
        var lines = new ArrayList<String>();
        List<Object> sample = rows.isEmpty() ? List.copyOf(headings) : rows.getFirst();
        lines.add(headings(headings, widths, sample));
        rows.forEach(row -> lines.add(line(row, widths)));
        return String.join("\n", lines);
    }

    /** A heading stands over its column as the column's cells do. */
    private static String headings(List<String> headings, int[] widths, List<Object> sample) {
        var out = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            append(out, headings.get(i), widths[i], sample.get(i) instanceof Number);
        }
        return out.toString().stripTrailing();
    }

    private static String line(List<Object> row, int[] widths) {
        var out = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            append(out, row.get(i).toString(), widths[i], row.get(i) instanceof Number);
        }
        return out.toString().stripTrailing();
    }

    private static void append(StringBuilder out, String text, int width, boolean right) {
        String fill = " ".repeat(Math.max(0, width - text.length()));
        out.append(out.isEmpty() ? "" : GAP).append(right ? fill + text : text + fill);
    }

    /** A table whose rows are printed as they come. Thread-safe. */
    public static final class Live {
        private final PrintStream out;
        private final List<String> headings;
        private final int[] widths;
        private boolean begun;

        private Live(PrintStream out, List<String> columns) {
            this.out = out;
            this.headings =
                    columns.stream().map(column -> column.split(":", 2)[0]).toList();
            this.widths = new int[columns.size()];
            for (int i = 0; i < widths.length; i++) {
                String[] parts = columns.get(i).split(":", 2);
                try {
                    widths[i] = Math.max(headings.get(i).length(), parts.length < 2 ? 0 : Integer.parseInt(parts[1]));
                } catch (NumberFormatException e) {
                    throw new UsageException("%s: a column is NAME or NAME:WIDTH".formatted(columns.get(i)));
                }
            }
        }

        /**
         * Prints a row.
         *
         * @param cells one for each column; or one record with as many components
         * @throws UsageException if there are more or fewer than columns
         */
        public synchronized void row(@Nullable Object... cells) {
            List<Object> row = cells(headings, cells);
            if (!begun) {
                begun = true;
                out.println(headings(headings, widths, row));
            }
            out.println(line(row, widths));
        }
    }
}
