package org.kprobe4j.cli.output;

import java.util.Locale;

/**
 * A column of rows.
 *
 * @param name the key of machines: lower case with underscores, a unit at the end as in {@code duration_ns}; or an expression as it was
 *     written. It is documented, and stays
 * @param heading what people see above it
 * @param kind what the cells are
 * @param width how many characters people see at least where rows are shown as they come
 * @param machinesOnly whether people do not see it
 */
public record Column(String name, String heading, Kind kind, int width, boolean machinesOnly) {
    /**
     * A column that people see under its name.
     *
     * @param name the key
     * @param kind what the cells are
     * @return the column
     */
    public static Column of(String name, Kind kind) {
        String heading = name.endsWith("_ns") && kind == Kind.DURATION ? name.substring(0, name.length() - 3) : name;
        return new Column(name, heading.toUpperCase(Locale.ROOT), kind, usual(kind), false);
    }

    /**
     * A column whose values are those of an expression, which stands above it as it was written.
     *
     * @param expression as the user wrote it
     * @param kind what the cells are
     * @return the column
     */
    public static Column ofExpression(String expression, Kind kind) {
        return new Column(expression, expression, kind, usual(kind), false);
    }

    /**
     * The column with another heading.
     *
     * @param text what people see
     * @return a copy
     */
    public Column heading(String text) {
        return new Column(name, text, kind, width, machinesOnly);
    }

    /**
     * The column with another width.
     *
     * @param characters how many people see at least
     * @return a copy
     */
    public Column width(int characters) {
        return new Column(name, heading, kind, characters, machinesOnly);
    }

    /**
     * The column for machines only.
     *
     * @return a copy
     */
    public Column forMachines() {
        return new Column(name, heading, kind, width, true);
    }

    /** A cell of a key as text. */
    public String text(Object cell) {
        return switch (kind) {
            case UNSIGNED -> Long.toUnsignedString(((Number) cell).longValue());
            case ADDRESS -> Cells.address(((Number) cell).longValue());
            case DURATION -> Cells.span(((Number) cell).longValue());
            default -> cell.toString();
        };
    }

    private static int usual(Kind kind) {
        return switch (kind) {
            case NUMBER, UNSIGNED, DECIMAL -> 7;
            case DURATION -> 9;
            case TIME -> 15;
            case ADDRESS -> 18;
            case FLAG -> 5;
            case TEXT, LIST, VALUES -> 16;
        };
    }
}
