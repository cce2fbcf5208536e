package org.kprobe4j.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GuestCommandTest {
    @Test
    void quotedWordsSurviveAShell() throws IOException, InterruptedException {
        List<String> words = List.of("", "a b", "it's", "\"$HOME\" `x` \\", "line\nbreak", "ü€", "-n", "*");
        Process shell = new ProcessBuilder("sh", "-c", "printf '<%s>' " + ShellWords.quoteAll(words)).start();
        String out = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(shell.waitFor()).isZero();
        assertThat(out).isEqualTo("<" + String.join("><", words) + ">");
    }

    @Test
    void aNulCannotBePassedOn() {
        assertThatThrownBy(() -> ShellWords.quote("a\0b"))
                .isInstanceOf(LabException.class)
                .hasMessage("lab: a command's words cannot hold a NUL character: a\\0b");
    }

    @Test
    void theScriptNamesDirectoryEnvironmentAndWords() {
        GuestCommand command = GuestCommand.of("ls", "-l").cwd(Path.of("/it's")).env(Map.of("A", "b c"));
        assertThat(command.script())
                .contains("cd '/it'\\''s' || exit 126\n")
                .contains("'A=b c'")
                .endsWith("'ls' '-l'\n");
    }

    @Test
    void noCommandIsRefused() {
        assertThatThrownBy(() -> GuestCommand.of())
                .isInstanceOf(LabException.class)
                .hasMessage("lab: no command; give the program and its arguments");
    }

    @Test
    void aStatusAbove128IsASignal() {
        assertThat(new GuestExit(130, java.time.Duration.ZERO).signal()).hasValue(2);
        assertThat(new GuestExit(127, java.time.Duration.ZERO).signal()).isEmpty();
    }
}
