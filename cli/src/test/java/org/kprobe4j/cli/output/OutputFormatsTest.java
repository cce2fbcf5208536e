package org.kprobe4j.cli.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What machines read, byte for byte. */
class OutputFormatsTest {
    @TempDir
    Path folder;

    private static Written written(Format format) {
        Written written = Written.in(format);
        try (Output output = written.output();
                Rows rows = output.rows(Written.CALLS)) {
            Written.addCalls(rows);
        }
        return written;
    }

    @Test
    void jsonIsAnObjectInEachLine() {
        assertThat(written(Format.JSON).take()).isEqualTo("""
                {"type":"call","time":"2026-01-02T03:04:05.250000001Z","comm":"cat\\u001B[31m","tid":77,"duration_ns":1234567,\
                "address":"0xffffffff81234567","size":18446744073709551615,"share":0.5,"failed":true,\
                "stack":["vfs_read+0x1","do_syscall_64"],"args":{"fd":3,"name":"a \\"b\\", c","none":null,"yes":true}}
                {"type":"call","time":"2026-01-02T03:04:04.999999999Z","comm":"über, 字","tid":8,"duration_ns":870,\
                "address":"0x0","size":7,"share":12.0,"failed":false,"stack":[],"args":{}}
                {"type":"call","time":null,"comm":null,"tid":null,"duration_ns":null,"address":null,"size":null,"share":null,\
                "failed":null,"stack":null,"args":null}
                """);
    }

    @Test
    void csvIsThatOfRfc4180() {
        assertThat(written(Format.CSV).take())
                .isEqualTo(String.join(
                        "\r\n",
                        "time,comm,tid,duration_ns,address,size,share,failed,stack,args",
                        "2026-01-02T03:04:05.250000001Z,cat\u001b[31m,77,1234567,0xffffffff81234567,18446744073709551615,0.500,true,"
                                + "vfs_read+0x1;do_syscall_64,\"fd=3, name=a \"\"b\"\", c, none=null, yes=true\"",
                        "2026-01-02T03:04:04.999999999Z,\"über, 字\",8,870,0x0,7,12.000,false,,",
                        ",,,,,,,,,",
                        ""));
    }

    @Test
    void csvOfOtherRowsBeginsWithTheirNames() {
        Written written = Written.in(Format.CSV);
        Schema other = Schema.of("total", "Total", Column.of("count", Kind.NUMBER));
        try (Output output = written.output()) {
            try (Rows rows = output.table(Schema.of("row", "Row", Column.of("a\"b", Kind.TEXT)))) {
                rows.add("x\ny");
            }
            try (Rows rows = output.table(other)) {
                rows.add(1);
            }
            try (Rows rows = output.table(other)) {
                rows.add(2);
            }
        }
        assertThat(written.take()).isEqualTo("\"a\"\"b\"\r\n\"x\ny\"\r\n\r\ncount\r\n1\r\n2\r\n");
    }

    @Test
    void machinesGetNoLinesOfPeople() {
        for (Format format : List.of(Format.JSON, Format.CSV)) {
            Written written = Written.in(format);
            try (Output output = written.output()) {
                output.picture("12:00:00", false);
                output.line("for people");
                output.flush();
            }
            assertThat(written.take()).isEmpty();
        }
    }

    @Test
    void aRecordingIsReadByTheJdk() throws IOException {
        Path file = Files.write(folder.resolve("x.jfr"), written(Format.JFR).bytes());
        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        assertThat(events).hasSize(3);
        RecordedEvent first = events.stream()
                .filter(event -> event.getLong("tid") == 77)
                .findFirst()
                .orElseThrow();
        assertThat(first.getEventType().getName()).isEqualTo("kprobe4j.Call");
        assertThat(first.getEventType().getLabel()).isEqualTo("Call");
        assertThat(first.getStartTime()).isEqualTo(Instant.parse("2026-01-02T03:04:05.250000001Z"));
        assertThat(first.getDuration()).isEqualTo(Duration.ofNanos(1_234_567));
        assertThat(first.getThread("eventThread").getOSThreadId()).isEqualTo(77);
        assertThat(first.getThread("eventThread").getOSName()).isEqualTo("cat\u001b[31m");
        assertThat(first.getString("stack")).isEqualTo("vfs_read+0x1\ndo_syscall_64");
        assertThat(first.getString("args")).isEqualTo("fd=3, name=a \"b\", c, none=null, yes=true");
        assertThat(first.getLong("address")).isEqualTo(0xffff_ffff_8123_4567L);
        assertThat(first.getDouble("share")).isEqualTo(0.5);
        assertThat(first.getBoolean("failed")).isTrue();
        assertThat(first.toString()).contains("address = 0xFFFFFFFF81234567");
    }

    @Test
    void aLongRecordingHasSeveralChunksAndAllEvents() throws IOException {
        Path file = folder.resolve("long.jfr");
        Schema schema = Schema.of("tick", "Tick", Column.of("time", Kind.TIME), Column.of("n", Kind.NUMBER));
        int events = 120_000;
        try (Output output = Outputs.open(Format.JFR, Destination.file(file, "long.jfr"), Written.CLOCK);
                Rows rows = output.rows(schema)) {
            for (long i = 0; i < events; i++) {
                rows.add(2_000_000_000L + i, i);
            }
        }
        long sum = 0;
        int read = 0;
        try (var recording = new RecordingFile(file)) {
            while (recording.hasMoreEvents()) {
                sum += recording.readEvent().getLong("n");
                read++;
            }
        }
        assertThat(read).isEqualTo(events);
        assertThat(sum).isEqualTo((long) events * (events - 1) / 2);
    }

    @Test
    void anEmptyRecordingIsOne() throws IOException {
        Written written = Written.in(Format.JFR);
        written.output().close();
        Path file = Files.write(folder.resolve("empty.jfr"), written.bytes());
        assertThat(RecordingFile.readAllEvents(file)).isEmpty();
    }

    /** The clock of events is that of this JVM: what it does now, its own recording would put at this moment. */
    @Test
    void momentsAreThoseOfTheJvm() {
        Clock clock = Clock.now();
        Instant before = Instant.now();
        long epoch = clock.epoch(System.nanoTime());
        Instant after = Instant.now();
        assertThat(Instant.ofEpochSecond(0, epoch)).isBetween(before.minusMillis(2), after.plusMillis(2));
    }

    @ParameterizedTest
    @CsvSource({
        "0,0ns",
        "999,999ns",
        "1000,1.00us",
        "1234,1.23us",
        "1235,1.24us",
        "9995,10.0us",
        "12345,12.3us",
        "99950,100us",
        "999499,999us",
        "999500,1.00ms",
        "1234567,1.23ms",
        "59999999999,60.0s",
        "3600000000000,3600s",
        "-1500,-1.50us",
    })
    void spansHaveThreeDigitsThatCount(long nanos, String text) {
        assertThat(Cells.span(nanos)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "nowhere/x.json, no such folder",
        "'.', it is a folder",
        "file/x.json, Not a directory",
    })
    void aFileThatCannotBeWrittenIsSaid(String name, String cause) throws IOException {
        Files.writeString(folder.resolve("file"), "");
        assertThatThrownBy(() -> Destination.file(folder.resolve(name), name))
                .isInstanceOf(OutputException.class)
                .hasMessage("cannot write %s: %s".formatted(name, cause));
    }

    @Test
    void aFullDiskIsSaidOnce() {
        Destination full = Destination.file(Path.of("/dev/full"), "x.csv");
        Output output = Outputs.open(Format.CSV, full, Written.CLOCK);
        Rows rows = output.rows(Schema.of("row", "Row", Column.of("text", Kind.TEXT)));
        rows.add("x");
        assertThatThrownBy(output::flush)
                .isInstanceOf(OutputException.class)
                .hasMessage(
                        "cannot write x.csv: No space left on device; make room, or write to another place with -o");
        output.close();
    }

    @Test
    void aReaderThatHasGoneIsNoOrdinaryFailure() {
        var pipe = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe"); // what write(2) of the JDK says for EPIPE
            }
        };
        Output output =
                Outputs.open(Format.JSON, new Destination(pipe, "standard output", Terminal.NONE), Written.CLOCK);
        Rows rows = output.rows(Schema.of("row", "Row", Column.of("text", Kind.TEXT)));
        rows.add("x");
        assertThatThrownBy(output::flush)
                .isInstanceOfSatisfying(
                        OutputException.class, e -> assertThat(e.isReaderGone()).isTrue());
        output.close();
    }
}
