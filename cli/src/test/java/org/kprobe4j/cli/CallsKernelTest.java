package org.kprobe4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.kprobe4j.cli.tool.Ran;

/** {@code kprobe calls} as it is typed. */
@Tag("kernel")
class CallsKernelTest {
    private static final int LONG_LINE = 300;
    private static final String OPENS = "for i in 1 2 3 4 5; do true < /nonexistent-$i; done 2>/dev/null; true";
    private static final String[] FAILING = {
        "calls", "do_sys_openat2", "--depth", "3", "--failed", "--when", "starts(ustr(filename), \"/nonexistent\")"
    };

    private static Ran calls(String suffix, String[] words, String... more) throws IOException {
        var all = new ArrayList<>(List.of(words));
        all.addAll(List.of(more));
        Ran ran = Ran.tool(suffix, all.toArray(String[]::new)).ended(0);
        ran.lines().forEach(System.out::println);
        ran.err().forEach(System.out::println);
        assertThat(ran.err()).allSatisfy(line -> assertThat(line.length()).isLessThan(LONG_LINE));
        assertThat(ran.err()).noneMatch(line -> line.contains("/^("));
        return ran;
    }

    @Test
    void failed_opens_are_one_tree_and_the_error_is_born_below() throws IOException {
        Ran ran = calls(".json", FAILING, "--", "sh", "-c", OPENS);
        assertThat(ran.lines().getFirst())
                .matches(
                        "\\{\"type\":\"path\",\"function\":\"do_sys_openat2\",\"depth\":0,\"path\":\\[\"do_sys_openat2\"],\"count\":5,"
                                + "\"total_ns\":\\d+,\"average_ns\":\\d+,\"max_ns\":\\d+,\"errors\":\\{\"ENOENT\":5}}");
        assertThat(ran.lines())
                .anyMatch(line -> line.contains("\"path\":[\"do_sys_openat2\",\"do_filp_open\"],\"count\":5,")
                        && line.endsWith("\"errors\":{\"ENOENT\":5}}"));
        assertThat(ran.lines().getLast())
                .matches(
                        "\\{\"type\":\"born\",\"error\":\"ENOENT\",\"path\":\\[\"do_sys_openat2\",\"do_filp_open\",\"path_openat\".*],\"count\":5}");
        assertThat(ran.err()).anyMatch(line -> line.startsWith("kprobe: not followed, since everything calls them: "));
    }

    @Test
    void as_people_see_it() throws IOException {
        Ran ran = calls(".txt", FAILING, "--", "sh", "-c", OPENS);
        assertThat(ran.lines().getFirst()).isEqualTo("   CALLS    TOTAL      AVG      MAX  FUNCTION");
        assertThat(ran.lines().get(1)).matches("       5( +[0-9.]+[mun]?s){3}  do_sys_openat2  -ENOENT 5");
        assertThat(ran.lines())
                .anyMatch(line -> line.matches("       5( +[0-9.]+[mun]?s){3}  [├└]─ do_filp_open  -ENOENT 5"));
        assertThat(ran.lines().getLast())
                .matches("5 times -ENOENT born in .*path_openat ← do_filp_open ← do_sys_openat2");
    }

    @Test
    void each_for_itself() throws IOException {
        Ran ran = calls(".txt", FAILING, "--each", "--", "sh", "-c", OPENS);
        assertThat(ran.lines()).filteredOn(line -> line.matches("sh, pid \\d+")).hasSize(5);
        assertThat(ran.lines())
                .filteredOn(line -> line.matches("-ENOENT born in .*path_openat ← do_filp_open ← do_sys_openat2"))
                .hasSize(5);
    }

    @Test
    void a_function_that_calls_itself_stands_below_itself() throws IOException {
        // A file of the guest's root, an overlay: opening it opens the one below.
        Ran ran = calls(".json", new String[] {"calls", "do_dentry_open", "--depth", "1"}, "--", "cat", "/etc/passwd");
        assertThat(ran.lines())
                .anyMatch(line -> line.matches(
                                "\\{\"type\":\"path\",\"function\":\"do_dentry_open\",.*\"path\":\\[\"do_dentry_open\",.*\"do_dentry_open\"],.*")
                        || line.contains("\"path\":[\"do_dentry_open\",\"do_dentry_open\"]"));
    }

    @Test
    void three_calls_deep_is_readable() throws IOException {
        Ran ran = calls(".txt", new String[] {"calls", "vfs_open", "--depth", "3"}, "--", "cat", "/etc/hostname");
        assertThat(ran.lines()).anyMatch(line -> line.matches(".*[├└]─ do_dentry_open.*"));
        assertThat(ran.lines()).noneMatch(line -> line.contains("_raw_spin_lock") || line.contains("─ kfree"));
    }
}
