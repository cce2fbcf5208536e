package org.kprobe4j.handlers;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.kprobe4j.KernelArray;
import org.kprobe4j.KernelQueue;
import org.kprobe4j.PreHandler;

/** What cannot be said of arrays, queues, values of CPUs and of tasks in a handler, and what is said instead. */
class CollectionRefusalTest {
    record Pair(int a, int b) {}

    private final Twin twin = new Twin();

    @AfterEach
    void close() {
        twin.close();
    }

    private void refused(PreHandler handler, String... messages) {
        Refusals.refused(twin.handlers(), handler, messages);
    }

    @Test
    void methods_for_outside() {
        var array = twin.array(Long.class, 4);
        var perCpu = twin.perCpuArray(Long.class, 4);
        var map = twin.perCpuMap(Long.class, Long.class, 4);
        var queue = twin.queue(Long.class, 4);
        var local = twin.taskLocal(Long.class);
        refused(
                (p, regs) -> {
                    array.clear();
                    perCpu.clear();
                    map.clear();
                    queue.clear();
                    local.close();
                    return 0;
                },
                "0: KernelArray.clear works outside handlers only; in a handler use get, set, add and length",
                "1: PerCpuArray.clear works outside handlers only; in a handler use get, set, add and length",
                "2: PerCpuMap.clear works outside handlers only; in a handler use get, getOrDefault, containsKey, put, putIfAbsent, remove and add",
                "3: KernelQueue.clear works outside handlers only; in a handler use offer, poll and peek",
                "4: TaskLocal.close works outside handlers only; in a handler use get, getOrDefault, set and remove");
        refused(
                (p, regs) -> (int) perCpu.sum(1),
                "0: PerCpuArray.sum works outside handlers only; in a handler use get, set, add and length");
        refused(
                (p, regs) -> (int) map.sum(1L),
                "0: PerCpuMap.sum works outside handlers only; in a handler use get, getOrDefault, containsKey, put, putIfAbsent, remove and add");
    }

    @Test
    void made_in_a_handler() {
        refused(
                (p, regs) -> KernelArray.of(Long.class, 3).length(),
                "0: a handler cannot make a KernelArray; make it outside, and use it in the handler");
        refused(
                (p, regs) -> KernelQueue.of(Long.class, 3).offer(1L) ? 1 : 0,
                "0: a handler cannot make a KernelQueue; make it outside, and use it in the handler");
    }

    @Test
    void add_needs_numbers() {
        var pairs = twin.array(Pair.class, 4);
        var bytes = twin.perCpuArray(Byte.class, 4);
        var map = twin.perCpuMap(Long.class, Pair.class, 4);
        refused(
                (p, regs) -> {
                    pairs.add(1, 2);
                    bytes.add(1, 2);
                    map.add(1L, 2);
                    return 0;
                },
                "0: add needs an array whose elements are Long or Integer; this one's are Pair",
                "1: add needs an array whose elements are Long or Integer; this one's are Byte",
                "2: add needs a map whose values are Long or Integer; this one's are Pair");
    }

    @Test
    @SuppressWarnings({"unchecked", "rawtypes"})
    void of_another_type() {
        KernelArray raw = twin.array(Long.class, 4);
        KernelQueue queue = twin.queue(Pair.class, 4);
        refused(
                (p, regs) -> {
                    raw.set(1, 3);
                    return 0;
                },
                "0: set: the elements of this KernelArray are Long; this is of another type");
        refused(
                (p, regs) -> queue.offer(3L) ? 1 : 0,
                "0: offer: the values of this KernelQueue are Pair; this is of another type");
    }
}
