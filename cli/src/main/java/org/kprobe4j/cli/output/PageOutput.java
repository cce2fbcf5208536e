package org.kprobe4j.cli.output;

import org.jspecify.annotations.Nullable;

/** A page for browsers that a tool makes itself: it takes the whole page, and neither rows nor lines. */
public final class PageOutput implements Output {
    private static final Rows NOTHING = new Rows() {
        @Override
        public void add(@Nullable Object... cells) {
            // The page shows it.
        }

        @Override
        public void close() {
            // Nothing was opened.
        }
    };

    private final Sink sink;

    /**
     * A page.
     *
     * @param to where it goes
     */
    public PageOutput(Destination to) {
        this.sink = new Sink(to);
    }

    /**
     * Writes the page.
     *
     * @param content all of it
     */
    public void page(byte[] content) {
        sink.write(content, 0, content.length);
    }

    @Override
    public Rows rows(Schema schema) {
        return NOTHING;
    }

    @Override
    public Rows table(Schema schema) {
        return NOTHING;
    }

    @Override
    public boolean isForPeople() {
        return false;
    }

    @Override
    public void line(Line line) {
        // The page shows it.
    }

    @Override
    public void picture(String title, boolean isLast) {
        // There is one page, at the end.
    }

    @Override
    public Terminal terminal() {
        return Terminal.NONE;
    }

    @Override
    public void flush() {
        sink.flush();
    }

    @Override
    public void close() {
        sink.close();
    }
}
