package org.kprobe4j.bpf.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Lines to the running kernel's log. */
@Tag("kernel")
class LogKernelTest {
    @Test
    void hundredLinesAreAllInTheKernelLog() throws IOException, InterruptedException {
        String mark = "kprobe4j-test-" + System.nanoTime();
        try (KernelLog log = KernelLog.open("<6>" + mark + ": ")) {
            for (int i = 0; i < 100; i++) {
                log.line("line " + i + "\nsecond " + i);
            }
            log.line("ä".repeat(700));
        }
        Process dmesg = new ProcessBuilder("dmesg").redirectErrorStream(true).start();
        String text = new String(dmesg.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        dmesg.waitFor();
        assertThat(text.lines().filter(line -> line.contains(mark))).hasSize(202);
    }
}
