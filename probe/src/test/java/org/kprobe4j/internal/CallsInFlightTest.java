package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.Set;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;

/** Which calls are taken out of the map because their tasks ended inside the function. */
class CallsInFlightTest {
    private static final long SECOND = CallsInFlight.GRACE.toNanos();
    private static final long EXEC = CallsInFlight.EXEC_GRACE.toNanos();
    private static final long STACK = 0xffff_c900_0000_4000L;

    /** Tasks that are there unless a test says that they ended. */
    private static final class FakeTasks implements Tasks {
        final Set<Integer> ended = new HashSet<>();
        final Set<Integer> alone = new HashSet<>();
        boolean told = true;
        IntConsumer asked = tid -> {};

        @Override
        public boolean areTold() {
            return told;
        }

        @Override
        public boolean hasEnded(int tid) {
            boolean has = ended.contains(tid);
            asked.accept(tid);
            return has;
        }

        @Override
        public boolean isAlone(int pid) {
            return alone.contains(pid);
        }
    }

    private final FakeTasks tasks = new FakeTasks();
    private final HeapEntries entries = new HeapEntries("calls", 16, 64, false);
    private final CallsInFlight calls = new CallsInFlight(entries, () -> -1, tasks);

    private static byte[] bytes(long first, long second) {
        return ByteBuffer.allocate(16)
                .order(ByteOrder.nativeOrder())
                .putLong(first)
                .putLong(second)
                .array();
    }

    private void enter(long sp, int pid, int tid) {
        entries.update(bytes(0, sp), bytes((long) pid << Integer.SIZE | tid, 7), false);
    }

    private int left() {
        return entries.forEach(false, (key, value) -> {});
    }

    @Test
    void a_call_is_taken_out_when_its_task_was_seen_gone_twice() {
        enter(STACK, 5, 5);
        enter(STACK + 0x4000, 6, 6);
        tasks.ended.add(5);
        calls.sweep(0);
        calls.sweep(SECOND - 1);
        assertThat(calls.swept()).isZero();
        calls.sweep(SECOND);
        assertThat(calls.swept()).isOne();
        assertThat(left()).isOne();
        calls.sweep(3 * SECOND);
        assertThat(calls.swept()).isOne();
    }

    @Test
    void a_call_that_returned_meanwhile_is_not_counted() {
        enter(STACK, 5, 5);
        tasks.ended.add(5);
        calls.sweep(0);
        entries.delete(bytes(0, STACK));
        calls.sweep(SECOND);
        assertThat(calls.swept()).isZero();
    }

    @Test
    void another_call_on_the_same_stack_has_its_own_time() {
        enter(STACK, 5, 5);
        tasks.ended.add(5);
        calls.sweep(0);
        enter(STACK, 6, 6);
        tasks.ended.add(6);
        calls.sweep(SECOND);
        assertThat(calls.swept()).isZero();
        calls.sweep(2 * SECOND);
        assertThat(calls.swept()).isOne();
    }

    @Test
    void a_call_that_begins_between_look_and_removal_is_put_back() {
        enter(STACK, 5, 5);
        tasks.ended.add(5);
        calls.sweep(0);
        // The entry program of the new call has taken out and counted the old one.
        tasks.asked = tid -> enter(STACK, 6, 6);
        calls.sweep(SECOND);
        assertThat(calls.swept()).isZero();
        assertThat(entries.lookup(bytes(0, STACK))).isEqualTo(bytes(6L << Integer.SIZE | 6, 7));
    }

    @Test
    void a_number_that_is_given_to_another_task_meanwhile_waits_for_that_one() {
        enter(STACK, 5, 5);
        tasks.ended.add(5);
        calls.sweep(0);
        tasks.ended.clear();
        calls.sweep(SECOND);
        assertThat(calls.swept()).isZero();
        assertThat(left()).isOne();
    }

    @Test
    void a_thread_that_may_be_amid_an_execve_gets_more_time() {
        enter(STACK, 5, 7);
        tasks.ended.add(7);
        tasks.alone.add(5);
        calls.sweep(0);
        calls.sweep(SECOND);
        calls.sweep(EXEC - 1);
        assertThat(calls.swept()).isZero();
        calls.sweep(EXEC);
        assertThat(calls.swept()).isOne();
    }

    @Test
    void a_thread_of_a_process_with_others_needs_no_more_time() {
        enter(STACK, 5, 7);
        tasks.ended.add(7);
        calls.sweep(0);
        calls.sweep(SECOND);
        assertThat(calls.swept()).isOne();
    }

    @Test
    void at_the_end_calls_are_sorted_by_whether_their_tasks_are_there() {
        enter(STACK, 5, 5);
        enter(STACK - 64, 5, 5);
        enter(STACK + 0x4000, 6, 6);
        tasks.ended.add(5);
        assertThat(calls.sort()).isEqualTo(new CallsInFlight.Sorted(1, 2));
        tasks.told = false;
        assertThat(calls.sort()).isEqualTo(new CallsInFlight.Sorted(3, 0));
    }

    @Test
    void calls_are_looked_at_from_an_eighth_of_the_map_on() {
        long[] inMap = {8};
        calls.watch(() -> inMap[0]);
        try {
            assertThat(calls.needsSweep()).isFalse();
            inMap[0] = 9;
            assertThat(calls.needsSweep()).isTrue();
        } finally {
            calls.unwatch();
        }
    }
}
