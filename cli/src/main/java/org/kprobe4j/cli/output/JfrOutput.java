package org.kprobe4j.cli.output;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmc.flightrecorder.writer.api.Recording;
import org.openjdk.jmc.flightrecorder.writer.api.Recordings;
import org.openjdk.jmc.flightrecorder.writer.api.Type;
import org.openjdk.jmc.flightrecorder.writer.api.TypedValueBuilder;
import org.openjdk.jmc.flightrecorder.writer.api.Types;

/**
 * A flight recording: an event for each row, {@code kprobe4j.Count} for rows of the type {@code count}. The first column that is a moment is
 * the event's start, a column {@code duration_ns} its duration, a column {@code tid} its thread; ticks are nanoseconds of the monotonic clock, and each chunk says
 * which time of day that is, so that events stand beside those of a JVM on the same machine.
 *
 * <p>The library keeps a chunk in memory until it is closed, so one is closed after some number of events.
 */
final class JfrOutput implements Output {
    private static final int EVENTS_PER_CHUNK = 50_000;
    /** Under which Mission Control lists the events. */
    private static final String[] CATEGORY = {"kprobe4j"};

    private static final String START = "startTime";
    private static final String DURATION = "duration";
    private static final String THREAD = "eventThread";
    private static final String TICKS = "TICKS";

    private final Sink sink;
    private final Clock clock;
    private final Map<Schema, Type> types = new HashMap<>();
    private @Nullable Recording chunk;
    private int events;
    private boolean empty = true;

    JfrOutput(Destination destination, Clock clock) {
        this.sink = new Sink(destination);
        this.clock = clock;
    }

    /** The library closes what it writes to; the file goes on. */
    private static final class Unclosed extends FilterOutputStream {
        Unclosed(Sink sink) {
            super(sink);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
        }

        @Override
        public void close() throws IOException {
            flush();
        }
    }

    private Recording chunk() {
        Recording current = chunk;
        if (current == null) {
            current = Recordings.newRecording(
                    new Unclosed(sink),
                    settings -> settings.withTimestamp(clock.epochNanos())
                            .withStartTicks(clock.monotonicNanos())
                            .withJdkTypeInitialization());
            chunk = current;
            empty = false;
        }
        return current;
    }

    private void endChunk() {
        Recording current = chunk;
        chunk = null;
        types.clear();
        events = 0;
        try {
            if (current != null) {
                current.close();
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private Type type(Schema schema) {
        return types.computeIfAbsent(schema, wanted -> register(chunk(), wanted));
    }

    private static Type register(Recording recording, Schema schema) {
        Types known = recording.getTypes();
        Type address = recording.registerAnnotationType(
                "jdk.jfr.MemoryAddress", type -> type.addAnnotation(known.getType(Types.JDK.ANNOTATION_CONTENT_TYPE)));
        // Readers take a start for the first field and a duration for the second one; the library's own events begin
        // otherwise.
        return recording.registerType(eventName(schema), "jdk.jfr.Event", event -> {
            event.addAnnotation(Types.JDK.ANNOTATION_LABEL, schema.title());
            event.addAnnotation(Types.JDK.ANNOTATION_CATEGORY, value -> value.putField("value", CATEGORY));
            event.addField(
                    START,
                    Types.Builtin.LONG,
                    builder -> builder.addAnnotation(Types.JDK.ANNOTATION_LABEL, "Start Time")
                            .addAnnotation(Types.JDK.ANNOTATION_TIMESTAMP, TICKS));
            if (schema.columns().stream().anyMatch(JfrOutput::isDuration)) {
                event.addField(
                        DURATION,
                        Types.Builtin.LONG,
                        builder -> builder.addAnnotation(Types.JDK.ANNOTATION_LABEL, "Duration")
                                .addAnnotation(Types.JDK.ANNOTATION_TIMESPAN, TICKS));
            }
            if (thread(schema) >= 0) {
                event.addField(
                        THREAD,
                        Types.JDK.THREAD,
                        builder -> builder.addAnnotation(Types.JDK.ANNOTATION_LABEL, "Thread"));
            }
            for (Field field : fields(schema)) {
                switch (field.column().kind()) {
                    case NUMBER, UNSIGNED, ADDRESS, DURATION, TIME ->
                        event.addField(field.name(), Types.Builtin.LONG, builder -> {
                            builder.addAnnotation(Types.JDK.ANNOTATION_LABEL, label(field.column()));
                            annotate(field.column().kind(), known, address, builder::addAnnotation);
                        });
                    case DECIMAL -> event.addField(field.name(), Types.Builtin.DOUBLE);
                    case FLAG -> event.addField(field.name(), Types.Builtin.BOOLEAN);
                    case TEXT, LIST, VALUES ->
                        event.addField(
                                field.name(),
                                Types.Builtin.STRING,
                                builder -> builder.addAnnotation(Types.JDK.ANNOTATION_LABEL, label(field.column())));
                }
            }
        });
    }

    private interface Annotations {
        Object add(Type type, String value);
    }

    private static void annotate(Kind kind, Types known, Type address, Annotations to) {
        switch (kind) {
            case DURATION -> to.add(known.getType(Types.JDK.ANNOTATION_TIMESPAN), "NANOSECONDS");
            case TIME -> to.add(known.getType(Types.JDK.ANNOTATION_TIMESTAMP), TICKS);
            case ADDRESS -> to.add(address, "");
            case UNSIGNED -> to.add(known.getType(Types.JDK.ANNOTATION_UNSIGNED), "");
            default -> {
                // A number as it is.
            }
        }
    }

    /** What a column is called in an event. */
    private record Field(Column column, String name, int cell) {}

    /** All columns but the event's own start and duration. */
    private static List<Field> fields(Schema schema) {
        var fields = new ArrayList<Field>();
        int start = start(schema);
        for (int i = 0; i < schema.columns().size(); i++) {
            Column column = schema.columns().get(i);
            if (i != start && !isDuration(column)) {
                fields.add(new Field(column, fieldName(column.name(), i), i));
            }
        }
        return fields;
    }

    private static int start(Schema schema) {
        for (int i = 0; i < schema.columns().size(); i++) {
            if (schema.columns().get(i).kind() == Kind.TIME) {
                return i;
            }
        }
        return -1;
    }

    /** The column with the thread's number; -1 if there is none. */
    private static int thread(Schema schema) {
        return index(schema, "tid");
    }

    private static int index(Schema schema, String name) {
        for (int i = 0; i < schema.columns().size(); i++) {
            if (schema.columns().get(i).name().equals(name)) {
                return i;
            }
        }
        return -1;
    }

    private static boolean isDuration(Column column) {
        return column.kind() == Kind.DURATION && column.name().equals("duration_ns");
    }

    /** {@code kprobe4j.Count}, {@code kprobe4j.SlowCall}. */
    private static String eventName(Schema schema) {
        var name = new StringBuilder("kprobe4j.");
        for (String word : schema.type().split("_", -1)) {
            name.append(Character.toUpperCase(word.charAt(0))).append(word, 1, word.length());
        }
        return name.toString();
    }

    /** A Java name: {@code duration_ns} stays, {@code file->f_pos} becomes {@code file_f_pos}; what is taken by all events is numbered. */
    private static String fieldName(String column, int number) {
        String name = column.replaceAll("[^A-Za-z0-9_]+", "_").replaceAll("^_+|_+$", "");
        boolean isTaken = List.of(START, DURATION, THREAD, "stackTrace", "").contains(name);
        return isTaken || Character.isDigit(name.charAt(0)) ? "field%d_%s".formatted(number, name) : name;
    }

    private static String label(Column column) {
        return column.name();
    }

    @Override
    public Rows rows(Schema schema) {
        return new Events(schema);
    }

    @Override
    public Rows table(Schema schema) {
        return new Events(schema);
    }

    private final class Events implements Rows {
        private final Schema schema;
        private final List<Field> fields;
        private final int start;
        private final int thread;
        private final int comm;

        Events(Schema schema) {
            this.schema = schema;
            this.fields = fields(schema);
            this.start = start(schema);
            this.thread = thread(schema);
            this.comm = index(schema, "comm");
        }

        @Override
        public void add(@Nullable Object... cells) {
            schema.check(cells.length);
            Recording current = chunk();
            Type type = type(schema);
            current.writeEvent(type.asValue(event -> put(event, cells)));
            if (++events >= EVENTS_PER_CHUNK) {
                endChunk();
            }
        }

        private void put(TypedValueBuilder event, @Nullable Object... cells) {
            Object at = start < 0 ? null : cells[start];
            event.putField(START, at == null ? System.nanoTime() : ((Number) at).longValue());
            for (int i = 0; i < cells.length; i++) {
                if (isDuration(schema.columns().get(i))) {
                    event.putField(DURATION, number(cells[i]));
                }
            }
            if (thread >= 0) {
                Object name = comm < 0 ? null : cells[comm];
                long number = cells[thread] == null ? 0 : number(cells[thread]);
                event.putField(
                        THREAD,
                        value -> value.putField("osName", name == null ? "" : name.toString())
                                .putField("osThreadId", number));
            }
            // All fields: the library leaves out what is not put, and readers take what follows for it.
            for (Field field : fields) {
                Object cell = cells[field.cell()];
                switch (field.column().kind()) {
                    case NUMBER, UNSIGNED, ADDRESS, DURATION, TIME -> event.putField(field.name(), number(cell));
                    case DECIMAL ->
                        event.putField(field.name(), cell instanceof Number number ? number.doubleValue() : Double.NaN);
                    case FLAG -> event.putField(field.name(), cell instanceof Boolean flag && flag);
                    case TEXT -> event.putField(field.name(), cell == null ? "" : cell.toString());
                    case LIST -> event.putField(field.name(), cell == null ? "" : Cells.lines((List<?>) cell));
                    case VALUES -> event.putField(field.name(), cell == null ? "" : Cells.values((Map<?, ?>) cell));
                }
            }
        }

        /** The smallest number stands for none, as in the JDK's own events. */
        private static long number(@Nullable Object cell) {
            return cell instanceof Number number ? number.longValue() : Long.MIN_VALUE;
        }

        @Override
        public void close() {
            // Each event is written as it comes.
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
        // For people; the events say when they are of.
    }

    @Override
    public Terminal terminal() {
        return Terminal.NONE;
    }

    @Override
    public void flush() {
        // A chunk is written as a whole.
    }

    @Override
    public void close() {
        try (sink) {
            if (empty) {
                chunk();
            }
            endChunk();
        }
    }
}
