package org.kprobe4j.cli.output;

import java.util.List;

/**
 * What rows are.
 *
 * @param type their name: the value of {@code "type"} in each object of JSON; an event of a flight recording is called by it
 * @param title what it says to people, as of an event in JDK Mission Control
 * @param columns of each row, in order
 */
public record Schema(String type, String title, List<Column> columns) {
    /** Copies the list. */
    public Schema {
        columns = List.copyOf(columns);
    }

    /**
     * A schema.
     *
     * @param type the rows' name, lower case with underscores
     * @param title what it says to people
     * @param columns of each row, in order
     * @return the schema
     */
    public static Schema of(String type, String title, Column... columns) {
        return new Schema(type, title, List.of(columns));
    }

    /** Refuses a row that is none of these: a mistake of the tool's. */
    void check(int cells) {
        if (cells != columns.size()) {
            throw new IllegalArgumentException(
                    "a row of %d cells for the %d columns of %s".formatted(cells, columns.size(), type));
        }
    }
}
