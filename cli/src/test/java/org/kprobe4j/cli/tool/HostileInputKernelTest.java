package org.kprobe4j.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong is said in one message, ends with the status that is documented, and leaves nothing planted: by every tool. */
@Tag("kernel")
class HostileInputKernelTest {
    @TempDir
    Path folder;

    @AfterEach
    void nothingIsPlanted() throws Exception {
        assertThat(Files.readString(Path.of("/sys/kernel/debug/kprobes/list"))).isEmpty();
        assertThat(Files.readString(Path.of("/sys/kernel/tracing/kprobe_events")))
                .isEmpty();
    }

    private static Ran ran(String tool, String... words) {
        return Ran.ran(Stream.concat(Stream.of(tool), Stream.of(words)).toArray(String[]::new));
    }

    private static void refused(int status, String message, Ran ran) {
        assertThat(ran.err()).hasSizeLessThanOrEqualTo(3);
        assertThat(String.join("|", ran.err())).matches("(?s)kprobe: " + message);
        assertThat(ran.status()).isEqualTo(status);
    }

    @ParameterizedTest
    @ValueSource(strings = {"count", "latency", "ret", "trace", "stacks", "calls"})
    void whatIsWrittenWrongly(String tool) {
        refused(
                125,
                "'\\)' is expected here\\|  count > \\(4\\|            \\^",
                ran(tool, "vfs_read", "--when", "count > (4"));
        refused(
                125,
                "unknown name cuont, nearest: count; vfs_read takes file, buf, count, pos\\|  cuont > 4\\|  \\^",
                ran(tool, "vfs_read", "--when", "cuont > 4"));
        refused(
                125,
                "struct file has no field f_inod; nearest: f_inode.*",
                ran(tool, "vfs_read", "--when", "file->f_inod->i_ino == 4"));
        refused(
                125,
                "comm is a text and cannot be compared with this, a number.*",
                ran(tool, "vfs_read", "--when", "comm > 5"));
        refused(
                125,
                "the expression has 39999 words, and there is room for 499; kprobe run takes any handler.*",
                ran(tool, "vfs_read", "--when", "count > 1 || ".repeat(9_999) + "count > 2"));
        refused(
                125,
                "the expression nests deeper than 24.*",
                ran(tool, "vfs_read", "--when", "(".repeat(100) + "count > 1" + ")".repeat(100)));
        refused(125, "the expression ends where a value is expected.*", ran(tool, "vfs_read", "--when", ""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"count", "latency", "ret", "trace", "stacks", "calls"})
    void whatIsNotThere(String tool) {
        if (tool.equals("calls")) {
            refused(
                    125,
                    "calls vsf_\\*xx: the tree of one function is shown, by its plain name; kprobe trace shows calls of several",
                    ran(tool, "vsf_*xx"));
        } else {
            refused(125, ".*vsf_\\*xx: matches no function.*", ran(tool, "vsf_*xx"));
            refused(125, ".*nosuchmodule:some_function: .*", ran(tool, "nosuchmodule:some_function"));
            refused(125, ".*nothing is named.*", ran(tool, ""));
            refused(125, ".*'r' follows the target.*", ran(tool, "vfs read"));
            refused(125, ".*';' is not part of a function's name.*", ran(tool, "vfs_read;reboot"));
        }
        refused(125, "--pid 3999999: no such process", ran(tool, "vfs_read", "--pid", "3999999"));
        refused(125, "--tid 3999999: no such thread", ran(tool, "vfs_read", "--tid", "3999999"));
        refused(125, "--cpu 9999: this machine has the processors 0.*", ran(tool, "vfs_read", "--cpu", "9999"));
        refused(
                125,
                "--cgroup /no/such: no such control group below .*",
                ran(tool, "vfs_read", "--cgroup", "/no/such"));
        refused(127, "/no/such: command not found", ran(tool, "vfs_read", "--", "/no/such"));
        refused(126, "/etc/passwd: permission denied", ran(tool, "vfs_read", "--", "/etc/passwd"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"count", "latency", "ret", "trace", "stacks", "calls"})
    void whatCannotBeWritten(String tool) throws Exception {
        refused(125, "cannot write /tmp: it is a folder", ran(tool, "vfs_read", "--json", "-o", "/tmp"));
        refused(125, "cannot write /no/such/x.csv: no such folder", ran(tool, "vfs_read", "-o", "/no/such/x.csv"));
        Path full = Files.createDirectory(folder.resolve("full"));
        run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", full.toString());
        try {
            var _ = new ProcessBuilder("dd", "if=/dev/zero", "of=" + full + "/fill", "bs=4k")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
            List<String> suffixes = new ArrayList<>(List.of("txt", "json", "csv", "jfr"));
            if (tool.equals("stacks")) {
                suffixes.add("html");
            }
            for (String suffix : suffixes) {
                Path file = full.resolve("x." + suffix);
                Ran ran =
                        ran(tool, "vfs_read", "-o", file.toString(), "--", "sh", "-c", "cat /etc/hostname > /dev/null");
                assertThat(ran.err())
                        .as(suffix)
                        .containsOnlyOnce(
                                "kprobe: cannot write %s: No space left on device; make room, or write to another place with -o"
                                        .formatted(file))
                        .noneMatch(line -> line.contains("internal error") || line.startsWith("\tat "));
                assertThat(ran.status()).isEqualTo(125);
                Files.deleteIfExists(file);
            }
        } finally {
            run("umount", full.toString());
        }
    }

    private static void run(String... words) throws Exception {
        assertThat(new ProcessBuilder(words).start().waitFor()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"count", "latency", "ret", "trace", "stacks"})
    void aCommandsEndIsOurs(String tool) {
        assertThat(ran(tool, "vfs_read", "-o", "/dev/null", "--json", "--", "sh", "-c", "exit 3")
                        .status())
                .isEqualTo(3);
        assertThat(ran(tool, "vfs_read", "-o", "/dev/null", "--json", "--", "sh", "-c", "kill -SEGV $$")
                        .status())
                .isEqualTo(139);
    }

    @Test
    void longConditionsAreCompiled() throws Exception {
        String many =
                IntStream.range(0, 120).mapToObj(i -> "count == " + (i + 1_000)).collect(Collectors.joining(" || "));
        Ran ran = Ran.tool(
                        ".csv",
                        "count",
                        "vfs_read",
                        "--when",
                        many + " || count == 7",
                        "--",
                        "perl",
                        "-e",
                        "open my $z, '<', '/dev/zero'; sysread($z, my $b, 7) for 1..30; sysread($z, $b, 8) for 1..30")
                .ended(0);
        assertThat(ran.lines().getLast()).endsWith(",vfs_read,30");
        String deep = "count" + " + 0".repeat(22) + " == 7";
        ran = Ran.tool(
                        ".csv",
                        "count",
                        "vfs_read",
                        "--when",
                        deep,
                        "--uid",
                        "0",
                        "--cpu",
                        "0,1",
                        "--comm",
                        "perl",
                        "--",
                        "perl",
                        "-e",
                        "open my $z, '<', '/dev/zero'; sysread($z, my $b, 7) for 1..30; sysread($z, $b, 8) for 1..30")
                .ended(0);
        assertThat(ran.lines().getLast()).endsWith(",vfs_read,30");
    }

    @Test
    void namesThatAreNoUtf8AreStillJsonAndCsv() throws Exception {
        String work =
                "$0 = qq{a\\xff\"'\\x01,b}; open my $z, '<', '/dev/zero'; sysread($z, my $b, 7) for 1..30; open $z, '<', qq{/no/\\xfe\"x}";
        for (String suffix : List.of(".json", ".csv")) {
            for (List<String> words : List.of(
                    List.of("count", "do_sys_openat2", "--by", "comm,ustr(filename)"),
                    List.of("trace", "do_sys_openat2"),
                    List.of("latency", "vfs_read", "--by", "comm"),
                    List.of("ret", "vfs_read", "--by", "comm"),
                    List.of("stacks", "vfs_read", "--by", "comm"))) {
                Path file = folder.resolve("x" + suffix);
                var all = new ArrayList<>(words);
                all.addAll(List.of("-o", file.toString(), "--", "perl", "-e", work));
                Ran.ran(all.toArray(String[]::new)).ended(0);
                // Throws at bytes that are no UTF-8.
                String text = StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
                        .toString();
                assertThat(text).contains("a\uFFFD");
                if (suffix.equals(".json")) {
                    try (JsonParser parser = new JsonFactory().createParser(text)) {
                        while (parser.nextToken() != null) {
                            assertThat(parser.currentToken()).isNotNull();
                        }
                    }
                }
            }
        }
    }
}
