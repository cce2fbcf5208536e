package org.kprobe4j.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.features.Features;

@Tag("kernel")
class DoctorKernelTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private int examine() {
        return DoctorMain.examine(false, List.of(), new PrintStream(bytes, true, StandardCharsets.UTF_8));
    }

    private List<String> lines() {
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }

    private String line(String name) {
        return lines().stream()
                .filter(line -> line.contains("  " + name + " "))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void everyMechanismThatThisKernelHasIsTriedAndCountsRight() {
        int status = examine();
        lines().forEach(System.out::println);
        assertThat(status).as(lines().toString()).isZero();
        String well = "1000 calls of null_lseek: hits and arguments as they should be";
        assertThat(line("kprobe by perf kprobe")).startsWith("ok").endsWith(well);
        assertThat(line("kretprobe by tracefs event")).startsWith("ok").endsWith(well);
        String multi = line("kprobe by kprobe.multi");
        assertThat(multi).startsWith(Features.running().kprobeMulti().isYes() ? "ok" : "note");
        assertThat(line("after the test")).endsWith("none of its probes is left");
        assertThat(lines().getLast()).isEqualTo("probes work on this machine");
    }

    @Test
    void kprobesThatAreSwitchedOffAreFound() throws IOException {
        Path enabled = Path.of("/sys/kernel/debug/kprobes/enabled");
        Files.writeString(enabled, "0");
        try {
            assertThat(examine()).isEqualTo(125);
            assertThat(line("kprobes/enabled")).startsWith("FAIL").endsWith("0: no kprobe hits");
            assertThat(lines())
                    .anySatisfy(line -> assertThat(line).endsWith("-> echo 1 > /sys/kernel/debug/kprobes/enabled"));
        } finally {
            Files.writeString(enabled, "1");
        }
    }
}
