package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kprobe4j.Kernel;
import org.kprobe4j.PtRegs;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.ProgramShape;

/** What stands around a handler and what leaves it: pairs of programs, records, printed lines, the account. */
class ProgramTest {
    private static final long TRAMPOLINE = 0xffff_ffff_8100_0000L;
    private static final long STACK = 0xffff_c900_0000_1000L;

    static final class Data {
        long stamp;
        int pid;
        byte small;
        boolean flag;
        short half;
    }

    record Event(byte a, long b, boolean c, char d, short e, int f, String comm) {}

    private enum Colour {
        RED,
        GREEN
    }

    private final FakeKernel kernel = new FakeKernel();

    private static byte[] at(Architecture machine, long stackPointer, long result) {
        byte[] context = Handlers.context(machine, 5, 6);
        var bytes = ByteBuffer.wrap(context).order(ByteOrder.LITTLE_ENDIAN);
        Handlers.put(bytes, machine, machine.sp(), stackPointer);
        if (result != 0) {
            Handlers.put(bytes, machine, machine.returnValue(), result);
        }
        if (machine.linkRegister() != null) {
            Handlers.put(bytes, machine, machine.linkRegister(), TRAMPOLINE);
        }
        return context;
    }

    // ---- entry and return ----

    private static CompiledProgram entry(Architecture machine, OptionalLong trampoline) {
        return new Handlers()
                .on(machine)
                .data(Data.class)
                .shaped(new ProgramShape.Entry(trampoline))
                .<Data>entry((ri, regs) -> {
                    if (Kernel.gid() == 1) {
                        return 1;
                    }
                    ri.data().stamp = Kernel.ktimeNs();
                    ri.data().pid = -Kernel.pid();
                    ri.data().small = (byte) 200;
                    ri.data().flag = regs.arg(0) == 5;
                    ri.data().half = (short) 0x18001;
                    return 0;
                });
    }

    private static CompiledProgram ret(Architecture machine) {
        return new Handlers()
                .on(machine)
                .data(Data.class)
                .shaped(new ProgramShape.Return(true))
                .<Data>ret((ri, regs) -> {
                    var data = ri.data();
                    Kernel.printf(
                            "%s %d %d %d %d %b %d",
                            ri.symbolName(),
                            regs.returnValue(),
                            Kernel.ktimeNs() - data.stamp,
                            data.pid,
                            data.small,
                            data.flag,
                            data.half);
                    return 0;
                });
    }

    @ParameterizedTest
    @EnumSource
    void a_call_keeps_its_data_from_entry_to_return(Architecture machine) {
        var entered = Handlers.hit(entry(machine, OptionalLong.empty()), kernel, at(machine, STACK, 0));
        assertThat(entered.count(Account.HITS)).isOne();
        assertThat(kernel.calls).hasSize(1);
        var returned = Handlers.hit(ret(machine), kernel, at(machine, STACK + machine.returnStackDelta(), -7));
        assertThat(returned.lines()).containsExactly("vfs_read -7 10 -42 -56 true -32767");
        assertThat(kernel.calls).isEmpty();
    }

    @Test
    void nested_calls_keep_their_own_data() {
        var machine = Architecture.X86_64;
        var entry = entry(machine, OptionalLong.empty());
        var ret = ret(machine);
        Handlers.hit(entry, kernel, at(machine, STACK, 0));
        kernel.time += 1000;
        Handlers.hit(entry, kernel, at(machine, STACK - 256, 0));
        Handlers.hit(ret, kernel, at(machine, STACK - 248, 1));
        var outer = Handlers.hit(ret, kernel, at(machine, STACK + 8, 2));
        assertThat(outer.lines())
                .containsExactly("vfs_read 1 10 -42 -56 true -32767", "vfs_read 2 1030 -42 -56 true -32767");
    }

    @Test
    void the_key_of_a_call_is_its_place_and_stack_and_its_value_begins_with_the_task() {
        var machine = Architecture.X86_64;
        Handlers.hit(entry(machine, OptionalLong.empty()), kernel, at(machine, STACK, 0));
        var key = new byte[ProgramShape.CALL_KEY_BYTES];
        ByteBuffer.wrap(key).order(ByteOrder.LITTLE_ENDIAN).putLong(0).putLong(STACK);
        assertThat(kernel.calls).containsOnlyKeys(FakeKernel.boxed(key));
        assertThat(kernel.calls.values())
                .allSatisfy(call -> assertThat(ByteBuffer.wrap(call.bytes())
                                .order(ByteOrder.LITTLE_ENDIAN)
                                .getLong())
                        .isEqualTo(kernel.pidTgid));
    }

    @Test
    void a_thread_that_takes_over_the_id_of_its_process_in_an_execve_returns_from_the_same_call() {
        var machine = Architecture.X86_64;
        kernel.pidTgid = 42L << Integer.SIZE | 77;
        Handlers.hit(entry(machine, OptionalLong.empty()), kernel, at(machine, STACK, 0));
        kernel.pidTgid = 42L << Integer.SIZE | 42;
        assertThat(Handlers.hit(ret(machine), kernel, at(machine, STACK + 8, 0)).count(Account.FILTERED))
                .isZero();
        assertThat(kernel.calls).isEmpty();
    }

    @Test
    void what_a_process_that_is_gone_left_on_a_stack_is_not_anothers_call() {
        var machine = Architecture.X86_64;
        Handlers.hit(entry(machine, OptionalLong.empty()), kernel, at(machine, STACK, 0));
        kernel.pidTgid = 43L << Integer.SIZE | 43;
        var returned = Handlers.hit(ret(machine), kernel, at(machine, STACK + 8, 0));
        assertThat(returned.count(Account.FILTERED)).isOne();
        assertThat(returned.lines()).isEmpty();
        assertThat(kernel.calls).hasSize(1);
    }

    @Test
    void the_next_call_on_a_stack_counts_the_one_whose_task_ended_inside() {
        var machine = Architecture.X86_64;
        var entry = entry(machine, OptionalLong.empty());
        Handlers.hit(entry, kernel, at(machine, STACK, 0));
        kernel.pidTgid = 43L << Integer.SIZE | 43;
        var next = Handlers.hit(entry, kernel, at(machine, STACK, 0));
        assertThat(next.count(Account.ENDED_INSIDE)).isOne();
        assertThat(next.count(Account.RETURN_LOST)).isZero();
        assertThat(next.count(Account.MAP_FULL)).isZero();
        var returned = Handlers.hit(ret(machine), kernel, at(machine, STACK + 8, 3));
        assertThat(returned.lines()).containsExactly("vfs_read 3 10 -43 -56 true -32767");
        assertThat(kernel.calls).isEmpty();
    }

    @Test
    void the_next_call_of_a_task_on_its_stack_counts_the_one_whose_return_was_lost() {
        var machine = Architecture.X86_64;
        var entry = entry(machine, OptionalLong.empty());
        Handlers.hit(entry, kernel, at(machine, STACK, 0));
        kernel.uidGid = 1L << 32;
        var ignored = Handlers.hit(entry, kernel, at(machine, STACK, 0));
        assertThat(ignored.count(Account.RETURN_LOST)).isOne();
        assertThat(ignored.count(Account.ENDED_INSIDE)).isZero();
        assertThat(ignored.count(Account.FILTERED)).isOne();
        assertThat(kernel.calls).isEmpty();
    }

    @Test
    void a_call_that_the_entry_handler_ignores_has_no_return() {
        var machine = Architecture.X86_64;
        kernel.uidGid = 1L << 32;
        var entered = Handlers.hit(entry(machine, OptionalLong.empty()), kernel, at(machine, STACK, 0));
        assertThat(entered.count(Account.FILTERED)).isOne();
        var returned = Handlers.hit(ret(machine), kernel, at(machine, STACK + 8, 3));
        assertThat(returned.lines()).isEmpty();
        assertThat(returned.count(Account.FILTERED)).isOne();
    }

    @Test
    void an_ignored_call_forgets_what_an_unfinished_one_left_there() {
        var machine = Architecture.X86_64;
        var entry = entry(machine, OptionalLong.empty());
        Handlers.hit(entry, kernel, at(machine, STACK, 0));
        kernel.uidGid = 1L << 32;
        Handlers.hit(entry, kernel, at(machine, STACK, 0));
        assertThat(kernel.calls).isEmpty();
    }

    @Test
    void calls_beyond_the_map_are_counted() {
        var machine = Architecture.X86_64;
        var entry = entry(machine, OptionalLong.empty());
        for (int i = 0; i < FakeKernel.MAX_CALLS; i++) {
            assertThat(Handlers.hit(entry, kernel, at(machine, STACK - 64 * i, 0))
                            .count(Account.MAP_FULL))
                    .isZero();
        }
        assertThat(Handlers.hit(entry, kernel, at(machine, STACK + 64, 0)).count(Account.MAP_FULL))
                .isOne();
    }

    @ParameterizedTest
    @EnumSource
    void a_call_without_a_free_instance_is_left_alone(Architecture machine) {
        long known = machine == Architecture.ARM ? TRAMPOLINE & 0xffff_ffffL : TRAMPOLINE;
        var entry = entry(machine, OptionalLong.of(known));
        byte[] context = at(machine, STACK, 0);
        kernel.kernel.put(STACK, new byte[8]);
        if (machine.linkRegister() == null) {
            assertThat(Handlers.hit(entry, kernel, context).count(Account.NO_INSTANCE))
                    .isOne();
            ByteBuffer.wrap(kernel.kernel.get(STACK))
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(TRAMPOLINE);
        } else {
            byte[] other = context.clone();
            Handlers.put(ByteBuffer.wrap(other).order(ByteOrder.LITTLE_ENDIAN), machine, machine.linkRegister(), 12);
            assertThat(Handlers.hit(entry, kernel, other).count(Account.NO_INSTANCE))
                    .isOne();
        }
        assertThat(kernel.calls).isEmpty();
        assertThat(Handlers.hit(entry, kernel, context).count(Account.NO_INSTANCE))
                .isZero();
        assertThat(kernel.calls).hasSize(1);
    }

    // ---- pre and post ----

    @Test
    void a_post_handler_runs_for_the_call_that_armed_it() {
        var machine = Architecture.X86_64;
        var pre = new Handlers()
                .shaped(new ProgramShape.Pre(Optional.of(Handlers.next(machine, -8))))
                .pre((p, regs) -> 0);
        var post = new Handlers()
                .shaped(new ProgramShape.Post(Handlers.next(machine, -8)))
                .post((p, regs, flags) -> {
                    Kernel.printf("<%s> 0x%x %d", p.symbolName(), p.addr(), flags);
                });
        assertThat(Handlers.hit(post, kernel, at(machine, STACK - 8, 0)).count(Account.FILTERED))
                .isOne();
        Handlers.hit(pre, kernel, at(machine, STACK, 0));
        assertThat(Handlers.hit(post, kernel, at(machine, STACK, 0)).count(Account.FILTERED))
                .isOne();
        assertThat(Handlers.hit(post, kernel, at(machine, STACK - 8, 0)).lines())
                .containsExactly("<vfs_read> 0xffffffff81234560 0");
        assertThat(Handlers.hit(post, kernel, at(machine, STACK - 8, 0)).count(Account.FILTERED))
                .isOne();
    }

    // ---- what leaves a handler ----

    @Test
    void a_record_is_laid_out_as_its_class_says() {
        var handlers = new Handlers();
        RingBuffer<Event> ring = handlers.ring("events1", Event.class);
        var program = handlers.pre((p, regs) -> {
            int x = (int) regs.arg(0);
            ring.emit(new Event((byte) x, regs.arg(1), x > 3, (char) x, (short) -x, x * 1000, Kernel.comm()));
            ring.emit(new Event((byte) 1, -1L, false, 'x', (short) -1, -1, "constant"));
            return 0;
        });
        Handlers.hit(program, kernel, Handlers.context(Architecture.X86_64, 0x1_0000_0105L, Long.MIN_VALUE));
        var first = ByteBuffer.wrap(kernel.rings.get("events1").getFirst()).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(first.get(0)).isEqualTo((byte) 5);
        assertThat(first.getLong(8)).isEqualTo(Long.MIN_VALUE);
        assertThat(first.get(16)).isEqualTo((byte) 1);
        assertThat(first.getShort(18)).isEqualTo((short) 0x105);
        assertThat(first.getShort(20)).isEqualTo((short) -0x105);
        assertThat(first.getInt(24)).isEqualTo(0x105 * 1000);
        assertThat(new String(first.array(), 32, 4, java.nio.charset.StandardCharsets.US_ASCII))
                .isEqualTo("bash");
        var second = ByteBuffer.wrap(kernel.rings.get("events1").getLast()).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(second.getLong(8)).isEqualTo(-1);
        assertThat(second.getInt(24)).isEqualTo(-1);
        assertThat(new String(second.array(), 32, 8, java.nio.charset.StandardCharsets.US_ASCII))
                .isEqualTo("constant");
    }

    @Test
    void a_full_ring_is_counted() {
        kernel.full.add("log");
        var program = new Handlers().pre((p, regs) -> {
            Kernel.printf("lost");
            return 0;
        });
        Handlers.Hit hit = Handlers.hit(program, kernel, at(Architecture.X86_64, STACK, 0));
        assertThat(hit.count(Account.RING_FULL)).isOne();
        assertThat(hit.count(Account.RING_BUSY)).isZero();
        assertThat(kernel.queries).isOne();
    }

    private Handlers.Hit lineWhileBusy(int attempts) {
        kernel.busy = attempts;
        var program = new Handlers().pre((p, regs) -> {
            long number = Kernel.cpu();
            Kernel.printf("%d at last", number);
            return (int) number;
        });
        return Handlers.hit(program, kernel, at(Architecture.X86_64, STACK, 0));
    }

    @Test
    void a_ring_that_another_cpu_is_at_is_tried_again() {
        Handlers.Hit hit = lineWhileBusy(16);
        assertThat(hit.lines()).containsExactly("1 at last");
        assertThat(hit.count(Account.RING_BUSY)).isZero();
        assertThat(hit.count(Account.RING_FULL)).isZero();
        assertThat(kernel.queries).isEqualTo(16);
    }

    @Test
    void a_ring_that_stays_busy_is_counted_by_that_name() {
        Handlers.Hit hit = lineWhileBusy(17);
        assertThat(hit.lines()).isEmpty();
        assertThat(hit.count(Account.RING_BUSY)).isOne();
        assertThat(hit.count(Account.RING_FULL)).isZero();
        assertThat(kernel.busy).isZero();
    }

    @Test
    void a_ring_that_is_not_busy_is_not_asked() {
        assertThat(lineWhileBusy(0).lines()).hasSize(1);
        assertThat(kernel.queries).isZero();
    }

    @Test
    void lines_on_several_ways() {
        var program = new Handlers().pre((p, regs) -> {
            if (regs.arg(0) > 3) {
                Kernel.printf("big %d", regs.arg(0));
            } else {
                Kernel.printf("small %d %s", (int) regs.arg(0), Kernel.comm());
            }
            Kernel.printf("end %s %d %c %b", "text", 7L, 'x', regs.arg(0) == 4);
            return 0;
        });
        assertThat(Handlers.hit(program, 4).lines()).containsExactly("big 4", "end text 7 x true");
        assertThat(Handlers.hit(program, -4).lines()).containsExactly("small -4 bash", "end text 7 x false");
    }

    @Test
    void numbers_keep_their_type() {
        var program = new Handlers().pre((p, regs) -> {
            int i = (int) regs.arg(0);
            Kernel.printf("%x %x %x %x %d %c %b", i, (byte) i, (short) i, regs.arg(0), (char) i, (char) 65, i < 0);
            Kernel.printf("%x %x %x", -1, (short) -1, -1L);
            return 0;
        });
        assertThat(Handlers.hit(program, -1).lines())
                .containsExactly(
                        "ffffffff ffffffff ffffffff ffffffffffffffff 65535 A true",
                        "ffffffff ffffffff ffffffffffffffff");
    }

    @Test
    void the_kernels_own_values() {
        var program = new Handlers().pre((p, regs) -> {
            Kernel.printf(
                    "%d %d %d %d %d %x %d %s",
                    Kernel.pid(),
                    Kernel.tid(),
                    Kernel.uid(),
                    Kernel.gid(),
                    Kernel.cpu(),
                    Kernel.random(),
                    Kernel.cgroupId(),
                    Kernel.comm());
            Kernel.printf("%d %d", Kernel.ktimeNs(), Kernel.bootTimeNs());
            Kernel.dumpStack();
            return 0;
        });
        assertThat(Handlers.hit(program).lines())
                .containsExactly(
                        "42 43 1000 100 1 89abcdef 77 bash",
                        "1010 6010",
                        "Call Trace:\n 0xffffffff81000010\n 0xffffffff81000020");
    }

    @Test
    void captured_values_are_constants() {
        byte b = -1;
        long l = 1L << 40;
        char c = 'c';
        boolean z = true;
        Integer box = 12;
        String text = "func";
        Colour colour = Colour.GREEN;
        var record = new Event((byte) 3, 4, true, 'd', (short) 5, 6, "inside");
        var program = new Handlers().pre((p, regs) -> {
            Kernel.printf("%d %d %c %b %d %s %s", b, l, c, z, box + 1, text, colour);
            int chosen = switch (colour) {
                case RED -> 1;
                case GREEN -> 2;
            };
            int byText = switch (text) {
                case "func" -> 10;
                default -> 20;
            };
            Kernel.printf(
                    "%d %d %d %s %d", chosen, byText, record.f() + (int) record.b(), record.comm(), text.length());
            return 0;
        });
        assertThat(Handlers.hit(program).lines())
                .containsExactly("-1 1099511627776 c true 13 func GREEN", "2 10 10 inside 4");
    }

    @Test
    void the_register_sets_are_switched_over_when_compiling() {
        for (Architecture machine : Architecture.values()) {
            var program = new Handlers().on(machine).pre((p, regs) -> {
                switch (regs) {
                    case PtRegs.X86 r -> Kernel.printf("x86 %d %d", r.di(), r.cs());
                    case PtRegs.Arm64 r -> Kernel.printf("arm64 %d %d", r.x(0), r.pstate());
                    case PtRegs.Arm r -> Kernel.printf("arm %d %d", r.r0(), r.r12());
                }
                Kernel.printf("%d %d", regs.arg(0), regs.arg(1));
                return 0;
            });
            var hit = Handlers.hit(program, new FakeKernel(), Handlers.context(machine, -5, 6));
            String first = machine == Architecture.ARM ? "4294967291" : "-5";
            assertThat(hit.lines())
                    .containsExactly(
                            machine.registerSet().toLowerCase(java.util.Locale.ROOT) + " " + first + " 0", "-5 6");
        }
    }
}
