package org.kprobe4j.cli.list;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.kprobe4j.Kprobe;
import org.kprobe4j.cli.list.ListMain.Form;
import org.kprobe4j.cli.list.ListMain.Kind;
import org.kprobe4j.cli.list.ListMain.Question;

@Tag("kernel")
class ListKernelTest {
    private record Listed(int status, List<String> out, List<String> err) {}

    private static Listed list(Kind kind, Form form, boolean probeable, String... names) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int status = ListMain.list(
                new Question(kind, form, probeable, List.of(names)),
                out,
                new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Listed(
                status,
                out.toString(StandardCharsets.UTF_8).lines().toList(),
                err.toString(StandardCharsets.UTF_8).lines().toList());
    }

    @Test
    void prototypesOfFunctions() {
        Listed listed = list(Kind.FUNCTIONS, Form.TEXT, false, "vfs_read");
        assertThat(listed.out()).contains("ssize_t vfs_read(struct file *file, char *buf, size_t count, loff_t *pos)");
        assertThat(listed.err()).isEmpty();
        assertThat(listed.status()).isZero();
    }

    @Test
    void allThatFtraceListsIsThereAndCanBeProbed() throws IOException {
        long begin = System.nanoTime();
        Set<String> listed =
                new HashSet<>(list(Kind.FUNCTIONS, Form.NAMES, true).out());
        System.out.println("all functions in %d ms".formatted((System.nanoTime() - begin) / 1_000_000));
        List<String> traceable = Files.readAllLines(Path.of("/sys/kernel/tracing/available_filter_functions")).stream()
                .filter(line -> !line.contains("[") && !line.startsWith("__ftrace_invalid"))
                .toList();
        assertThat(traceable).hasSizeGreaterThan(20_000);
        long missing = traceable.stream().filter(name -> !listed.contains(name)).count();
        // The blacklist has some that ftrace can trace.
        assertThat(missing).isLessThan(traceable.size() / 50);
    }

    @Test
    void whatIsSaidToBeForbiddenIs() {
        // The BTF of 5.10 does not have the function.
        Listed listed = list(Kind.FUNCTIONS, Form.TEXT, false, "notify_die", "kprobe_*");
        assertThat(listed.out())
                .anySatisfy(line ->
                        assertThat(line).containsPattern("\\bnotify_die\\b").contains("cannot be probed"));
        assertThat(list(Kind.FUNCTIONS, Form.NAMES, true, "notify_die").out()).isEmpty();
    }

    @Test
    void theLayoutOfAStructIsWhatItsHandlersRead() {
        List<String> file =
                list(Kind.STRUCTS, Form.TEXT, false, "struct", "file").out();
        assertThat(file.getFirst()).startsWith("struct file {");
        assertThat(file).anySatisfy(line -> assertThat(line).contains("struct inode *f_inode;"));
        assertThat(file).anySatisfy(line -> assertThat(line).startsWith("    /* size: "));
        assertThat(list(Kind.ENUMS, Form.TEXT, false, "PIDTYPE_PID").out()).contains("enum pid_type {");
    }

    @Test
    void whatThereIsNotNamesTheNearest() {
        Listed listed = list(Kind.FUNCTIONS, Form.TEXT, false, "vfs_raed");
        assertThat(listed.err())
                .singleElement()
                .asString()
                .startsWith("kprobe: vfs_raed: ")
                .contains("vfs_read");
        assertThat(listed.status()).isEqualTo(1);
        assertThat(list(Kind.STRUCTS, Form.TEXT, false, "task_strcut").err())
                .singleElement()
                .asString()
                .startsWith("kprobe: task_strcut: no such struct or union; nearest: task_struct");
    }

    @Test
    void aReaderThatHasGoneIsNoFailure() {
        var err = new ByteArrayOutputStream();
        var gone = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        int status = ListMain.list(
                new Question(Kind.FUNCTIONS, Form.TEXT, false, List.of()),
                gone,
                new PrintStream(err, true, StandardCharsets.UTF_8));
        assertThat(status).isZero();
        assertThat(err.size()).isZero();
    }

    @Test
    void aFunctionThatIsListedAsProbeableCanBeProbed() {
        List<String> names = list(Kind.FUNCTIONS, Form.NAMES, true, "vfs_*").out();
        assertThat(names).hasSizeGreaterThan(50);
        try (var probe = Kprobe.at(names.get(names.size() / 2))
                .preHandler((p, regs) -> 0)
                .register()) {
            assertThat(probe.addr()).isNotZero();
        }
    }
}
