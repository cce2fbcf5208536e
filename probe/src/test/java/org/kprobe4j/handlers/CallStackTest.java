package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelMap;
import org.kprobe4j.KernelStack;
import org.kprobe4j.MaxFrames;
import org.kprobe4j.PreHandler;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.SimulatedKernel;
import org.kprobe4j.UserStack;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.compiler.RecordLayout;
import org.kprobe4j.internal.RecordBytes;

/** Call stacks in lines, events and keys: in the interpreter, and in the JVM. */
class CallStackTest {
    record Slow(int pid, KernelStack stack) {}

    record Both(
            byte kind,
            @MaxFrames(2) KernelStack kernel,
            @MaxFrames(3) UserStack user,
            int after) {}

    record Where(int pid, KernelStack kernel, UserStack user) {}

    record Nested(Where where, byte kind) {}

    record NoFrames(@MaxFrames(0) KernelStack stack) {}

    record TooMany(@MaxFrames(128) UserStack stack) {}

    private static final int GOLDEN_STEPS = 27;

    private final Handlers handlers = new Handlers();
    private final FakeKernel kernel =
            new FakeKernel().hash("counts", 4, 8, 8).hash("users", 8, 8, 8).hash("both", 24, 8, 8);
    private final KernelMap<KernelStack, Long> counts = handlers.map("counts", KernelStack.class, Long.class);
    private final KernelMap<UserStack, Long> users = handlers.map("users", UserStack.class, Long.class);
    private final KernelMap<Nested, Long> both = handlers.map("both", Nested.class, Long.class);

    private Handlers.Hit hit(CompiledProgram program) {
        return Handlers.hit(program, kernel, Handlers.context(Architecture.X86_64));
    }

    private static List<Byte> key(int... words) {
        ByteBuffer bytes = ByteBuffer.allocate(words.length * 4).order(ByteOrder.LITTLE_ENDIAN);
        Arrays.stream(words).forEach(bytes::putInt);
        return FakeKernel.boxed(bytes.array());
    }

    private long count(String map, int... key) {
        return ByteBuffer.wrap(kernel.entries(map).get(key(key)))
                .order(ByteOrder.LITTLE_ENDIAN)
                .getLong();
    }

    private <T extends Record> T event(RingBuffer<T> ring, Class<T> type) {
        assertThat(ring).isNotNull();
        byte[] record = kernel.rings.get("ring").getLast();
        return new RecordBytes<>(type, RecordLayout.of(type)).read(MemorySegment.ofArray(record));
    }

    // ---- events ----

    @Test
    void an_event_holds_the_whole_stack() {
        RingBuffer<Slow> ring = handlers.ring("ring", Slow.class);
        hit(handlers.pre((p, regs) -> {
            ring.emit(new Slow(Kernel.pid(), Kernel.stack()));
            return 0;
        }));
        assertThat(kernel.rings.get("ring").getLast()).hasSize(8 + 8 + 64 * 8);
        Slow slow = event(ring, Slow.class);
        assertThat(slow.pid()).isEqualTo(42);
        assertThat(slow.stack().addresses()).containsExactly(kernel.stack);
        assertThat(slow.stack().isLost()).isFalse();
    }

    @Test
    void at_a_return_the_function_stands_in_the_place_of_the_trampoline() {
        RingBuffer<Slow> ring = handlers.ring("ring", Slow.class);
        handlers.at("vfs_read", 0xffff_ffff_8123_4560L).shaped(new ProgramShape.Return(false));
        hit(handlers.ret((ri, regs) -> {
            ring.emit(new Slow(Kernel.pid(), Kernel.stack()));
            return 0;
        }));
        assertThat(event(ring, Slow.class).stack().addresses())
                .containsExactly(0xffff_ffff_8123_4560L, kernel.stack[1]);
    }

    @Test
    void components_are_cut_where_they_say_so() {
        RingBuffer<Both> ring = handlers.ring("ring", Both.class);
        kernel.stack = new long[] {11, 12, 13, 14};
        kernel.userStack = new long[] {21, 22};
        var program = handlers.pre((p, regs) -> {
            ring.emit(new Both((byte) 7, Kernel.stack(), Kernel.userStack(), 77));
            return 0;
        });
        hit(program);
        assertThat(kernel.rings.get("ring").getLast()).hasSize(8 + 8 * 3 + 8 * 5 + 8);
        Both cut = event(ring, Both.class);
        assertThat(cut.kernel().addresses()).containsExactly(11, 12);
        assertThat(cut.user().addresses()).containsExactly(21, 22);
        assertThat(cut.user().pid()).isEqualTo(42);
        assertThat(cut.after()).isEqualTo(77);
        kernel.userStackError = -14;
        hit(program);
        UserStack none = event(ring, Both.class).user();
        assertThat(none.isLost()).isTrue();
        assertThat(none.frames()).isEmpty();
        assertThat(none).hasToString("<no stack: the task has none (EFAULT)>");
        assertThat(none.folded()).isEqualTo("[no stack]");
    }

    @Test
    void lines_hold_both() {
        kernel.userStack = new long[] {0x10, 0x20};
        kernel.pidTgid = 0x7fff_fff0_7fff_fff1L;
        assertThat(hit(handlers.pre((p, regs) -> {
                            Kernel.printf("k%s u%s", Kernel.stack(), Kernel.userStack());
                            return 0;
                        }))
                        .lines())
                .containsExactly("k 0xffffffff81000010\n 0xffffffff81000020"
                        + " u 0x10 (process 2147483632 has gone)\n 0x20 (process 2147483632 has gone)");
    }

    // ---- keys ----

    @Test
    void a_key_is_the_number_of_the_stack() {
        var program = handlers.pre((p, regs) -> {
            counts.add(Kernel.stack(), 2);
            return 0;
        });
        hit(program);
        kernel.stack = new long[] {1, 2, 3};
        hit(program);
        assertThat(hit(program).steps()).isLessThanOrEqualTo(GOLDEN_STEPS);
        assertThat(count("counts", 0)).isEqualTo(2);
        assertThat(count("counts", 1)).isEqualTo(4);
        assertThat(kernel.stackWalks).isEqualTo(3);
    }

    @Test
    void counting_by_stack_is_one_walk_and_one_addition() {
        String listing = Handlers.listing(handlers.pre((p, regs) -> {
            counts.add(Kernel.stack(), 1);
            return 0;
        }));
        int from = listing.indexOf("r2 = map[counts_stacks]");
        assertThat(listing.substring(from, listing.indexOf("exit\n", from) + "exit\n".length()))
                .isEqualTo("""
                r2 = map[counts_stacks]
                r3 = 0
                call bpf_get_stackid#27
                if r0 s< 0 goto +11
                *(u32 *)(r10 -24) = r0
                r6 = 1
                r1 = map[counts]
                r2 = r10
                r2 += -24
                call bpf_map_lookup_elem#1
                if r0 == 0 goto +8
                lock *(u64 *)(r0 +0) += r6
                w0 = 0
                exit
                """);
    }

    @Test
    void one_walk_serves_all_uses_of_a_map_in_a_row() {
        hit(handlers.pre((p, regs) -> {
            KernelStack stack = Kernel.stack();
            counts.add(stack, 2);
            counts.add(Kernel.stack(), 3);
            return 0;
        }));
        assertThat(kernel.stackWalks).isOne();
        assertThat(count("counts", 0)).isEqualTo(5);
    }

    @Test
    void what_finds_no_place_is_counted_under_its_errno() {
        kernel.stackPlaces = 1;
        var program = handlers.pre((p, regs) -> {
            counts.add(Kernel.stack(), 1);
            users.add(Kernel.userStack(), 1);
            return 0;
        });
        assertThat(hit(program).faults()).containsExactly(CompiledProgram.STACK_LOST);
        kernel.stack = new long[] {5};
        hit(program);
        hit(program);
        assertThat(count("counts", 0)).isEqualTo(1);
        assertThat(count("counts", -17)).isEqualTo(2);
        assertThat(count("users", 42, -17)).isEqualTo(3);
        kernel.userStackError = -14;
        kernel.stack = new long[] {0xffff_ffff_8100_0010L, 0xffff_ffff_8100_0020L};
        assertThat(hit(program).faults()).isEmpty();
        assertThat(count("users", 42, -14)).isOne();
    }

    @Test
    void records_of_stacks_are_keys() {
        var program = handlers.pre((p, regs) -> {
            var where = new Where(Kernel.pid(), Kernel.stack(), Kernel.userStack());
            both.put(new Nested(where, (byte) 3), 9L);
            both.add(new Nested(where, (byte) 4), both.containsKey(new Nested(where, (byte) 3)) ? 1 : 100);
            return 0;
        });
        kernel.stackPlaces = 1;
        hit(program);
        assertThat(count("both", 42, 0, 42, -17, 3, 0)).isEqualTo(9);
        assertThat(count("both", 42, 0, 42, -17, 4, 0)).isEqualTo(1);
    }

    // ---- refusals ----

    private void refused(PreHandler handler, String... messages) {
        Refusals.refused(handlers, handler, messages);
    }

    @Test
    void handlers_do_not_look_into_stacks() {
        String instead =
                " works outside handlers only; in a handler %s can be printed, sent in an event, or be (part of) a map's key";
        refused(
                (p, regs) -> Kernel.stack().frames().size(),
                "0: KernelStack.frames" + instead.formatted("Kernel.stack()"));
        refused((p, regs) -> Kernel.userStack().pid(), "0: UserStack.pid" + instead.formatted("Kernel.userStack()"));
    }

    @Test
    void a_component_takes_its_own_kind() {
        RingBuffer<Slow> ring = handlers.ring("ring", Slow.class);
        refused(
                (p, regs) -> {
                    ring.emit(new Slow(1, null));
                    return 0;
                },
                "0: the component stack takes Kernel.stack()");
    }

    @Test
    void layouts_that_are_refused() {
        assertThatThrownBy(() -> RecordLayout.of(NoFrames.class))
                .hasMessage("record NoFrames: component stack has @MaxFrames(0); a stack has 1 to 127 frames");
        assertThatThrownBy(() -> RecordLayout.of(TooMany.class))
                .hasMessage("record TooMany: component stack has @MaxFrames(128); a stack has 1 to 127 frames");
        assertThatThrownBy(() -> KernelMap.of(Long.class, KernelStack.class))
                .hasMessage("a KernelStack cannot be the value of a map; make it the key, or send it in an event");
        assertThatThrownBy(() -> KernelMap.of(Long.class, Slow.class))
                .hasMessage(
                        "record Slow: a map's value cannot hold the stack stack; make it part of the key, or send it in an event");
    }

    // ---- in the JVM ----

    @Test
    void a_simulated_kernel_has_made_up_stacks() {
        try (var made = SimulatedKernel.open()) {
            made.pid(7)
                    .comm("bash")
                    .stack("vfs_read+0x1a", "ksys_read", "do_syscall_64+0x40")
                    .userStack("read+4", "main");
            KernelMap<Where, Long> map = KernelMap.of(Where.class, Long.class);
            RingBuffer<Both> ring = RingBuffer.of(Both.class);
            PreHandler handler = (p, regs) -> {
                map.add(new Where(Kernel.pid(), Kernel.stack(), Kernel.userStack()), 1);
                ring.emit(new Both((byte) 1, Kernel.stack(), Kernel.userStack(), 5));
                Kernel.printf("%s", Kernel.userStack());
                return 0;
            };
            for (int i = 0; i < 3; i++) {
                made.runPre(handler, made.kprobe("vfs_read"), made.regs().make());
            }
            made.stack("vfs_read", "vfs_readv");
            made.runPre(handler, made.kprobe("vfs_read"), made.regs().make());
            assertThat(map.entries()).hasSize(2);
            Where often = map.entries().entrySet().stream()
                    .filter(e -> e.getValue() == 3)
                    .findFirst()
                    .orElseThrow()
                    .getKey();
            assertThat(often.kernel())
                    .hasToString("vfs_read+0x1a/0x1000\nksys_read+0x0/0x1000\ndo_syscall_64+0x40/0x1000");
            assertThat(often.kernel().folded()).isEqualTo("do_syscall_64;ksys_read;vfs_read");
            assertThat(often.user()).hasToString("read+0x4 (bash)\nmain+0x0 (bash)");
            assertThat(often.user().pid()).isEqualTo(7);
            assertThat(map.get(often)).isEqualTo(3);
            assertThat(made.lines().getFirst()).isEqualTo(" read+0x4 (bash)\n main+0x0 (bash)");
            Both event = made.events(ring).getFirst();
            assertThat(event.kernel().frames())
                    .extracting(KernelStack.Frame::symbol)
                    .containsExactly("vfs_read", "ksys_read");
            assertThat(event.user()).isEqualTo(often.user()).hasSameHashCodeAs(often.user());
            assertThat(event.user().folded()).isEqualTo("main;read");
        }
    }

    @Test
    void outside_handlers_there_are_none() {
        assertThatThrownBy(Kernel::userStack).hasMessageStartingWith("Kernel.userStack()");
    }
}
