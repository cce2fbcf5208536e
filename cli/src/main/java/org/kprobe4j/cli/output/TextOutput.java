package org.kprobe4j.cli.output;

import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Text for people: columns, lines, pictures that take each other's place on a terminal. */
final class TextOutput implements Output {
    private static final String GAP = "  ";
    /** Source: ECMA-48, 8.3.41 EL; 8.3.39 ED; above, 8.3.22 CUU. */
    private static final String CLEAR_LINE = "\033[K";

    private static final String CLEAR_BELOW = "\033[J";

    private final Sink sink;
    private final Moments moments;
    private Terminal terminal;
    private @Nullable List<Line> picture;
    private boolean isLast;
    private int drawn;
    private boolean begun;

    TextOutput(Destination destination, Clock clock, ZoneId zone) {
        this.sink = new Sink(destination);
        this.terminal = destination.terminal();
        this.moments = Moments.forPeople(clock, zone);
    }

    @Override
    public Rows rows(Schema schema) {
        return new LiveTable(schema);
    }

    @Override
    public Rows table(Schema schema) {
        return new WholeTable(schema);
    }

    @Override
    public boolean isForPeople() {
        return true;
    }

    @Override
    public Terminal terminal() {
        return terminal;
    }

    @Override
    public void resize(Terminal size) {
        terminal = size;
    }

    @Override
    public void line(Line line) {
        if (picture != null) {
            picture.add(line);
        } else {
            sink.text(line.rendered(terminal.colours(), Integer.MAX_VALUE) + "\n");
        }
    }

    @Override
    public void picture(String title, boolean last) {
        if (terminal.isTerminal()) {
            picture = new ArrayList<>();
            isLast = last;
        } else if (begun) {
            line("");
        }
        begun = true;
        line(new Line().add(Ink.FAINT, title));
    }

    @Override
    public void flush() {
        List<Line> lines = picture;
        if (lines != null) {
            picture = null;
            draw(lines);
        }
        sink.flush();
    }

    /** In one piece, so that it does not flicker. The last one is whole, however long it is. */
    private void draw(List<Line> lines) {
        var out = new StringBuilder(drawn == 0 ? "" : "\r\033[%dA".formatted(drawn));
        // The line below the picture is where the cursor rests.
        int most = isLast ? Integer.MAX_VALUE : Math.max(1, terminal.rows() - 1);
        List<Line> shown = lines.size() <= most ? lines : lines.subList(0, most);
        for (Line line : shown) {
            out.append(line.rendered(terminal.colours(), isLast ? Integer.MAX_VALUE : terminal.columns()))
                    .append(CLEAR_LINE)
                    .append('\n');
        }
        drawn = isLast ? 0 : shown.size();
        sink.text(out.append(CLEAR_BELOW).toString());
    }

    @Override
    public void close() {
        try (sink) {
            flush();
        }
    }

    private List<Integer> shown(Schema schema) {
        var indexes = new ArrayList<Integer>();
        for (int i = 0; i < schema.columns().size(); i++) {
            if (!schema.columns().get(i).machinesOnly()) {
                indexes.add(i);
            }
        }
        return indexes;
    }

    private String text(Column column, @Nullable Object cell) {
        return cell == null ? "-" : Width.visible(Cells.forPeople(column.kind(), cell, moments));
    }

    private static Ink ink(Column column) {
        return switch (column.kind()) {
            case DURATION -> Ink.SPAN;
            case TIME -> Ink.FAINT;
            default -> Ink.PLAIN;
        };
    }

    /** A column's cells and how wide it may be. */
    private final class WholeTable implements Rows {
        private final Schema schema;
        private final List<Column> columns = new ArrayList<>();
        private final List<Integer> indexes;
        private final List<String[]> rows = new ArrayList<>();

        WholeTable(Schema schema) {
            this.schema = schema;
            this.indexes = shown(schema);
            indexes.forEach(i -> columns.add(schema.columns().get(i)));
        }

        @Override
        public void add(@Nullable Object... cells) {
            schema.check(cells.length);
            var texts = new String[columns.size()];
            for (int i = 0; i < texts.length; i++) {
                texts[i] = text(columns.get(i), cells[indexes.get(i)]);
            }
            rows.add(texts);
        }

        @Override
        public void close() {
            int[] widths = widths();
            var headings = new Line();
            for (int i = 0; i < widths.length; i++) {
                append(headings, i, columns.get(i).heading(), widths, Ink.HEADING);
            }
            line(headings);
            for (String[] row : rows) {
                var line = new Line();
                for (int i = 0; i < widths.length; i++) {
                    append(line, i, row[i], widths, ink(columns.get(i)));
                }
                line(line);
            }
            rows.clear();
        }

        private void append(Line line, int i, String text, int[] widths, Ink ink) {
            line.add(i == 0 ? "" : GAP)
                    .cell(
                            ink,
                            Width.fitted(text, widths[i]),
                            widths[i],
                            columns.get(i).kind().isToTheRight());
        }

        private int[] widths() {
            int[] widths = new int[columns.size()];
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Width.of(columns.get(i).heading());
                for (String[] row : rows) {
                    widths[i] = Math.max(widths[i], Width.of(row[i]));
                }
            }
            Widths.fit(widths, columns, terminal.columns(), GAP.length());
            return widths;
        }
    }

    /** Shown as it comes. */
    private final class LiveTable implements Rows {
        private final Schema schema;
        private final List<Integer> indexes;
        private boolean headed;

        LiveTable(Schema schema) {
            this.schema = schema;
            this.indexes = shown(schema);
        }

        @Override
        public void add(@Nullable Object... cells) {
            schema.check(cells.length);
            if (!headed) {
                headed = true;
                var headings = new Line();
                indexes.forEach(i -> append(headings, i, schema.columns().get(i).heading(), Ink.HEADING));
                line(headings);
            }
            var line = new Line();
            indexes.forEach(i -> append(line, i, cells[i]));
            line(line);
        }

        private void append(Line line, int i, @Nullable Object cell) {
            Column column = schema.columns().get(i);
            if (cell instanceof Line coloured) {
                line.add(i == indexes.getFirst() ? "" : GAP).add(coloured);
            } else {
                append(line, i, text(column, cell), ink(column));
            }
        }

        private void append(Line line, int i, String text, Ink ink) {
            Column column = schema.columns().get(i);
            int width = Math.max(column.width(), Width.of(column.heading()));
            line.add(i == indexes.getFirst() ? "" : GAP)
                    .cell(ink, text, width, column.kind().isToTheRight());
        }

        @Override
        public void close() {
            // Each row is shown as it comes.
        }
    }
}
