package org.kprobe4j.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Boots the standard kernel: one guest for the commands, one for each way a guest can die. */
@Tag("lab")
class LabEndToEndTest {
    private static Guest guest;

    private record Ran(int status, String out, String err) {}

    @BeforeAll
    static void boot() {
        guest = Lab.boot(KernelRow.standard(), BootOptions.defaults());
    }

    @AfterAll
    static void close() {
        guest.close();
    }

    private static Ran run(GuestCommand command, String input) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        var in = new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8));
        GuestExit exit = guest.run(command.timeLimit(Duration.ofSeconds(120)), new GuestStreams(in, out, err));
        return new Ran(exit.status(), out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** Not this process's own streams: the build's test runner speaks over its standard input. */
    private static GuestStreams nowhere() {
        return GuestStreams.to(new ByteArrayOutputStream(), new ByteArrayOutputStream());
    }

    private static Ran sh(String script) {
        return run(GuestCommand.of("sh", "-c", script), "");
    }

    @Test
    void outputAndErrorsStaySeparate() {
        assertThat(sh("echo out; echo err >&2; echo more > /dev/stdout")).isEqualTo(new Ran(0, "out\nmore\n", "err\n"));
    }

    @ParameterizedTest
    @CsvSource({"true, 0", "exit 3, 3", "kill -KILL $$, 137", "kill -TERM $$, 143"})
    void theExitStatusIsTheCommands(String script, int status) {
        assertThat(sh(script)).isEqualTo(new Ran(status, "", ""));
    }

    @Test
    void aMissingProgramIs127() {
        Ran ran = run(GuestCommand.of("no-such-program", "-x"), "");
        assertThat(ran).isEqualTo(new Ran(127, "", "no-such-program: command not found\n"));
    }

    @Test
    void inputArrivesWholeAndEnds() {
        String lines = "a line of input, ü€\n".repeat(20_000);
        assertThat(run(GuestCommand.of("cat"), lines)).isEqualTo(new Ran(0, lines, ""));
        assertThat(run(GuestCommand.of("cat"), "")).isEqualTo(new Ran(0, "", ""));
        assertThat(run(GuestCommand.of("true"), lines).status()).isZero();
    }

    @Test
    void tenMegabytesOfOutputArriveIntact() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        GuestCommand command =
                GuestCommand.of("sh", "-c", "head -c 10000000 /dev/urandom | tee /tmp/r; md5sum < /tmp/r >&2");
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        assertThat(guest.run(command, GuestStreams.to(out, err)).ok()).isTrue();
        assertThat(out.size()).isEqualTo(10_000_000);
        assertThat(err.toString(StandardCharsets.UTF_8)).startsWith(md5(out.toByteArray()));
    }

    private static String md5(byte[] bytes) {
        try {
            byte[] digest = java.security.MessageDigest.getInstance("MD5").digest(bytes);
            return java.util.HexFormat.of().formatHex(digest);
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void wordsDirectoryAndEnvironmentArriveExactly() {
        String[] words = {"printf", "<%s>", "", "a b", "it's", "\"$HOME\" \\", "line\nbreak", "ü€"};
        assertThat(run(GuestCommand.of(words), "").out())
                .isEqualTo("<" + String.join("><", Arrays.asList(words).subList(2, words.length)) + ">");
        GuestCommand pwd = GuestCommand.of("pwd").cwd(Path.of("/usr/share/doc"));
        assertThat(run(pwd, "").out()).isEqualTo("/usr/share/doc\n");
        GuestCommand env = GuestCommand.of("env").env(Map.of("PATH", "/usr/bin", "X", "two\nlines"));
        assertThat(run(env, "").out().lines())
                .containsExactlyInAnyOrder(
                        "PATH=/usr/bin", "X=two", "lines", "KPROBE4J_EXCHANGE=" + BootOptions.EXCHANGE_IN_GUEST);
    }

    @Test
    void filesComeBackAndTheMachineIsUntouched() throws IOException {
        assertThat(sh("echo back > $KPROBE4J_EXCHANGE/file; echo gone > /etc/kprobe4j-lab-test")
                        .status())
                .isZero();
        assertThat(guest.exchange().resolve("file")).hasContent("back");
        assertThat(Path.of("/etc/kprobe4j-lab-test")).doesNotExist();
        Files.writeString(guest.exchange().resolve("there"), "there");
        assertThat(sh("cat $KPROBE4J_EXCHANGE/there").out()).isEqualTo("there");
    }

    @Test
    void aSignalReachesTheWholeProcessGroup() throws InterruptedException {
        Thread ctrlC = Thread.ofVirtual().start(() -> {
            pause(1_500);
            guest.signal("INT");
        });
        Ran ran = run(GuestCommand.of("bash", "-c", "trap 'echo interrupted; exit 9' INT; sleep 60; echo no"), "");
        ctrlC.join();
        assertThat(ran).isEqualTo(new Ran(9, "interrupted\n", ""));
    }

    @Test
    void whatACommandLeavesBehindDoesNotHoldIt() {
        GuestCommand command = GuestCommand.of("sh", "-c", "sleep 600 & echo done");
        assertThat(run(command, "").out()).isEqualTo("done\n");
    }

    @Test
    void aPanicIsAnErrorWithTheConsole() {
        try (Guest doomed = Lab.boot(KernelRow.standard(), BootOptions.defaults())) {
            GuestCommand crash = GuestCommand.of("sh", "-c", "echo c > /proc/sysrq-trigger; sleep 60");
            assertThatThrownBy(() -> doomed.run(crash, nowhere()))
                    .isInstanceOf(LabException.class)
                    .hasMessageContaining("the guest went down during: sh -c echo c > /proc/sysrq-trigger")
                    .hasMessageContaining("Kernel panic - not syncing: sysrq triggered crash");
        }
    }

    @Test
    void aHangIsAnErrorAtTheTimeLimit() {
        try (Guest hung = Lab.boot(KernelRow.standard(), BootOptions.defaults())) {
            GuestCommand command = GuestCommand.of("sleep", "600").timeLimit(Duration.ofSeconds(2));
            assertThatThrownBy(() -> hung.run(command, nowhere()))
                    .isInstanceOf(LabException.class)
                    .hasMessageContaining("the command exceeded its limit of 2 s: sleep 600");
        }
    }

    @Test
    void aGuestThatDoesNotComeUpIsAnError() {
        BootOptions broken = BootOptions.defaults().append("rdinit=/bin/nothing", "init=/nothing");
        assertThatThrownBy(() -> Lab.boot(KernelRow.standard(), broken).close())
                .isInstanceOf(LabException.class)
                .hasMessageContaining("the guest went down while it booted")
                .hasMessageContaining("Kernel panic");
        BootOptions slow = BootOptions.defaults().bootLimit(Duration.ofMillis(700));
        assertThatThrownBy(() -> Lab.boot(KernelRow.standard(), slow).close())
                .isInstanceOf(LabException.class)
                .hasMessageContaining("the guest did not come up within 700 ms");
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
