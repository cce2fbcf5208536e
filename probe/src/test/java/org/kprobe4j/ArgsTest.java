package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArgsTest {
    private static Args args(String... words) {
        return Args.of(words, "func", "maxactive", "stack", "log");
    }

    @Test
    void parametersHaveDefaultsAndTypes() {
        var params = args("func=vfs_read", "maxactive=0x10", "stack=yes");
        assertThat(params.get("func", "kernel_clone")).isEqualTo("vfs_read");
        assertThat(params.getInt("maxactive", 20)).isEqualTo(16);
        assertThat(params.getBoolean("stack", false)).isTrue();
        assertThat(params.log()).hasToString("stdout").isSameAs(params.log());
        assertThat(args().getInt("maxactive", 20)).isEqualTo(20);
        assertThat(args("func=a=b").get("func", "")).isEqualTo("a=b");
        assertThat(args("log=MINUTES").get("log", TimeUnit.SECONDS)).isEqualTo(TimeUnit.MINUTES);
        assertThat(args().get("log", TimeUnit.SECONDS)).isEqualTo(TimeUnit.SECONDS);
        assertThat(args("log=250ms").getDuration("log", Duration.ZERO)).isEqualTo(Duration.ofMillis(250));
        assertThat(args("log=3").getDuration("log", Duration.ZERO)).isEqualTo(Duration.ofSeconds(3));
        assertThat(args().getDuration("log", Duration.ZERO)).isZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "fun=x|unknown parameter fun=; did you mean func=?",
                "zzz=x|unknown parameter zzz=; there are func, maxactive, stack, log",
                "func=|func=: the value is empty; leave the parameter out for its default",
                "vfs_read|vfs_read: parameters are written name=value; a command follows --",
                "=x|=x: parameters are written name=value; a command follows --",
                "--duration=soon|--duration soon: write a time such as 10s, 500ms or 2m",
                "--duration=0|--duration 0: write a time such as 10s, 500ms or 2m",
                "--duration|--duration: write a time such as 10s, 500ms or 2m",
                "--|a command must follow --",
            })
    void badInputGetsOneLine(String word, String message) {
        assertThatThrownBy(() -> args(word)).isInstanceOf(UsageException.class).hasMessage(message);
    }

    @Test
    void badValuesGetOneLine() {
        assertThatThrownBy(() -> args("maxactive=abc").getInt("maxactive", 1))
                .hasMessage("maxactive=abc: not a whole number");
        assertThatThrownBy(() -> args("log=-1").getDuration("log", Duration.ZERO))
                .hasMessage("log=-1: write a time such as 10s, 500ms or 2m");
        assertThatThrownBy(() -> args("stack=maybe").getBoolean("stack", false))
                .hasMessage("stack=maybe: write true or false");
        assertThatThrownBy(() -> args("log=now").get("log", TimeUnit.DAYS))
                .hasMessage(
                        "log=now: there are NANOSECONDS, MICROSECONDS, MILLISECONDS, SECONDS, MINUTES, HOURS, DAYS");
        assertThatThrownBy(() -> args("log=file").log()).hasMessage("log=file: there are stdout, kmsg and syslog");
        assertThatThrownBy(() -> args("func=a", "func=b")).hasMessage("func: given twice");
    }

    @Test
    void namesThatAreNotDeclaredCountWhenTheyAreAskedFor() {
        var params = Args.of(new String[] {"x=1", "y=2", "--duration", "1ms"});
        assertThat(params.get("x", "")).isEqualTo("1");
        assertThatThrownBy(params::await).hasMessageStartingWith("unknown parameter y=");
        assertThat(params.get("y", "")).isEqualTo("2");
        assertThat(params.await()).isZero();
    }

    @Test
    void commandsAreFoundBeforeAnythingIsPlanted(@TempDir Path folder) throws Exception {
        Path plain = Files.writeString(folder.resolve("plain"), "text");
        assertThatThrownBy(() -> args("--", "no-such-command-anywhere"))
                .isInstanceOfSatisfying(
                        CommandException.class, e -> assertThat(e.exitStatus()).isEqualTo(127))
                .hasMessage("no-such-command-anywhere: command not found");
        assertThatThrownBy(() -> args("--", plain.toString()))
                .isInstanceOfSatisfying(
                        CommandException.class, e -> assertThat(e.exitStatus()).isEqualTo(126));
    }

    @Test
    void theCommandsStatusIsPassedOn() {
        assertThat(args("--", "sh", "-c", "exit 7").await()).isEqualTo(7);
        assertThat(Args.exitStatus()).isEqualTo(7);
        assertThat(args("--", "sh", "-c", "kill -9 $$").await()).isEqualTo(128 + 9);
    }

    @Test
    void anActionRunsAfterEachIntervalAndAtTheEnd() {
        var times = new ArrayList<Thread>();
        assertThat(Args.of(new String[] {"--duration", "350ms"})
                        .awaitEach(Duration.ofMillis(100), () -> times.add(Thread.currentThread())))
                .isZero();
        assertThat(times).hasSize(4).containsOnly(Thread.currentThread());
        times.clear();
        assertThat(args("--", "sh", "-c", "exit 3").awaitEach(Duration.ZERO, () -> times.add(Thread.currentThread())))
                .isEqualTo(3);
        assertThat(times).hasSize(1);
        assertThatThrownBy(() -> args("--duration", "1ms").awaitEach(Duration.ofSeconds(-1), () -> {}))
                .hasMessage("an interval of PT-1S: it must not be negative");
    }

    @Test
    void anActionThatThrowsEndsTheCommand() {
        var params = args("--", "sleep", "100000");
        assertThatThrownBy(() -> params.awaitEach(Duration.ofMillis(10), () -> {
                    throw new IllegalStateException("no more");
                }))
                .hasMessage("no more");
        assertThat(ProcessHandle.current()
                        .children()
                        .filter(child -> child.info().command().orElse("").endsWith("sleep")))
                .allMatch(child -> child.onExit()
                                .completeOnTimeout(null, 5, TimeUnit.MINUTES)
                                .join()
                        != null);
    }
}
