package org.kprobe4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.kprobe4j.ProbeException;
import org.kprobe4j.lab.BootOptions;
import org.kprobe4j.lab.Guest;
import org.kprobe4j.lab.GuestCommand;
import org.kprobe4j.lab.GuestExit;
import org.kprobe4j.lab.GuestStreams;
import org.kprobe4j.lab.KernelRow;
import org.kprobe4j.lab.Lab;

/** What kernel lockdown leaves of probes, in a VM of its own: it is never lowered again while the kernel runs. */
@Tag("lab")
@TestInstance(Lifecycle.PER_CLASS)
class LockdownTest {
    private static final String REFUSED =
            ": kernel lockdown is confidentiality (EPERM); boot with lockdown=integrity or"
                    + " none; it cannot be lowered while the kernel runs";

    private Guest guest;
    private Path classes;

    private record Run(int status, List<String> out, List<String> err) {}

    @BeforeAll
    void bootAndCompile(@TempDir Path folder) throws Exception {
        classes = folder;
        var compiler = new ProgramCompiler(GuestJvm.programPath());
        for (String example : List.of("KprobeExample", "KretprobeExample")) {
            compiler.compile(Repository.file("examples/" + example + ".java"), folder);
        }
        guest = Lab.boot(KernelRow.standard(), BootOptions.defaults());
    }

    @AfterAll
    void end() {
        if (guest != null) {
            guest.close();
        }
    }

    private Run run(List<String> words) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        GuestCommand command = GuestCommand.of(words).timeLimit(Duration.ofMinutes(3));
        GuestExit exit = guest.run(command, GuestStreams.to(out, err));
        return new Run(exit.status(), lines(out), lines(err));
    }

    private static List<String> lines(ByteArrayOutputStream bytes) {
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }

    private Run example(String... words) {
        List<String> command = new ArrayList<>(GuestJvm.command());
        command.addAll(List.of(RunMain.class.getName(), classes.toString()));
        command.addAll(List.of(words));
        return run(command);
    }

    private void lockDown(String mode) {
        Run run = run(List.of("sh", "-c", "echo %s > /sys/kernel/security/lockdown".formatted(mode)));
        assertThat(run.status()).as("%s", run.err()).isZero();
    }

    @Test
    void integrityLeavesProbesAloneAndConfidentialityForbidsThem() {
        lockDown("integrity");
        assertThat(example("KprobeExample", "--", "true").status()).isZero();
        assertThat(example("KretprobeExample", "maxactive=30", "--", "true").status())
                .isZero();
        lockDown("confidentiality");
        assertRefused(
                example("KprobeExample", "--", "true"),
                "kprobe: register_kprobe failed: attach kprobe kernel_clone" + REFUSED);
        assertRefused(
                example("KretprobeExample", "--", "true"),
                "kprobe: register_kretprobe failed: attach kprobe kernel_clone" + REFUSED);
    }

    private static void assertRefused(Run run, String line) {
        assertThat(run.err()).containsExactly(line);
        assertThat(run.out()).isEmpty();
        assertThat(run.status()).isEqualTo(ProbeException.EXIT_STATUS);
    }
}
