package org.kprobe4j.cli.output;

import org.jspecify.annotations.Nullable;

/** Takes rows of one schema. For one thread at a time. */
public interface Rows extends AutoCloseable {
    /**
     * Takes a row.
     *
     * @param cells one for each column, of the class that the column's {@link Kind} names, or null; what is handed over is not kept longer
     *     than this call, but for a table's rows
     * @throws OutputException if it cannot be written
     */
    void add(@Nullable Object... cells);

    /**
     * No more rows come.
     *
     * @throws OutputException if they cannot be written
     */
    @Override
    void close();
}
