package org.kprobe4j.cli.output;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.SerializedString;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An object of JSON in each line: {@code "type"}, then the columns in their order. Moments are texts (ISO 8601, UTC), addresses texts
 * too ({@code "0xffffffff81234567"}, since a JSON number has 53 bits with most readers), time spans are numbers of nanoseconds; a cell
 * without a value is null.
 */
final class JsonOutput implements Output {
    private final Sink sink;
    private final Moments moments;
    private final JsonGenerator json;

    JsonOutput(Destination destination, Clock clock) {
        this.sink = new Sink(destination);
        this.moments = Moments.forMachines(clock);
        try {
            this.json = new JsonFactory().createGenerator(sink);
            json.setRootValueSeparator(null);
            // What the sink has is handed on when flush() is called, not with each object.
            json.disable(JsonGenerator.Feature.FLUSH_PASSED_TO_STREAM);
            json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
        } catch (IOException e) {
            throw OutputException.writing(destination.name(), e);
        }
    }

    @Override
    public Rows rows(Schema schema) {
        return new Objects(schema);
    }

    @Override
    public Rows table(Schema schema) {
        return new Objects(schema);
    }

    private final class Objects implements Rows {
        private final Schema schema;
        private final Column[] columns;
        private final SerializedString type;
        private final SerializedString[] names;

        Objects(Schema schema) {
            this.schema = schema;
            this.type = new SerializedString(schema.type());
            this.columns = schema.columns().toArray(Column[]::new);
            this.names = schema.columns().stream()
                    .map(column -> new SerializedString(column.name()))
                    .toArray(SerializedString[]::new);
        }

        @Override
        public void add(@Nullable Object... cells) {
            schema.check(cells.length);
            try {
                json.writeStartObject();
                json.writeFieldName("type");
                json.writeString(type);
                for (int i = 0; i < cells.length; i++) {
                    json.writeFieldName(names[i]);
                    write(columns[i].kind(), cells[i]);
                }
                json.writeEndObject();
                json.writeRaw('\n');
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public void close() {
            // Each row is written as it comes.
        }
    }

    private void write(Kind kind, @Nullable Object cell) throws IOException {
        if (cell == null) {
            json.writeNull();
            return;
        }
        switch (kind) {
            case NUMBER, DURATION -> json.writeNumber(((Number) cell).longValue());
            case UNSIGNED -> unsigned(((Number) cell).longValue());
            case DECIMAL -> json.writeNumber(((Number) cell).doubleValue());
            case TIME -> json.writeString(moments.text(((Number) cell).longValue()));
            case ADDRESS -> json.writeString(Cells.address(((Number) cell).longValue()));
            case FLAG -> json.writeBoolean((Boolean) cell);
            case TEXT -> json.writeString(cell.toString());
            case LIST -> {
                json.writeStartArray();
                for (Object part : (List<?>) cell) {
                    json.writeString(String.valueOf(part));
                }
                json.writeEndArray();
            }
            case VALUES -> values((Map<?, ?>) cell);
        }
    }

    private void unsigned(long number) throws IOException {
        if (number >= 0) {
            json.writeNumber(number);
        } else {
            json.writeNumber(Long.toUnsignedString(number));
        }
    }

    private void values(Map<?, ?> values) throws IOException {
        json.writeStartObject();
        for (Map.Entry<?, ?> entry : values.entrySet()) {
            json.writeFieldName(String.valueOf(entry.getKey()));
            switch (entry.getValue()) {
                case null -> json.writeNull();
                case Double number -> json.writeNumber(number);
                case Number number -> json.writeNumber(number.longValue());
                case Boolean flag -> json.writeBoolean(flag);
                case Object text -> json.writeString(text.toString());
            }
        }
        json.writeEndObject();
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
        try {
            json.flush();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        sink.flush();
    }

    @Override
    public void close() {
        try (sink) {
            flush();
        }
    }
}
