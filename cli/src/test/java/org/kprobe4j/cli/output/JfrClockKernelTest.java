package org.kprobe4j.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import jdk.jfr.Timespan;
import jdk.jfr.Timestamp;
import jdk.jfr.ValueDescriptor;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kprobe4j.cli.tool.Ran;

/** Recordings of tools beside that of a JVM about itself: the same calls at the same times. */
@Tag("kernel")
class JfrClockKernelTest {
    private static final Path JDK = Path.of(System.getProperty("java.home"), "bin");

    @TempDir
    Path folder;

    private List<RecordedEvent> own;

    private List<RecordedEvent> events(String... words) throws IOException {
        Path file = folder.resolve("tool.jfr");
        Path ofJvm = folder.resolve("jvm.jfr");
        var all = new ArrayList<>(List.of(words));
        all.addAll(List.of(
                "--when",
                "starts(ustr(filename), \"" + JfrWorkload.FILE + "\")",
                "-o",
                file.toString(),
                "--",
                JDK.resolve("java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                JfrWorkload.class.getName(),
                ofJvm.toString()));
        Ran.ran(all.toArray(String[]::new)).ended(0);
        own = RecordingFile.readAllEvents(ofJvm).stream()
                .filter(event -> event.getEventType().getName().equals("test.Open"))
                .sorted(Comparator.comparing(event -> event.getInt("number")))
                .toList();
        assertThat(own).hasSize(JfrWorkload.OPENS);
        return RecordingFile.readAllEvents(file);
    }

    private List<String> jfr(String... words) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of(JDK.resolve("jfr").toString()));
        command.addAll(List.of(words));
        command.add(folder.resolve("tool.jfr").toString());
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        List<String> lines = process.inputReader().lines().toList();
        assertThat(process.waitFor()).as("%s", lines).isZero();
        return lines;
    }

    private static ValueDescriptor field(RecordedEvent event, String name) {
        return event.getFields().stream()
                .filter(field -> field.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void a_traced_call_lies_within_the_event_around_it() throws Exception {
        List<RecordedEvent> calls = events("trace", "do_sys_openat2");
        assertThat(calls).hasSize(JfrWorkload.OPENS);
        for (int i = 0; i < JfrWorkload.OPENS; i++) {
            RecordedEvent around = own.get(i);
            RecordedEvent call = calls.get(i);
            assertThat(call.getString("args")).contains(JfrWorkload.FILE + i);
            assertThat(call.getStartTime()).isBetween(around.getStartTime(), around.getEndTime());
            assertThat(call.getEndTime()).isBetween(around.getStartTime(), around.getEndTime());
            assertThat(call.getDuration()).isPositive();
            assertThat(call.getThread("eventThread").getOSThreadId())
                    .isEqualTo(around.getThread("eventThread").getOSThreadId());
            assertThat(call.getString("error")).isEqualTo("ENOENT");
            assertThat(call.getLong("retval")).isEqualTo(-2);
        }
        RecordedEvent call = calls.getFirst();
        assertThat(call.getEventType().getName()).isEqualTo("kprobe4j.Call");
        assertThat(call.getEventType().getCategoryNames()).containsExactly("kprobe4j");
        assertThat(field(call, "startTime").getAnnotation(Timestamp.class)).isNotNull();
        assertThat(field(call, "duration").getAnnotation(Timespan.class)).isNotNull();
        assertThat(field(call, "eventThread").getTypeName()).isEqualTo("java.lang.Thread");
        assertThat(jfr("summary")).anyMatch(line -> line.matches(" *kprobe4j\\.Call +10 +\\d+ *"));
        List<String> printed = jfr("print", "--events", "kprobe4j.Call");
        assertThat(printed)
                .filteredOn(line -> line.startsWith("kprobe4j.Call {"))
                .hasSize(10);
        assertThat(printed).anyMatch(line -> line.matches("  startTime = \\d\\d:\\d\\d:\\d\\d\\.\\d{3}.*"));
        assertThat(printed).anyMatch(line -> line.matches("  duration = [0-9.]+ [mun]?s"));
        assertThat(printed).anyMatch(line -> line.matches("  error = \"ENOENT\""));
    }

    @Test
    void times_taken_are_time_spans() throws Exception {
        Instant before = Instant.now();
        List<RecordedEvent> rows = events("latency", "do_sys_openat2");
        assertThat(rows).isNotEmpty();
        RecordedEvent whole = rows.getFirst();
        assertThat(whole.getLong("count")).isEqualTo(JfrWorkload.OPENS);
        for (String name : List.of("total_ns", "average_ns", "min_ns", "p50_ns", "p99_ns", "max_ns")) {
            assertThat(field(whole, name).getAnnotation(Timespan.class))
                    .as(name)
                    .isNotNull();
            assertThat(whole.getDuration(name)).as(name).isPositive();
        }
        assertThat(whole.getDuration("max_ns"))
                .isLessThan(own.getFirst().getDuration().multipliedBy(100));
        assertThat(whole.getStartTime()).isBetween(before, Instant.now());
        assertThat(jfr("summary"))
                .anyMatch(line -> line.contains(whole.getEventType().getName()));
    }
}
