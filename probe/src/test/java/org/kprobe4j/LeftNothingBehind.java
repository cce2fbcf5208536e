package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.kprobe4j.bpf.OpenDescriptors;

/** After each test: no probe, no tracefs event, no descriptor and no reader thread of ours is left. */
public final class LeftNothingBehind implements AfterEachCallback {
    @Override
    public void afterEach(ExtensionContext context) throws IOException {
        assertThat(Files.readString(Path.of("/sys/kernel/tracing/kprobe_events")))
                .doesNotContain("kprobe4j_");
        assertThat(Files.readString(Path.of("/sys/kernel/debug/kprobes/list"))).isEmpty();
        assertThat(OpenDescriptors.list()).isEmpty();
        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .noneMatch(name -> name.startsWith("kprobe4j-") && !name.equals("kprobe4j-shutdown"));
    }
}
