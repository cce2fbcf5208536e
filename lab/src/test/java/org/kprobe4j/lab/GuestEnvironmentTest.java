package org.kprobe4j.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What kernel tests may rely on in a guest. */
@Tag("kernel")
class GuestEnvironmentTest {
    @Test
    void theKernelCanBeProbed() {
        assertThat(Path.of("/sys/kernel/debug/kprobes/list")).isReadable();
        assertThat(Path.of("/sys/kernel/tracing/kprobe_events")).isWritable();
        assertThat(Path.of("/sys/kernel/btf/vmlinux")).isReadable();
        assertThat(Path.of("/sys/fs/bpf")).isDirectory();
    }

    @Test
    void writesAreTakenAndTheExchangeFolderIsThere() throws IOException {
        Files.writeString(Path.of("/etc/kprobe4j-scratch"), "thrown away");
        assertThat(Path.of(System.getenv("KPROBE4J_EXCHANGE"))).isWritable();
    }

    @Test
    void modulesAreLoadedByName() throws IOException, InterruptedException {
        assertThat(Path.of("/sys/module/null_blk")).doesNotExist();
        assertThat(run("modprobe", "null_blk", "nr_devices=1")).isZero();
        assertThat(Path.of("/sys/block/nullb0/stat")).isReadable();
        assertThat(run("modprobe", "-r", "null_blk")).isZero();
        assertThat(Path.of("/sys/module/null_blk")).doesNotExist();
    }

    private static int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).inheritIO().start().waitFor();
    }
}
