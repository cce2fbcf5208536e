package org.kprobe4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kprobe4j.lab.BootOptions;
import org.kprobe4j.lab.Guest;
import org.kprobe4j.lab.GuestCommand;
import org.kprobe4j.lab.GuestExit;
import org.kprobe4j.lab.GuestStreams;
import org.kprobe4j.lab.KernelRow;
import org.kprobe4j.lab.Lab;

/** What {@link RunMain} does with the examples under a kernel that can be probed: one VM for all these runs. */
@Tag("lab")
@TestInstance(Lifecycle.PER_CLASS)
class GuestRunTest {
    private static final String EVENTS = "/sys/kernel/tracing/kprobe_events";

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

    private Run run(String... words) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        GuestCommand command = GuestCommand.of(List.of(words)).timeLimit(Duration.ofMinutes(3));
        GuestExit exit = guest.run(command, GuestStreams.to(out, err));
        return new Run(exit.status(), lines(out), lines(err));
    }

    private static List<String> lines(ByteArrayOutputStream bytes) {
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }

    private List<String> words(String example, String... arguments) {
        List<String> words = new ArrayList<>(GuestJvm.command());
        words.addAll(List.of(RunMain.class.getName(), classes.toString(), example));
        words.addAll(List.of(arguments));
        return words;
    }

    private Run example(String example, String... arguments) {
        return run(words(example, arguments).toArray(String[]::new));
    }

    private List<String> events() {
        return run("cat", EVENTS).out();
    }

    @ParameterizedTest
    @CsvSource({
        "KprobeExample,    symbol=native_save_fl_of_nobody, -2",
        "KprobeExample,    symbol=kprobe_dispatcher,   kprobe_dispatcher",
        "KprobeExample,    symbol=init_task,           'data, not a function'",
        "KprobeExample,    symbol=start_kernel,        in init text",
        "KprobeExample,    symbol=__pfx_vfs_read,      probe the function: vfs_read",
        "KprobeExample,    symbol=vfs_read+0x1,        nearest: vfs_read",
        "KprobeExample,    symbol=vfs_read+0x100000,   behind the function's end",
        "KretprobeExample, func=notify_die,            on the kernel's blacklist",
        "KprobeExample,    symbol=,                    empty",
        "KprobeExample,    symbl=vfs_read,             symbol=",
        "KprobeExample,    stack=perhaps,              perhaps",
        "KprobeExample,    log=nowhere,                kmsg",
        "KretprobeExample, maxactive=0,                maxactive",
        "KretprobeExample, maxactive=-1,               maxactive",
        "KretprobeExample, maxactive=5000,             4096",
        "KretprobeExample, maxactive=abc,              abc",
        "KretprobeExample, func=vfs_raed,              vfs_read",
    })
    void badInputIsOneLineAndLeavesNothing(String example, String parameter, String expected) {
        Run run = example(example, parameter, "--", "true");
        assertThat(run.err()).as("one line").hasSize(1);
        assertThat(run.err().getFirst()).startsWith("kprobe: ").contains(expected);
        assertThat(run.out()).isEmpty();
        assertThat(run.status()).isEqualTo(125);
        assertThat(events()).isEmpty();
    }

    @Test
    void aSymbolLongerThanTheKernelTakesIsSaidShortly() {
        Run run = example("KprobeExample", "symbol=" + "x".repeat(600), "--", "true");
        assertThat(run.err()).hasSize(3).allSatisfy(line -> assertThat(line).hasSizeLessThan(240));
        assertThat(run.err().getFirst())
                .contains("a name of 600 characters; the kernel takes at most 511 (KSYM_NAME_LEN)");
        assertThat(run.status()).isEqualTo(125);
    }

    @ParameterizedTest
    @ValueSource(strings = {"KprobeExample", "KretprobeExample"})
    void aCommandThatIsNotThereIs127(String example) {
        Run run = example(example, "--", "no-such-command");
        assertThat(run.status()).isEqualTo(127);
        assertThat(run.err()).anyMatch(line -> line.equals("kprobe: no-such-command: command not found"));
        assertThat(String.join("\n", run.err())).doesNotContain("\tat ", "Exception");
    }

    @Test
    void aCommandThatCannotBeExecutedIs126() {
        String file = classes.resolve("KprobeExample.class").toString();
        Run run = example("KretprobeExample", "--", file);
        assertThat(run.status()).isEqualTo(126);
        assertThat(run.err()).anyMatch(line -> line.startsWith("kprobe: " + file + ": "));
    }

    @Test
    void aRunEndsAfterItsDuration() {
        Run run = example("KretprobeExample", "--duration", "1s");
        assertThat(run.status()).isZero();
        assertThat(run.out().getLast()).startsWith("Missed probing ");
    }

    @Test
    void whatMaxactiveIsTooSmallForIsCounted() {
        Run run = example(
                "KretprobeExample",
                "func=do_nanosleep",
                "maxactive=1",
                "--",
                "sh",
                "-c",
                "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 2 & done; wait");
        assertThat(run.status()).isZero();
        long delivered = run.out().stream()
                .filter(line -> line.startsWith("do_nanosleep returned "))
                .count();
        Matcher missed = Pattern.compile("Missed probing (\\d+) instances of do_nanosleep")
                .matcher(run.out().getLast());
        assertThat(missed.matches()).isTrue();
        assertThat(Long.parseLong(missed.group(1))).isPositive();
        assertThat(delivered + Long.parseLong(missed.group(1))).isGreaterThanOrEqualTo(10);
    }

    @Test
    void whatAKilledRunLeftIsRemovedByTheNext() throws Exception {
        Path script = Files.writeString(classes.resolve("kill.sh"), """
                "$@" > /run/planted &
                until grep -q Planted /run/planted; do
                    kill -0 $! || exit 1
                    sleep 0.1
                done
                kill -9 $!
                wait $!
                echo "status $?"
                """);
        List<String> killed = new ArrayList<>(List.of("sh", script.toString()));
        killed.addAll(words("KretprobeExample", "maxactive=30"));
        assertThat(run(killed.toArray(String[]::new)).out()).contains("status 137");
        Run second = example("KretprobeExample", "--", "true");
        assertThat(second.status()).isZero();
        assertThat(events()).isEmpty();
    }
}
