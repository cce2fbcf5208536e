package org.kprobe4j.cli.output;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** RFC 4180: a line of the columns' names, then the rows; lines end with CR LF. Rows of another schema begin with its names, behind an empty line. */
final class CsvOutput implements Output {
    private static final String END = "\r\n";

    private final Sink sink;
    private final Moments moments;
    private final StringBuilder text = new StringBuilder();
    private @Nullable Schema current;

    CsvOutput(Destination destination, Clock clock) {
        this.sink = new Sink(destination);
        this.moments = Moments.forMachines(clock);
    }

    @Override
    public Rows rows(Schema schema) {
        return rowsOf(schema);
    }

    @Override
    public Rows table(Schema schema) {
        return rowsOf(schema);
    }

    private Rows rowsOf(Schema schema) {
        return new Rows() {
            @Override
            public void add(@Nullable Object... cells) {
                schema.check(cells.length);
                begin(schema);
                text.setLength(0);
                for (int i = 0; i < cells.length; i++) {
                    Object cell = cells[i];
                    text.append(i == 0 ? "" : ",");
                    append(
                            cell == null
                                    ? ""
                                    : Cells.text(schema.columns().get(i).kind(), cell, moments));
                }
                sink.text(text.append(END).toString());
            }

            @Override
            public void close() {
                begin(schema);
            }
        };
    }

    private void begin(Schema schema) {
        if (schema.equals(current)) {
            return;
        }
        text.setLength(0);
        text.append(current == null ? "" : END);
        List<String> names = new ArrayList<>();
        schema.columns().forEach(column -> names.add(column.name()));
        for (int i = 0; i < names.size(); i++) {
            text.append(i == 0 ? "" : ",");
            append(names.get(i));
        }
        sink.text(text.append(END).toString());
        current = schema;
    }

    private void append(String cell) {
        boolean quoted = false;
        for (int i = 0; i < cell.length() && !quoted; i++) {
            char c = cell.charAt(i);
            quoted = c == ',' || c == '"' || c == '\n' || c == '\r';
        }
        if (quoted) {
            text.append('"').append(cell.replace("\"", "\"\"")).append('"');
        } else {
            text.append(cell);
        }
    }

    @Override
    public boolean isForPeople() {
        return false;
    }

    @Override
    public void line(Line line) {
        // For people.
    }

    @Override
    public void picture(String title, boolean isLast) {
        // For people; the rows say when they are of.
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
