package org.kprobe4j.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.kprobe4j.cli.output.Destination;
import org.kprobe4j.cli.output.Line;
import org.kprobe4j.cli.output.PageOutput;
import org.kprobe4j.cli.tool.Stack.Code;
import org.kprobe4j.cli.tool.Stack.Frame;
import org.kprobe4j.cli.tool.StackProbe.Weight;

class StackTableTest {
    private static final List<Frame> READ =
            List.of(new Frame("do_syscall_64", Code.KERNEL), new Frame("vfs_read", Code.KERNEL));
    private static final List<Frame> MAIN =
            List.of(new Frame("main", Code.NATIVE), new Frame("java.lang.Foo::bar(I)V", Code.JIT));

    private static Stack stack(String comm, int pid, @Nullable List<Frame> user, @Nullable List<Frame> kernel) {
        List<String> labels = pid == 0 ? comm.isEmpty() ? List.of() : List.of(comm) : List.of(comm, "pid " + pid);
        return new Stack(List.of(comm, (long) pid), labels, user, kernel);
    }

    private static StackTable table(boolean byTime) {
        var table = new StackTable(byTime);
        table.add(stack("cat", 0, MAIN, READ), new Weight(3, 3000, 2000));
        table.add(stack("java", 12, List.of(), READ), new Weight(5, 500, 200));
        // Other addresses, the same names.
        table.add(stack("cat", 0, MAIN, READ), new Weight(4, 4000, 3000));
        return table;
    }

    @Test
    void folded_by_hits() {
        assertThat(table(false).folded())
                .containsExactly(
                        "cat;main;java.lang.Foo::bar(I)V_[j];do_syscall_64_[k];vfs_read_[k] 7",
                        "java;pid 12;do_syscall_64_[k];vfs_read_[k] 5");
    }

    @Test
    void folded_by_time() {
        assertThat(table(true).folded())
                .containsExactly(
                        "cat;main;java.lang.Foo::bar(I)V_[j];do_syscall_64_[k];vfs_read_[k] 7000",
                        "java;pid 12;do_syscall_64_[k];vfs_read_[k] 500");
    }

    @Test
    void the_kernels_stack_alone_needs_no_marks() {
        var table = new StackTable(false);
        table.add(stack("", 0, null, READ), new Weight(1, 0, 0));
        assertThat(table.folded()).containsExactly("do_syscall_64;vfs_read 1");
    }

    @Test
    void what_weighs_the_same_is_in_the_order_of_its_names() {
        var table = new StackTable(false);
        table.add(stack("b", 0, null, READ), new Weight(2, 0, 0));
        table.add(stack("a;1", 0, null, READ), new Weight(2, 0, 0));
        table.add(stack("c", 0, null, READ), new Weight(9, 0, 0));
        assertThat(table.folded())
                .containsExactly(
                        "c;do_syscall_64;vfs_read 9", "a:1;do_syscall_64;vfs_read 2", "b;do_syscall_64;vfs_read 2");
        assertThat(table.total()).isEqualTo(new Weight(13, 0, 0));
    }

    @Test
    void the_page_has_all_frames_and_the_unit() {
        var table = table(true);
        table.add(stack("", 0, List.of(new Frame("</script><b>'\\", Code.CPP)), null), new Weight(1, 1, 1));
        String page = new String(FlamePage.of(table, "vfs_read & <co>"), StandardCharsets.UTF_8);
        assertThat(page)
                .contains("vfs_read &amp; &lt;co>", "do_syscall_64", ".lang.Foo::bar(I)V", "' ns'", "'1 ns'")
                .contains("</ script><b>\\'\\\\'")
                .doesNotContain("samples'");
        assertThat(page.split("</script>", -1)).hasSize(2);
        assertThat(new String(FlamePage.of(table(false), "x"), StandardCharsets.UTF_8))
                .contains("'1 hit'", "' hits'");
    }

    private static String text(StackTable table, boolean latency, int top) {
        var wish = new StacksShown.Wish("vfs_read", latency, false, top, List.of(), true, true);
        return new StacksShown(wish, new PageOutput(Destination.standardOutput()))
                .lines(table).stream().map(Line::toString).collect(Collectors.joining("\n"));
    }

    @Test
    void for_people_by_hits() {
        assertThat(text(table(false), false, 20)).isEqualTo("""
                        7 hits (58.3%), cat
                              vfs_read
                              do_syscall_64
                              --
                              java.lang.Foo::bar(I)V
                              main

                        5 hits (41.7%), java, pid 12
                              vfs_read
                              do_syscall_64""");
    }

    @Test
    void for_people_by_time() {
        assertThat(text(table(true), true, 1)).isEqualTo("""
                        7.00us (93.3%) in 7 calls, 1.00us each, 3.00us at most, cat
                              vfs_read
                              do_syscall_64
                              --
                              java.lang.Foo::bar(I)V
                              main

                        1 more stack: 500ns (6.7%) in 5 calls, 100ns each, 200ns at most; --top shows more""");
        assertThat(text(new StackTable(false), false, 1)).isEqualTo("no hits of vfs_read");
    }
}
