package org.kprobe4j.cli.output;

/**
 * Takes what a tool finds out: text for people, lines of JSON, CSV, a flight recording. For one thread at a time; all methods throw an
 * {@link OutputException} if what they write cannot be written.
 *
 * <p>A tool that shows people something else than columns (a trace's nesting, a histogram's bars) asks {@link #isForPeople()} and writes
 * {@linkplain #line lines} then, rows otherwise.
 */
public interface Output extends AutoCloseable {
    /**
     * Rows that come one by one and are shown as they come. What people see has columns of a fixed width.
     *
     * @param schema what they are
     * @return takes them
     */
    Rows rows(Schema schema);

    /**
     * Rows that belong together. People see them when the table is closed, each column as wide as it must be.
     *
     * @param schema what they are
     * @return takes them
     */
    Rows table(Schema schema);

    /** Whether it is text that people read. */
    boolean isForPeople();

    /**
     * Writes a line for people; machines get rows only, so for them this does nothing.
     *
     * @param line the line
     */
    void line(Line line);

    /**
     * Writes a line for people without any colour.
     *
     * @param text the line
     */
    default void line(String text) {
        line(new Line().add(text));
    }

    /**
     * A picture of one interval begins ({@code -i}): on a terminal it takes the place of the one before. It ends with {@link #flush()}.
     *
     * @param title what is to stand above it, such as the time
     * @param isLast whether none follows: it is shown whole, however long it is
     */
    void picture(String title, boolean isLast);

    /** The terminal's size and abilities, or what stands for them. */
    Terminal terminal();

    /**
     * The terminal's size has changed.
     *
     * @param size what it is now
     */
    default void resize(Terminal size) {
        // Of no interest to machines.
    }

    /** Hands on what was written up to now: at the end of each batch of rows. */
    void flush();

    /** Writes all that is left. */
    @Override
    void close();
}
