package org.kprobe4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** The kernel's null_blk: a disk that holds nothing and takes 5 ms for each request. */
final class NullBlock implements AutoCloseable {
    /** What /sys/block/nullb0/stat says. Source: Documentation/block/stat.rst. */
    record Statistics(long reads, long writes) {}

    static final double DELAY_MS = 5;

    /**
     * Makes nullb0.
     *
     * @param options more of the module's parameters
     */
    NullBlock(String... options) throws IOException {
        String[] modprobe = {
            "modprobe", "null_blk", "nr_devices=1", "queue_mode=2", "irqmode=2", "completion_nsec=5000000"
        };
        String[] command = Arrays.copyOf(modprobe, modprobe.length + options.length);
        System.arraycopy(options, 0, command, modprobe.length, options.length);
        assertThat(run(command)).isZero();
        Files.writeString(Path.of("/sys/block/nullb0/queue/scheduler"), "none");
    }

    Statistics statistics() throws IOException {
        String[] numbers =
                Files.readString(Path.of("/sys/block/nullb0/stat")).strip().split(" +");
        return new Statistics(Long.parseLong(numbers[0]), Long.parseLong(numbers[4]));
    }

    @Override
    public void close() throws IOException {
        assertThat(run("modprobe", "-r", "null_blk")).isZero();
    }

    private static int run(String... command) throws IOException {
        return new ProcessBuilder(command).inheritIO().start().onExit().join().exitValue();
    }
}
