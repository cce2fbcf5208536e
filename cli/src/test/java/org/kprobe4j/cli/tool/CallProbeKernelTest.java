package org.kprobe4j.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.kprobe4j.cli.expression.Expressions;
import org.kprobe4j.cli.expression.Signature;
import org.kprobe4j.internal.CalledFunctions;

/** Trees of calls in a real kernel. */
@Tag("kernel")
class CallProbeKernelTest {
    private static final String OPEN = "do_sys_openat2";

    @Test
    void an_open_of_a_missing_file_fails_in_the_path_walk() throws Exception {
        CalledFunctions called = CalledFunctions.running();
        List<String> below = called.below(called.address(OPEN).orElseThrow(), 4);
        System.out.println(below.size() + " functions: " + below);
        assertThat(below).contains("do_filp_open", "path_openat");
        List<CallProbe.Returned> all = Collections.synchronizedList(new ArrayList<>());
        var condition = Expressions.over(Signature.of(OPEN))
                .condition(
                        "pid == " + ProcessHandle.current().pid() + " && ustr(filename) == \"/missing-folder/file\"");
        Map<Long, String> names;
        try (var probe = new CallProbe(OPEN, below, new Scope.Everyone(1), condition, all::add)) {
            names = probe.names();
            for (int i = 0; i < 5; i++) {
                try (var _ = new FileInputStream("/missing-folder/file")) {
                    throw new AssertionError("it is there");
                } catch (FileNotFoundException e) {
                    // As it should be.
                }
            }
            probe.remove();
            System.out.println(probe.places() + " places, " + probe.account() + "\n" + probe.skipped());
            assertThat(probe.account().recordsLost()).isZero();
        }
        List<CallProbe.Returned> tops =
                all.stream().filter(call -> call.number() == 0).toList();
        assertThat(tops).hasSize(5);
        for (CallProbe.Returned top : tops) {
            CallTree tree = CallTree.of(
                    top,
                    all.stream()
                            .filter(call -> call.root() == top.root() && call.tid() == top.tid() && call.number() != 0)
                            .toList(),
                    place -> names.getOrDefault(place, "?"),
                    call -> CallValues.errno(names.getOrDefault(call.place(), "?"), call.value()));
            tree.lines().forEach(System.out::println);
            String way = CallsShown.path(tree.born());
            System.out.println(way);
            assertThat(tree.errno()).isEqualTo(2);
            assertThat(way)
                    .matches(
                            "(link_path_walk|walk_component|step_into|path_openat).*path_openat.* ← do_filp_open ← do_sys_openat2|path_openat ← do_filp_open ← do_sys_openat2");
        }
    }
}
