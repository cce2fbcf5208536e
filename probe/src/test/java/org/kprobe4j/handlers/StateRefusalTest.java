package org.kprobe4j.handlers;

import org.junit.jupiter.api.Test;
import org.kprobe4j.Counter;
import org.kprobe4j.Histogram;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelMap;
import org.kprobe4j.PreHandler;
import org.kprobe4j.compiler.Buckets;

/** What cannot be said of maps, counters and histograms in a handler, and what is said instead. */
class StateRefusalTest {
    record Key(int a, String comm) {}

    private final Handlers handlers = new Handlers();
    private final KernelMap<Long, Long> map = handlers.map("map", Long.class, Long.class);
    private final KernelMap<Key, Key> records = handlers.map("records", Key.class, Key.class);
    private final Counter counter = handlers.counter("counter");
    private final Histogram histogram = handlers.histogram("histogram", new Buckets.Log2());

    private void refused(PreHandler handler, String... messages) {
        Refusals.refused(handlers, handler, messages);
    }

    @Test
    void they_are_not_printed() {
        var m = map;
        var c = counter;
        refused(
                (p, regs) -> {
                    Kernel.printf("%s", m);
                    Kernel.printf("%s", c);
                    return 0;
                },
                "0: this object cannot be printed; print its parts",
                "1: this object cannot be printed; print its parts");
    }

    @Test
    void methods_for_outside() {
        var m = map;
        var c = counter;
        var h = histogram;
        String inMaps =
                " works outside handlers only; in a handler use get, getOrDefault, containsKey, put, putIfAbsent, remove and add";
        refused((p, regs) -> m.size(), "0: KernelMap.size" + inMaps);
        refused(
                (p, regs) -> {
                    m.clear();
                    return m.isEmpty() ? 1 : 0;
                },
                "0: KernelMap.clear" + inMaps,
                "1: KernelMap.isEmpty" + inMaps);
        refused(
                (p, regs) -> {
                    c.close();
                    return (int) c.sum();
                },
                "0: Counter.close works outside handlers only; in a handler use increment and add",
                "1: Counter.sum works outside handlers only; in a handler use increment and add");
        refused(
                (p, regs) -> (int) h.count(),
                "0: Histogram.count works outside handlers only; in a handler use record");
    }

    @Test
    void made_in_a_handler() {
        refused(
                (p, regs) -> {
                    Counter.of().increment();
                    return 0;
                },
                "0: a handler cannot make a Counter; make it outside, and use it in the handler");
    }

    @Test
    void chosen_in_a_handler() {
        var one = map;
        KernelMap<Long, Long> other = handlers.map("other", Long.class, Long.class);
        refused(
                (p, regs) -> {
                    (regs.arg(0) == 0 ? one : other).put(1L, 2L);
                    return 0;
                },
                "0: put needs a KernelMap that was made outside the handler and captured by it");
    }

    @Test
    void what_may_be_null_is_not_printed() {
        var m = map;
        refused(
                (p, regs) -> {
                    Kernel.printf("%d", m.get(1L));
                    return 0;
                },
                "0: what may be null cannot be printed; test it before, or use getOrDefault");
    }

    @Test
    void add_needs_numbers() {
        var r = records;
        refused(
                (p, regs) -> {
                    r.add(new Key(1, "a"), 1);
                    return 0;
                },
                "0: add needs a map whose values are Long or Integer; this one's are Key");
    }

    @Test
    @SuppressWarnings({"unchecked", "rawtypes"})
    void a_key_of_another_type() {
        KernelMap raw = map;
        refused(
                (p, regs) -> raw.containsKey(3) ? 1 : 0,
                "0: containsKey: the keys of this map are Long; this is of another type");
        refused(
                (p, regs) -> {
                    raw.put(3L, "text");
                    return 0;
                },
                "0: put: the values of this map are Long; this is of another type");
    }

    @Test
    void strings_in_keys() {
        var r = records;
        refused(
                (p, regs) -> r.containsKey(new Key(1, "longer than sixteen")) ? 1 : 0,
                "0: the string \"longer than sixteen\" has 19 bytes; the component comm holds 16");
    }
}
