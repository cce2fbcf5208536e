package org.kprobe4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's commands as a user types them, from another directory; each boots a VM. */
@Tag("lab")
class ExamplesEndToEndTest {
    private static final String KPROBE =
            Repository.file("examples/KprobeExample.java").toString();
    private static final String KRETPROBE =
            Repository.file("examples/KretprobeExample.java").toString();

    @TempDir
    Path folder;

    @Test
    void kprobeExamplePrintsWhatTheCModulePrints() throws Exception {
        Launched.Ended run = Launched.run(folder, "run", "--vm", KPROBE, "--", "ls", "/usr");
        assertThat(run.status()).isZero();
        assertThat(run.out().getFirst()).matches("Planted kprobe at 0x[0-9a-f]+");
        assertThat(run.out().getLast()).matches("kprobe at 0x[0-9a-f]+ unregistered");
        assertThat(run.out()).contains("bin", "share");
        List<String> hits = run.out().stream()
                .filter(line -> line.startsWith("<kernel_clone>"))
                .toList();
        assertThat(hits).hasSizeGreaterThanOrEqualTo(2);
        assertThat(hits.get(0))
                .matches("<kernel_clone> p->addr = 0x[0-9a-f]+, ip = (0x)?[0-9a-f]+, flags = 0x[0-9a-f]+");
        assertThat(hits.get(1)).matches("<kernel_clone> p->addr = 0x[0-9a-f]+, flags = 0x[0-9a-f]+");
        assertThat(run.err().stream().filter(line -> line.contains("throwaway VM")))
                .containsExactly("kprobe: running in a throwaway VM with Linux 6.12");
    }

    @Test
    void kretprobeExampleTimesAFunction() throws Exception {
        Launched.Ended run =
                Launched.run(folder, "run", "--vm=6.12", KRETPROBE, "func=vfs_read", "--", "cat", "/etc/hostname");
        assertThat(run.status()).isZero();
        assertThat(run.out().getFirst()).matches("Planted return probe at vfs_read: 0x[0-9a-f]+");
        assertThat(run.out()).anyMatch(line -> line.matches("vfs_read returned -?\\d+ and took \\d+ ns to execute"));
        assertThat(run.out().get(run.out().size() - 2)).matches("kretprobe at 0x[0-9a-f]+ unregistered");
        assertThat(run.out().getLast()).matches("Missed probing \\d+ instances of vfs_read");
    }

    @Test
    void anUnknownSymbolIsOneLineWithTheNearestNames() throws Exception {
        Launched.Ended run = Launched.run(folder, "run", "--vm", KPROBE, "symbol=vfs_raed", "--", "true");
        assertThat(run.status()).isEqualTo(125);
        assertThat(run.out()).isEmpty();
        assertThat(run.complaints())
                .singleElement()
                .asString()
                .contains("register_kprobe failed", "-2", "ENOENT", "vfs_raed", "vfs_read");
    }

    @Test
    void theCommandHasOurStreamsAndItsStatusIsOurs() throws Exception {
        Launched run = Launched.start(
                folder,
                "run",
                "--vm",
                "6.12",
                KRETPROBE,
                "func=do_exit",
                "--",
                "sh",
                "-c",
                "cat; echo oops >&2; exit 7");
        run.input("from outside\n");
        Launched.Ended ended = run.await();
        assertThat(ended.status()).isEqualTo(7);
        assertThat(ended.out()).contains("from outside").doesNotContain("oops");
        assertThat(ended.err()).contains("oops").doesNotContain("from outside");
    }

    @Test
    void ctrlCUnregistersAndPrintsTheClosingLines() throws Exception {
        Launched run = Launched.start(folder, "run", "--vm", KRETPROBE);
        run.awaitLine("Planted return probe");
        run.signal("INT");
        Launched.Ended ended = run.await();
        assertThat(ended.out()).anyMatch(line -> line.endsWith(" unregistered"));
        assertThat(ended.out().getLast()).startsWith("Missed probing ");
        assertThat(ended.status()).isEqualTo(130);
    }

    @Test
    void linesForTheKernelLogAreSeenInDmesg() throws Exception {
        Launched.Ended run = Launched.run(
                folder, "run", "--vm", KPROBE, "log=kmsg", "--", "sh", "-c", "ls /; sleep 1; dmesg | tail -n 5");
        assertThat(run.status()).isZero();
        assertThat(run.out()).anyMatch(line -> line.contains("<kernel_clone> p->addr = 0x"));
    }
}
