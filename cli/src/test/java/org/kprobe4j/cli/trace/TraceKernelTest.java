package org.kprobe4j.cli.trace;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kprobe4j.cli.tool.Invocation;
import picocli.CommandLine;

/** Calls of known commands: 7 reads of 512 bytes, a file that is not there, calls inside others. */
@Tag("kernel")
class TraceKernelTest {
    private static final String READS = "dd if=/dev/zero of=/dev/null bs=512 count=7 status=none";

    @TempDir
    Path folder;

    /** Runs the command as the shell's line has it, {@code sh -c} for what is to be traced; the lines that it wrote. */
    private List<String> trace(String suffix, String command, String... words) throws IOException {
        Path file = folder.resolve("out" + suffix);
        var own = new ArrayList<>(Arrays.asList(words));
        own.addAll(List.of("-o", file.toString()));
        var invocation = new Invocation(own, List.of("--", "sh", "-c", command));
        int status = new CommandLine(new TraceCommand(invocation))
                .setExecutionExceptionHandler((e, _, _) -> {
                    throw e;
                })
                .setParameterExceptionHandler((e, _) -> {
                    throw e;
                })
                .execute(own.toArray(String[]::new));
        // The command's own, which is ended where enough was seen.
        assertThat(status).isIn(0, own.contains("--max-events") ? 143 : 0);
        List<String> lines = Files.readAllLines(file);
        return lines;
    }

    private List<Map<String, @Nullable Object>> objects(String command, String... words) throws IOException {
        return JsonLines.of(trace(".json", command, words));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> args(Map<String, @Nullable Object> call) {
        return (Map<String, Object>) call.get("args");
    }

    @Test
    void each_call_with_its_arguments_and_its_result() throws IOException {
        var calls = objects(READS, "vfs_read").stream()
                .filter(call -> "/dev/zero".equals(args(call).get("file")))
                .toList();
        assertThat(calls).hasSize(7);
        for (var call : calls) {
            assertThat(call)
                    .containsEntry("type", "call")
                    .containsEntry("function", "vfs_read")
                    .containsEntry("comm", "dd")
                    .containsEntry("depth", 0L)
                    .containsEntry("retval", 512L)
                    .containsEntry("result", "512")
                    .containsEntry("error", null);
            assertThat(args(call))
                    .containsOnlyKeys("file", "buf", "count", "pos")
                    .containsEntry("count", 512L);
            assertThat((Long) call.get("duration_ns")).isPositive();
            assertThat(call.get("pid")).isEqualTo(call.get("tid"));
        }
    }

    @Test
    void errors_by_name_and_names_of_files() throws IOException {
        List<String> lines = trace(".txt", "cat /there-is-no-such-file 2>/dev/null; true", "do_sys_openat2");
        assertThat(lines.getFirst()).matches("TIME +CPU +COMM +PID +TID +CALL");
        assertThat(lines)
                .anyMatch(
                        line -> line.matches(
                                "\\d\\d:\\d\\d:\\d\\d\\.\\d{6} +\\d+ +cat +\\d+ +\\d+ +do_sys_openat2\\(dfd=-100, "
                                        + "filename=\"/there-is-no-such-file\", how=0x[0-9a-f]+\\) = -ENOENT <[0-9.]+[mun]?s>"));
    }

    @Test
    void calls_inside_others_stand_below_them_and_are_indented() throws IOException {
        List<String> lines = trace(".txt", READS, "ksys_read,vfs_read", "--when", "arg2 == 512");
        assertThat(lines.stream()
                        .skip(1)
                        .map(line -> line.replaceAll(".* dd +\\d+ +\\d+  ", "").replaceAll("\\(.*", "")))
                .containsExactly(
                        "ksys_read",
                        "  vfs_read",
                        "ksys_read",
                        "  vfs_read",
                        "ksys_read",
                        "  vfs_read",
                        "ksys_read",
                        "  vfs_read",
                        "ksys_read",
                        "  vfs_read",
                        "ksys_read",
                        "  vfs_read",
                        "ksys_read",
                        "  vfs_read");
    }

    @Test
    void a_function_that_calls_itself() throws IOException {
        // A file of the guest's root, an overlay: opening it opens the one below.
        var calls = objects("cat /etc/passwd > /dev/null", "do_dentry_open");
        assertThat(calls).anyMatch(call -> Long.valueOf(1).equals(call.get("depth")));
        assertThat(calls).anyMatch(call -> Long.valueOf(0).equals(call.get("depth")));
    }

    @Test
    void expressions() throws IOException {
        assertThat(trace(
                                ".csv",
                                READS,
                                "vfs_read",
                                "--print",
                                "file->f_path, count, retval, file->f_inode->i_rdev == (1 << 20 | 5)",
                                "--when",
                                "retval == 512")
                        .stream()
                        .map(line -> line.replaceAll("^.*,vfs_read,", ""))
                        .map(line -> line.replaceAll("(,[^,]*){6}$", "")))
                .hasSize(8)
                .endsWith("/dev/zero,512,512,true");
        assertThat(trace(
                        ".txt",
                        READS,
                        "vfs_read",
                        "--print",
                        "file->f_path, count",
                        "--args",
                        "--when",
                        "count == 512"))
                .hasSize(8)
                .allMatch(line ->
                        line.startsWith("TIME") || line.endsWith("vfs_read(file->f_path=/dev/zero, count=512)"));
    }

    @Test
    void so_many_events_and_no_more() throws IOException {
        assertThat(objects(READS, "vfs_read", "--max-events", "3")).hasSize(3);
    }

    @Test
    void stacks_and_registers() throws IOException {
        var calls = objects(READS, "vfs_read", "--stack", "--user-stack", "--regs", "--when", "count == 512");
        assertThat(calls).hasSize(7);
        for (var call : calls) {
            assertThat((List<?>) call.get("stack")).first().asString().startsWith("vfs_read+");
            assertThat((List<?>) call.get("stack"))
                    .anyMatch(frame -> frame.toString().startsWith("ksys_read+"));
            assertThat((List<?>) call.get("user_stack")).isNotEmpty();
            assertThat((Map<?, ?>) call.get("registers")).isNotEmpty();
        }
        var entries = objects(READS, "vfs_read", "--stack", "--args", "--when", "count == 512");
        assertThat(entries).hasSize(7);
        for (var entry : entries) {
            assertThat((List<?>) entry.get("stack")).first().asString().startsWith("vfs_read+");
            assertThat((List<?>) entry.get("stack"))
                    .anyMatch(frame -> frame.toString().startsWith("ksys_read+"));
        }
    }

    @Test
    void hits_within_a_function() throws IOException {
        assertThat(objects(READS, "vfs_read+0x0", "--args")).hasSizeGreaterThanOrEqualTo(7);
    }
}
