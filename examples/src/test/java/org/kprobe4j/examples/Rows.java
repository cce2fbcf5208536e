package org.kprobe4j.examples;

import java.util.Arrays;
import java.util.List;

/** The rows of a live table whose first column is the time. */
final class Rows {
    private Rows() {}

    /**
     * Finds them among a run's lines.
     *
     * @param columns how many there are, with the time; blanks in the last are its own
     * @return the cells of each row, without the time
     */
    static List<List<String>> of(Example run, int columns) {
        return run.matching("\\d\\d:\\d\\d:\\d\\d .*")
                .map(line -> Arrays.asList(line.strip().split(" +", columns)))
                .map(row -> row.subList(1, row.size()))
                .toList();
    }
}
