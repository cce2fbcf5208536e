package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Functions that everything in the kernel calls, and that say little about who does: locks, memory, copying, checks. To follow them costs
 * more than all the others together.
 */
final class HotFunctions {
    private static final Pattern NAMES = Pattern.compile("_*(?:"
            + String.join(
                    "|",
                    List.of(
                            // Locks, in include/linux/spinlock.h, rwsem.h, mutex.h, rcupdate.h.
                            "(?:raw_)?(?:spin|read|write)_(?:lock|unlock|trylock).*",
                            "(?:native_)?queued_(?:spin|read|write)_.*",
                            "(?:mutex|rt_mutex|ww_mutex)_(?:lock|unlock|trylock).*",
                            "(?:down|up)(?:_read|_write|grade_write)?(?:_.*)?",
                            "percpu_(?:down|up)_.*|lockref_.*|osq_.*",
                            "rcu_read_(?:lock|unlock).*|call_rcu.*|srcu_read_.*",
                            "local_bh_.*|local_lock.*|preempt_.*|(?:dynamic_)?cond_resched|might_(?:sleep|fault|resched)",
                            "wake_up(?:_.*)?|prepare_to_wait.*|finish_wait|schedule(?:_preempt.*)?",
                            // Memory, in include/linux/slab.h, gfp.h.
                            "k[vz]?(?:malloc|zalloc|free)(?:_.*)?|kmem_cache_(?:alloc|free).*|vfree.*|slab_.*",
                            "(?:alloc|free)_(?:pages|percpu|page).*|get_free_pages.*|mod_.*_(?:state|slab.*)",
                            // Copying and texts, in include/linux/string.h, uaccess.h.
                            "mem(?:cpy|set|move|cmp|chr|dup.*|scan)(?:_.*)?|str(?:n|l|s)?(?:cpy|len|cmp|cat|chr|rchr|str|scpy|casecmp)",
                            "copy_(?:to|from)_user.*|(?:get|put)_user.*|check_object_size|copy_overflow|rep_.*",
                            // Checks and messages.
                            "list_(?:add|del)_.*|refcount_.*|warn.*|printk.*|panic|dump_stack.*|fortify_.*|bug_.*",
                            "trace_.*|bpf_trace_.*|perf_trace_.*|ktime_get.*|sched_clock.*|static_(?:key|call)_.*"))
            + ")");

    private final List<String> left = new ArrayList<>();

    /** Whether a function is to be followed; those that are not are remembered. */
    boolean isFollowed(String name) {
        if (!isHot(name)) {
            return true;
        }
        if (!left.contains(name)) {
            left.add(name);
        }
        return false;
    }

    static boolean isHot(String name) {
        return NAMES.matcher(name).matches();
    }

    /** What was left out, in one line; empty if nothing was. */
    String remark() {
        int few = 3;
        return left.isEmpty()
                ? ""
                : "not followed, since everything calls %s: %s%s; --hot follows %s"
                        .formatted(
                                left.size() == 1 ? "it" : "them",
                                String.join(", ", left.subList(0, Math.min(few, left.size()))),
                                left.size() > few ? " and %d more".formatted(left.size() - few) : "",
                                left.size() == 1 ? "it" : "them");
    }
}
