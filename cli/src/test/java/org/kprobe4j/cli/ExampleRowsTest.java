package org.kprobe4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.kprobe4j.lab.BootOptions;
import org.kprobe4j.lab.Guest;
import org.kprobe4j.lab.GuestCommand;
import org.kprobe4j.lab.GuestExit;
import org.kprobe4j.lab.GuestStreams;
import org.kprobe4j.lab.KernelRow;
import org.kprobe4j.lab.Lab;

/**
 * The kernel's two samples under each kernel of the lab, one boot for both; {@code -Dkprobe4j.rows=6.12-arm64,5.10} names some. Two
 * kernels at a time where the runner allows it.
 */
@Tag("rows")
@Execution(ExecutionMode.CONCURRENT)
class ExampleRowsTest {
    private static final String ROWS = "kprobe4j.rows";
    /** Three calls of kernel_clone at least: the shell's and both of its children's. */
    private static final List<String> COMMAND = List.of("--", "sh", "-c", "true & true & wait");
    /** 32-bit Arm interprets Java, under emulation. */
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private record Run(String row, int status, List<String> out, List<String> err) {
        long lines(String pattern) {
            return out.stream().filter(line -> line.matches(pattern)).count();
        }
    }

    static Stream<String> rows() {
        String named = System.getProperty(ROWS, "");
        return named.isEmpty() ? KernelRow.table().stream().map(KernelRow::id) : Stream.of(named.split(","));
    }

    @ParameterizedTest(name = "{0}", quoteTextArguments = false)
    @MethodSource("rows")
    void theTwoExamples(String id, @TempDir Path classes) {
        KernelRow row = KernelRow.of(id);
        var compiler = new ProgramCompiler(GuestJvm.programPath());
        for (String example : List.of("KprobeExample", "KretprobeExample")) {
            compiler.compile(Repository.file("examples/" + example + ".java"), classes);
        }
        try (Guest guest = Lab.boot(row, BootOptions.of(row).bootLimit(Duration.ofMinutes(3)))) {
            kprobe(run(guest, row, classes, "KprobeExample"));
            kretprobe(run(guest, row, classes, "KretprobeExample"));
        }
    }

    /** Both handlers, once for each hit. */
    private static void kprobe(Run run) {
        assertThat(run.status()).as("%s", run).isZero();
        long pre = run.lines("<kernel_clone> p->addr = 0x[0-9a-f]+, (ip|pc) = .*");
        long post = run.lines("<kernel_clone> p->addr = 0x[0-9a-f]+, (flags|pstate|cpsr) = 0x[0-9a-f]+");
        assertThat(pre).as("%s", run).isGreaterThanOrEqualTo(3);
        assertThat(post).as("%s", run).isEqualTo(pre);
        account(run, "kprobe: kernel_clone: %d hits = %1$d delivered".formatted(pre));
        account(run, "kprobe: kernel_clone, post handler: %d armed = %1$d delivered".formatted(post));
    }

    private static void kretprobe(Run run) {
        assertThat(run.status()).as("%s", run).isZero();
        long returns = run.lines("kernel_clone returned \\d+ and took \\d+ ns to execute");
        assertThat(returns).as("%s", run).isGreaterThanOrEqualTo(3);
        assertThat(run.out()).as("%s", run).last().isEqualTo("Missed probing 0 instances of kernel_clone");
        account(run, "kprobe: kernel_clone: %d hits = %1$d delivered".formatted(returns));
    }

    /** Nothing is lost; what an older kernel does not tell may be named behind it. */
    private static void account(Run run, String expected) {
        assertThat(run.err())
                .as("%s", run)
                .anyMatch(line -> line.equals(expected) || line.startsWith(expected + "; not told here: "));
    }

    private static Run run(Guest guest, KernelRow row, Path classes, String example) {
        List<String> words =
                new ArrayList<>(row.foreign() ? GuestJvm.commandOf(Lab.javaHome(row)) : GuestJvm.command());
        words.addAll(List.of(RunMain.class.getName(), classes.toString(), example));
        words.addAll(COMMAND);
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        GuestExit exit = guest.run(GuestCommand.of(words).timeLimit(PATIENCE), GuestStreams.to(out, err));
        return new Run(row.id(), exit.status(), lines(out), lines(err));
    }

    private static List<String> lines(ByteArrayOutputStream bytes) {
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }
}
