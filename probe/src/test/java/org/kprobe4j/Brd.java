package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;

/** The kernel's RAM disk, a module that comes and goes; brd_submit_bio() runs once for each block that is written directly. */
final class Brd {
    static final String MODULE = "brd";
    static final String FUNCTION = "brd_submit_bio";

    private Brd() {}

    static void load() {
        run("modprobe", MODULE, "rd_nr=1", "rd_size=1024");
    }

    static void unload() {
        run("modprobe", "-r", MODULE);
    }

    static boolean canBeUnloaded() {
        return status("modprobe", "-r", MODULE) == 0;
    }

    /** By dd, so that a handler knows these writes from the kernel's own reads of a new disk. */
    static void write(int blocks) {
        run("dd", "if=/dev/zero", "of=/dev/ram0", "bs=4k", "oflag=direct", "status=none", "count=" + blocks);
    }

    private static void run(String... command) {
        assertThat(status(command)).as(String.join(" ", command)).isZero();
    }

    private static int status(String... command) {
        try {
            return new ProcessBuilder(command)
                    .inheritIO()
                    .start()
                    .onExit()
                    .join()
                    .exitValue();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
