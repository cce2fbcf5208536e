package org.kprobe4j.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kprobe4j.internal.Explaining;

/** A dry run says what a run would plant, and leaves neither probe nor program. */
@Tag("kernel")
class DryRunKernelTest {
    @TempDir
    Path folder;

    /** What tests before have left for the collector. */
    private long openBefore;

    @BeforeEach
    void look() throws IOException {
        openBefore = open();
    }

    private static long open() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.map(DryRunKernelTest::named)
                    .filter(name -> name.contains("bpf"))
                    .count();
        }
    }

    private void requireNothingLeft() throws IOException {
        assertThat(Files.readString(Path.of("/sys/kernel/debug/kprobes/list"))).isEmpty();
        assertThat(Files.readString(Path.of("/sys/kernel/tracing/kprobe_events")))
                .isEmpty();
        assertThat(open()).isLessThanOrEqualTo(openBefore);
    }

    private static String named(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            // Of the listing itself.
            return "";
        }
    }

    @Test
    void itNamesTheMechanismAndShowsTheFiltersCode() throws Exception {
        Path touched = folder.resolve("touched");
        Path file = folder.resolve("results.json");
        OwnJvm.Ended ended = OwnJvm.start(
                        "count",
                        "vfs_read",
                        "--when",
                        "count == 4242",
                        "--dry-run",
                        "--emit",
                        "asm",
                        "-o",
                        file.toString(),
                        "--",
                        "touch",
                        touched.toString())
                .ended();
        assertThat(ended.err()).isEmpty();
        assertThat(ended.status()).isZero();
        assertThat(ended.out().getFirst()).isEqualTo("how the probes are planted; nothing stays:");
        assertThat(ended.out())
                .anyMatch(line -> line.matches(" {2}kprobe at wake_up_new_task: .+"))
                .anyMatch(line -> line.matches(" {2}kprobe at vfs_read: (fentry/fexit|kprobe.multi|perf kprobe).*"))
                .anyMatch(line -> line.matches(" {6}program \\S+, \\d+ instructions:"))
                .anyMatch(line -> line.matches(" {8}; Counting.java:\\d+"));
        // The filter's comparison, in the program of the count.
        List<String> program = ended.out()
                .subList(
                        ended.out()
                                .indexOf(ended.out().stream()
                                        .filter(line -> line.contains("kprobe at vfs_read"))
                                        .findFirst()
                                        .orElseThrow()),
                        ended.out().size());
        assertThat(program).anyMatch(line -> line.matches(" +\\d+: if [rw]\\d (!=|==) 4242 goto .*"));
        assertThat(touched).doesNotExist();
        assertThat(file).doesNotExist();
        requireNothingLeft();
    }

    @Test
    void nothingStaysOfAnyTool() throws Exception {
        for (List<String> words : List.of(
                List.of("latency", "vfs_read", "--by", "comm", "--cpu-time"),
                List.of("ret", "vfs_re*"),
                List.of("trace", "vfs_read", "vfs_write", "--stack"),
                List.of("stacks", "vfs_read", "--latency"),
                List.of("calls", "vfs_rmdir", "--depth", "1"))) {
            Ran.ran(Stream.concat(words.stream(), Stream.of("--dry-run")).toArray(String[]::new))
                    .ended(0);
            assertThat(Explaining.isOn()).isFalse();
            requireNothingLeft();
        }
    }
}
