package org.kprobe4j.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

    /** Each process has its code at other addresses. */
    @Test
    void frames_without_a_name_are_one() {
        var table = new StackTable(false);
        table.add(stack("cat", 0, List.of(new Frame("0x7f2d00401234", Code.NATIVE)), READ), new Weight(2, 0, 0));
        table.add(stack("cat", 0, List.of(new Frame("0x7ffe00401234", Code.NATIVE)), READ), new Weight(3, 0, 0));
        assertThat(table.folded()).containsExactly("cat;[unknown];do_syscall_64_[k];vfs_read_[k] 5");
        assertThat(data(page(table, "x"))).contains("\"names\":[\"all\",\"cat\",\"[unknown]\",");
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

    private static String page(StackTable table, String title) {
        return new String(FlamePage.of(table, title), StandardCharsets.UTF_8);
    }

    /** The page's data as the browser reads it. */
    private static String data(String page) {
        Matcher data = Pattern.compile("<script id=\"data\" type=\"application/json\">(.*)</script>")
                .matcher(page);
        assertThat(data.find()).isTrue();
        return data.group(1);
    }

    @Test
    void the_page_has_all_frames_with_their_weights() {
        assertThat(data(page(table(false), "x")))
                .isEqualTo(
                        "{\"unit\":\"hits\",\"tree\":[0,0,12,"
                                + "[1,2,7,[2,2,7,[3,4,7,[4,1,7,[5,1,7]]]]],[6,2,5,[7,2,5,[4,1,5,[5,1,5]]]]],"
                                + "\"names\":[\"all\",\"cat\",\"main\",\"java.lang.Foo::bar(I)V\",\"do_syscall_64\",\"vfs_read\",\"java\",\"pid 12\"]}");
        assertThat(data(page(table(true), "x"))).startsWith("{\"unit\":\"ns\",\"tree\":[0,0,7500,[1,2,7000,");
    }

    @Test
    void names_and_titles_are_nothing_but_text_in_the_page() {
        var table = new StackTable(false);
        String hostile = "</script><script>alert(1)</script><!--\"'\\@TITLE@";
        table.add(stack("", 0, List.of(new Frame(hostile, Code.CPP)), null), new Weight(1, 0, 0));
        String page = page(table, "vfs_read & <b> \"@DATA@\"");
        assertThat(page)
                .contains("<title>vfs_read &amp; &lt;b> &quot;@DATA@&quot;</title>")
                .contains("aria-label=\"vfs_read &amp; &lt;b> &quot;@DATA@&quot;\"")
                .doesNotContain("alert(1)</script>", "<b>");
        assertThat(data(page))
                .contains("\\u003c/script>\\u003cscript>alert(1)\\u003c/script>\\u003c!--\\\"'\\\\\\u0040TITLE\\u0040");
        assertThat(page.split("<script", -1)).hasSize(3);
    }

    /** Not even what stands in a name or is written by hand can make it ask for anything. */
    @Test
    void the_page_loads_nothing() {
        assertThat(page(table(false), "x"))
                .contains("content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\"")
                .doesNotContain("http:", "https:", "src=", "href=", "url(", "import ");
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
