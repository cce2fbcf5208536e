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
        assertThat(CallsShown.path(FAILED.born()))
                .isEqualTo("no_such_step ← no_such_walk ← no_such_filp ← no_such_open");
    }

    @Test
    void another_error_below_is_not_this_one() {
        CallTree tree = tree(call(2, 2, 4, 0, 1, -10), call(1, 1, 3, 0, 1, -10), call(3, 1, 2, 0, 1, -2));
        assertThat(CallsShown.path(tree.born())).isEqualTo("no_such_filp ← no_such_open");
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

    @Test
    void trees_of_several_calls_are_one() {
        var all = new PathTree("no_such_open");
        all.add(FAILED);
        all.add(FAILED);
        all.add(tree(call(1, 1, 5, 100, 5100, 0)));
        assertThat(all.lines().stream().map(Line::toString).collect(Collectors.joining("\n")))
                .isEqualTo("""
                           CALLS    TOTAL      AVG      MAX  FUNCTION
                               3   36.0us   12.0us   12.0us  no_such_open  -ENOENT 3
                               2   17.8us   8.90us   8.90us  ├─ no_such_filp  -ENOENT 2
                               2   3.60us   1.80us   1.80us  │  ├─ no_such_walk  -ENOENT 2
                               2   1.40us    700ns    700ns  │  │  └─ no_such_step  -ENOENT 2
                               2    200ns    100ns    100ns  │  └─ no_such_put
                               3   5.20us   1.73us   5.00us  └─ no_such_put\
                        """.stripTrailing());
    }

    @Test
    void a_function_that_calls_itself_stands_below_itself() {
        var all = new PathTree("no_such_open");
        all.add(tree(call(1, 1, 1, 100, 200, 0), call(2, 2, 1, 120, 150, -2)));
        assertThat(all.lines().stream().map(Line::toString).skip(1).map(line -> line.substring(37)))
                .containsExactly("no_such_open  -ENOENT 1", "└─ no_such_open", "   └─ no_such_open  -ENOENT 1");
    }

    @Test
    void what_everything_calls_is_not_followed() {
        var hot = new HotFunctions();
        assertThat(List.of(
                        "vfs_open", "_raw_spin_lock", "kfree", "do_dentry_open", "mutex_lock_interruptible", "memcpy"))
                .filteredOn(hot::isFollowed)
                .containsExactly("vfs_open", "do_dentry_open");
        assertThat(hot.remark())
                .isEqualTo("not followed, since everything calls them: _raw_spin_lock, kfree, mutex_lock_interruptible"
                        + " and 1 more; --hot follows them");
        assertThat(List.of(
                        "kmem_cache_alloc_noprof",
                        "__kmalloc",
                        "__rcu_read_unlock",
                        "__check_object_size",
                        "_raw_read_lock_irqsave",
                        "up_write",
                        "__cond_resched",
                        "_copy_to_user",
                        "__list_add_valid",
                        "strncpy_from_user",
                        "strlen"))
                .filteredOn(name -> !HotFunctions.isHot(name))
                .containsExactly("strncpy_from_user");
        assertThat(List.of(
                        "security_file_open",
                        "lookup_open",
                        "kfree_skb_reason",
                        "schedule_timeout",
                        "upcall",
                        "wake_up_new_task",
                        "downgrade_write"))
                .noneMatch(name -> name.startsWith("sec") && HotFunctions.isHot(name));
        assertThat(new HotFunctions().remark()).isEmpty();
    }
}
