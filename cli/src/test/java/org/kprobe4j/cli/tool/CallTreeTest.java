package org.kprobe4j.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.kprobe4j.SkippedPlace;
import org.kprobe4j.cli.output.Line;

class CallTreeTest {
    private static final Map<Long, String> NAMES =
            Map.of(1L, "no_such_open", 2L, "no_such_filp", 3L, "no_such_walk", 4L, "no_such_step", 5L, "no_such_put");

    private static CallProbe.Returned call(int number, int depth, long place, long start, long end, long value) {
        return new CallProbe.Returned(7, 20, 10, number, depth, 5, true, "cat", place, start, end, value);
    }

    private static CallTree tree(CallProbe.Returned... below) {
        return CallTree.of(
                call(0, 0, 1, 0, 12_000, -2),
                List.of(below),
                NAMES::get,
                call -> CallValues.errno(NAMES.get(call.place()), call.value()));
    }

    private static String text(CallTree tree) {
        return tree.lines().stream().map(Line::toString).collect(Collectors.joining("\n"));
    }

    /** In the order of their returns. */
    private static final CallTree FAILED = tree(
            call(3, 3, 4, 300, 1000, -2),
            call(2, 2, 3, 200, 2000, -2),
            call(4, 2, 5, 2100, 2200, 0),
            call(1, 1, 2, 100, 9000, -2),
            call(5, 1, 5, 9100, 9200, 3));

    @Test
    void a_tree_as_people_see_it() {
        assertThat(text(FAILED)).startsWith("   12.0us");
        assertThat(text(FAILED).indent(-3).stripTrailing()).isEqualTo("""
                           12.0us  no_such_open = -ENOENT
                           8.90us  ├─ no_such_filp = -ENOENT
                           1.80us  │  ├─ no_such_walk = -ENOENT
                            700ns  │  │  └─ no_such_step = -ENOENT
                            100ns  │  └─ no_such_put = 0
                            100ns  └─ no_such_put = 3""");
        assertThat(FAILED.size()).isEqualTo(6);
        assertThat(FAILED.missing()).isZero();
    }

    @Test
    void an_error_is_born_in_the_deepest_that_returned_it() {
        assertThat(CallsPlanted.path(FAILED.born()))
                .isEqualTo("no_such_step ← no_such_walk ← no_such_filp ← no_such_open");
    }

    @Test
    void another_error_below_is_not_this_one() {
        CallTree tree = tree(call(2, 2, 4, 0, 1, -10), call(1, 1, 3, 0, 1, -10), call(3, 1, 2, 0, 1, -2));
        assertThat(CallsPlanted.path(tree.born())).isEqualTo("no_such_filp ← no_such_open");
        assertThat(tree.missing()).isEqualTo(2);
    }

    @Test
    void what_lost_its_caller_stands_below_the_one_above() {
        CallTree tree = tree(call(2, 2, 4, 0, 1, 0), call(3, 1, 5, 0, 1, 0));
        assertThat(tree.below()).extracting(CallTree::function).containsExactly("no_such_step", "no_such_put");
    }

    @Test
    void what_cannot_be_followed_is_named_by_its_reason() {
        assertThat(CallsPlanted.notFollowed(List.of(
                        new SkippedPlace("memset", null, 1, "notrace"),
                        new SkippedPlace("a", null, 2, "on the blacklist"),
                        new SkippedPlace("clear", null, 3, "notrace"),
                        new SkippedPlace("clear", null, 4, "notrace"))))
                .containsExactly("not followed: clear, memset: notrace", "not followed: a: on the blacklist");
    }
}
