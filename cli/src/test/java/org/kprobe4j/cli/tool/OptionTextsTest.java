package org.kprobe4j.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kprobe4j.cli.KprobeException;

/** What stands behind the options that tools share. */
class OptionTextsTest {
    private static final String DOCKER = "docker-4f2a6b7c8d9e0f1a2b3c4d5e6f708192.scope";

    @TempDir
    Path root;

    @Test
    void processorsAreNumbersAndRanges() {
        assertThat(Ranges.parse("--cpu", "3")).containsExactly(3);
        assertThat(Ranges.parse("--cpu", "2-5")).containsExactly(2, 3, 4, 5);
        assertThatThrownBy(() -> Ranges.parse("--cpu", "5-2"))
                .isInstanceOf(KprobeException.class)
                .hasMessage("--cpu 5-2: the range ends before it begins");
        assertThatThrownBy(() -> Ranges.parse("--cpu", "all"))
                .hasMessage("--cpu all: write a number or a range such as 2-5");
    }

    @Test
    void usersAreNumbersAndNames() {
        assertThat(Users.number("root")).isZero();
        assertThat(Users.number("4294967295")).isEqualTo(-1);
        assertThatThrownBy(() -> Users.number("nobody-at-all"))
                .hasMessage("--uid nobody-at-all: no such user in /etc/passwd; write the user's number");
        assertThatThrownBy(() -> Users.number("4294967296"))
                .hasMessage("--uid 4294967296: a user's number has 32 bits");
    }

    @ParameterizedTest
    @CsvSource({"10s, 10000", "500ms, 500", "2m, 120000", "1h, 3600000", "3, 3000"})
    void timesHaveUnits(String text, long millis) {
        assertThat(Times.parse("--duration", text)).isEqualTo(Duration.ofMillis(millis));
    }

    @ParameterizedTest
    @CsvSource({"0", "0s", "10x", "''", "-1s", "1.5s"})
    void otherTimesAreRefused(String text) {
        assertThatThrownBy(() -> Times.parse("-i", text))
                .hasMessage("-i %s: write a time such as 10s, 500ms or 2m".formatted(text));
    }

    @Test
    void aControlGroupIsAPathANumberOrTheBeginningOfAContainersId() throws IOException {
        Path container = Files.createDirectories(root.resolve("system.slice").resolve(DOCKER));
        Path inner = Files.createDirectory(container.resolve("init"));
        Files.createDirectories(root.resolve("system.slice/docker-5555aaaaaaaaaaaa.scope"));
        Files.createDirectories(root.resolve("kubepods/5555bbbbbbbbbbbb"));
        List<Long> numbers = List.of(number(container), number(inner));
        assertThat(ControlGroups.below("17")).containsExactly(17L);
        assertThat(ControlGroups.below(root, "system.slice/" + DOCKER)).containsExactlyInAnyOrderElementsOf(numbers);
        assertThat(ControlGroups.below(root, "/system.slice/" + DOCKER)).containsExactlyInAnyOrderElementsOf(numbers);
        assertThat(ControlGroups.below(root, container.toString())).containsExactlyInAnyOrderElementsOf(numbers);
        assertThat(ControlGroups.below(root, "4f2a6b")).containsExactlyInAnyOrderElementsOf(numbers);
        assertThatThrownBy(() -> ControlGroups.below(root, "5555"))
                .hasMessage(
                        "--cgroup 5555: several containers' ids begin so: 5555aaaaaaaaaaaa, 5555bbbbbbbbbbbb; write more of it");
        assertThatThrownBy(() -> ControlGroups.below(root, "nothing"))
                .hasMessage("--cgroup nothing: no such control group below %s, and no container's id begins so"
                        .formatted(root));
    }

    private static long number(Path folder) throws IOException {
        return (Long) Files.getAttribute(folder, "unix:ino");
    }

    @Test
    void keysAreSplitOutsideOfBracketsAndQuotes() {
        assertThat(Targets.split("comm, starts(path(file), \"a,b\"),x[1,2],'\\',',y"))
                .containsExactly("comm", "starts(path(file), \"a,b\")", "x[1,2]", "'\\','", "y");
    }

    @Test
    void whatGoesIntoAVmIsTheSameCommandLine() {
        var invocation =
                new Invocation(List.of("count", "--vm=5.10", "vfs_read", "--by", "comm"), List.of("--", "ls", "--vm"));
        assertThat(invocation.forGuest()).containsExactly("count", "vfs_read", "--by", "comm", "--", "ls", "--vm");
        assertThat(invocation.command()).containsExactly("ls", "--vm");
    }
}
