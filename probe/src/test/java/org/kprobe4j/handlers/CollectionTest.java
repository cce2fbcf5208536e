package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelQueue;
import org.kprobe4j.TaskLocal;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.internal.Elements;

/** Arrays, queues, values of CPUs and of tasks: compiled handlers do what the same handlers do in the JVM. */
class CollectionTest {
    record Seen(long nanos, int size, boolean odd, String comm) {}

    record Large(long a, String first, String second, String third, String fourth, String fifth, String sixth) {}

    private final Twin twin = new Twin();

    @AfterEach
    void close() {
        twin.close();
    }

    @Test
    void arrays_of_numbers() {
        var longs = twin.array(Long.class, 10);
        var ints = twin.array(Integer.class, 3);
        var bytes = twin.array(Byte.class, 5);
        var flags = twin.array(Boolean.class, 1);
        var letters = twin.array(Character.class, 100);
        var halves = twin.array(Short.class, 2);
        for (int round = 0; round < 3; round++) {
            twin.pre(
                    (p, regs) -> {
                        int i = (int) regs.arg(0);
                        longs.add(i, regs.arg(1));
                        longs.set(9, longs.get(i) * 2);
                        longs.set(0, longs.get(9) + longs.length());
                        ints.add(1, -7);
                        ints.add(i % 3, 1L << 33 | 5);
                        ints.set(2, ints.get(1) - 1);
                        bytes.set(i % 5, (byte) regs.arg(1));
                        bytes.set(4, (byte) (bytes.get(i % 5) >> 1));
                        flags.set(0, !flags.get(0));
                        letters.set(99, (char) (letters.get(99) + 0x8001));
                        halves.set(1, (short) (halves.get(1) - 0x4321));
                        Kernel.printf("%d %d %c", bytes.get(4), halves.get(1), letters.get(99));
                        return 0;
                    },
                    twin.regs(4 + round, -1000_000_007L * round - 200));
        }
        assertThat(longs.get(4)).isEqualTo(-200);
        assertThat(longs.stream().filter(x -> x != 0).count()).isEqualTo(5);
        assertThat(flags.get(0)).isTrue();
    }

    @Test
    void an_index_is_checked() {
        var longs = twin.array(Long.class, 10);
        for (long index : new long[] {-1, 0, 9, 10, 15, 16, 1 << 20, Integer.MIN_VALUE, 0xffff_ffffL}) {
            twin.pre(
                    (p, regs) -> {
                        longs.add(9, 1);
                        longs.set((int) regs.arg(0), 5L);
                        longs.add(8, longs.get((int) regs.arg(0)));
                        return 0;
                    },
                    twin.regs(index));
        }
        assertThat(longs.get(9)).isEqualTo(11);
        assertThat(longs.get(8)).isEqualTo(10);
        assertThat(twin.jvm.faultLines())
                .singleElement()
                .asString()
                .contains("Index out of bounds for length 10 (7 times)");
        var constant = twin.pre(
                (p, regs) -> {
                    longs.set(10, 1L);
                    return 0;
                },
                twin.regs());
        assertThat(constant.fault().orElseThrow().what()).isEqualTo("Index out of bounds for length 10");
    }

    @Test
    void arrays_of_records() {
        var seen = twin.array(Seen.class, 7);
        long text = twin.text("a name that is long");
        for (int i = 0; i < 7; i++) {
            twin.pre(
                    (p, regs) -> {
                        int at = (int) regs.arg(0);
                        Seen before = seen.get(at % 3);
                        Kernel.printf("%d %d %b %s", before.nanos(), before.size(), before.odd(), before.comm());
                        seen.set(at, new Seen(Kernel.ktimeNs(), at, (at & 1) == 1, Kernel.comm()));
                        seen.set(at / 2, new Seen(before.nanos() + 1, before.size(), true, before.comm()));
                        if (at == 6) {
                            seen.set(0, new Seen(1, 2, true, "text"));
                            seen.set(1, seen.get(6));
                        }
                        return 0;
                    },
                    twin.regs(i, text));
        }
        assertThat(seen.get(0)).isEqualTo(new Seen(1, 2, true, "text"));
    }

    @Test
    void a_text_that_cannot_be_read_leaves_the_element() {
        var large = twin.array(Large.class, 3);
        long text = twin.text("text");
        for (long address : new long[] {text, 64}) {
            twin.pre(
                    (p, regs) -> {
                        large.set(1, new Large(regs.arg(1), Kernel.string(regs.arg(0), 16), "b", "c", "", "", "f"));
                        return 0;
                    },
                    twin.regs(address, address));
        }
        assertThat(large.get(1)).isEqualTo(new Large(text, "text", "b", "c", "", "", "f"));
        assertThat(twin.jvm.faultLines()).hasSize(1);
    }

    @Test
    void arrays_of_each_cpu() {
        var sizes = twin.perCpuArray(Long.class, 5);
        var last = twin.perCpuArray(Seen.class, 2);
        for (int cpu : new int[] {0, 3, 7, 3}) {
            twin.jvm.cpu(cpu);
            twin.pre(
                    (p, regs) -> {
                        int i = (int) regs.arg(0);
                        sizes.add(i, regs.arg(1));
                        sizes.set(4, sizes.get(i) + sizes.length());
                        last.set(i & 1, new Seen(regs.arg(1), i, false, Kernel.comm()));
                        Kernel.printf("%d", last.get(1).size());
                        return 0;
                    },
                    twin.regs(cpu % 4, 100 + cpu));
        }
        assertThat(sizes.values(3)).containsExactly(0L, 0L, 0L, 206L, 0L, 0L, 0L, 107L);
        assertThat(sizes.sum(3)).isEqualTo(313);
        assertThat(sizes.sums()).containsExactly(100L, 0L, 0L, 313L, 105L + 211 + 112);
        assertThat(last.values(1).get(3)).isEqualTo(new Seen(103, 3, false, "init"));
        sizes.clear();
        assertThat(sizes.sums()).containsOnly(0L);
    }

    @Test
    void maps_of_each_cpu() {
        var bytes = twin.perCpuMap(Integer.class, Long.class, 3);
        var words = twin.perCpuMap(Seen.class, Integer.class, 10);
        for (int hit = 0; hit < 12; hit++) {
            twin.jvm.cpu(hit % 4);
            twin.pre(
                    (p, regs) -> {
                        int key = (int) regs.arg(0);
                        bytes.add(key, regs.arg(1));
                        words.add(new Seen(1, key, true, Kernel.comm()), 1L << 32 | 1);
                        Long found = bytes.get(key + 1);
                        Kernel.printf(
                                "%d %d %b",
                                found == null ? -1 : found, bytes.getOrDefault(key, 77L), bytes.putIfAbsent(2, 5L));
                        if (bytes.containsKey(3)) {
                            bytes.put(3, bytes.getOrDefault(3, 0L) + 1);
                            Kernel.printf("%b", bytes.remove(1));
                        }
                        return 0;
                    },
                    twin.regs(hit % 5, hit));
        }
        assertThat(bytes.size()).isEqualTo(3);
        assertThat(twin.jvm.entriesLost()).isPositive();
        assertThat(words.sum(new Seen(1, 0, true, "init"))).isEqualTo(3);
        assertThat(words.values(new Seen(1, 0, true, "init"))).hasSize(8);
        assertThat(bytes.top(1).getFirst().getValue())
                .isEqualTo(bytes.sums().values().stream().max(Long::compare).orElseThrow());
        assertThat(bytes.takeAll()).hasSize(3);
        assertThat(bytes.sums()).isEmpty();
    }

    @Test
    void queues() {
        var numbers = twin.queue(Long.class, 3);
        var seen = twin.queue(Seen.class, 2);
        var large = twin.queue(Large.class, 2);
        long text = twin.text("text");
        for (int hit = 0; hit < 10; hit++) {
            twin.pre(
                    (p, regs) -> {
                        Long first = numbers.peek();
                        boolean done = numbers.offer(regs.arg(0));
                        if (regs.arg(0) % 3 == 1) {
                            Long taken = numbers.poll();
                            Kernel.printf("%d", taken == null ? -1 : taken);
                        }
                        Kernel.printf("%d %b", first == null ? -1 : first, done);
                        Seen old = seen.poll();
                        if (old != null) {
                            Kernel.printf("%s %d", old.comm(), old.nanos());
                        }
                        seen.offer(new Seen(regs.arg(0), 1, true, Kernel.comm()));
                        large.offer(new Large(regs.arg(0), Kernel.string(regs.arg(1), 16), "b", "c", "d", "e", "f"));
                        Large head = large.peek();
                        if (head != null && head.a() < regs.arg(0) - 1) {
                            Large gone = large.poll();
                            Kernel.printf("%d %s %s", gone.a(), gone.first(), gone.sixth());
                        }
                        return 0;
                    },
                    twin.regs(hit, text));
        }
        assertThat(twin.jvm.entriesLost()).isPositive();
        numbers.clear();
        assertThat(numbers.poll()).isNull();
        assertThat(numbers.peek()).isNull();
    }

    private static long next(KernelQueue<Long> queue, long otherwise) {
        Long first = queue.poll();
        return first == null ? otherwise : first;
    }

    @Test
    void a_queue_is_emptied_in_a_loop() {
        var queue = twin.queue(Long.class, 20);
        for (long i = 1; i <= 3; i++) {
            twin.pre(
                    (p, regs) -> {
                        for (long j = 0; j < regs.arg(0) && j < 8; j++) {
                            queue.offer(j + 1);
                        }
                        long sum = 0;
                        for (int j = 0; j < 2; j++) {
                            sum += next(queue, 1000);
                        }
                        Kernel.printf("%d", sum);
                        return 0;
                    },
                    twin.regs(i));
        }
        assertThat(twin.jvm.lines()).containsExactly("1001", "3", "3");
    }

    /** Where the kernel does not keep values with tasks: a new task at the address of one that has ended. */
    @Test
    void values_of_tasks_in_a_hash() {
        var elements = new Elements<>(Long.class);
        TaskLocal<Long> began = TaskLocal.of(Long.class);
        var handlers = new Handlers().btf(Types::btf);
        handlers.known(began, new KernelObject.TaskLocal("tasks", elements.layout(), false));
        var kernel = new FakeKernel().hash("tasks", 16, 8, 4);
        var program = handlers.pre((p, regs) -> {
            Long before = began.get();
            Kernel.printf("%d", before == null ? -1 : before);
            began.set(began.getOrDefault(10L) + 1);
            if (regs.arg(0) == 1) {
                Kernel.printf("%b", began.remove() && !began.remove());
            }
            return 0;
        });
        byte[] context = Handlers.context(Architecture.X86_64, 0);
        for (byte startTime : new byte[] {7, 7, 8, 7}) {
            kernel.kernel.put(kernel.task + 56, new byte[] {startTime, 0, 0, 0, 0, 0, 0, 0});
            Handlers.hit(program, kernel, context);
        }
        kernel.task += 4096;
        kernel.kernel.put(kernel.task + 56, new byte[] {7, 0, 0, 0, 0, 0, 0, 0});
        var last = Handlers.hit(program, kernel, Handlers.context(Architecture.X86_64, 1));
        assertThat(last.lines()).containsExactly("-1", "11", "-1", "12", "-1", "true");
        assertThat(kernel.entries("tasks")).hasSize(2);
    }

    @Test
    void values_of_tasks() {
        var began = twin.taskLocal(Long.class);
        var seen = twin.taskLocal(Seen.class);
        for (int tid : new int[] {5, 6, 5, 6, 5, 7}) {
            twin.jvm.tid(tid);
            twin.pre(
                    (p, regs) -> {
                        Long before = began.get();
                        Kernel.printf("%d %d", before == null ? -1 : before, began.getOrDefault(3L));
                        began.set(Kernel.tid() * 10L + (before == null ? 0 : before));
                        Seen last = seen.get();
                        if (last != null) {
                            Kernel.printf("%d %s %b", last.size(), last.comm(), seen.remove());
                        } else {
                            seen.set(new Seen(1, Kernel.tid(), true, Kernel.comm()));
                        }
                        Kernel.printf("%b", seen.remove() && !seen.remove());
                        return 0;
                    },
                    twin.regs());
        }
        assertThat(twin.jvm.lines()).contains("-1 3", "50 50", "60 60", "100 100");
    }
}
