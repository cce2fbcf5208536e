package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kprobe4j.Kernel;
import org.kprobe4j.PreHandler;
import org.kprobe4j.PtRegs;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.SimulatedRegisters;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.ElementLayout;
import org.kprobe4j.compiler.RecordLayout;

/** All registers in an event, a line and a map: in the JVM and in the interpreter alike, on each machine. */
class RegisterSnapshotTest {
    record Hit(int before, PtRegs regs, byte after) {}

    record HitX86(byte before, PtRegs.X86 regs, int after) {}

    record HitArm64(PtRegs.Arm64 regs) {}

    record HitArm(PtRegs.Arm regs) {}

    record Around(Hit hit) {}

    record Named(String flags) {}

    /** 42 of them are the registers. */
    private static final int GOLDEN_STEPS = 63;

    private final Twin twin = new Twin();

    @AfterEach
    void close() {
        twin.close();
    }

    private static Class<? extends PtRegs> set(Architecture machine) {
        return switch (machine) {
            case X86_64 -> PtRegs.X86.class;
            case ARM64 -> PtRegs.Arm64.class;
            case ARM -> PtRegs.Arm.class;
        };
    }

    private SimulatedRegisters<? extends PtRegs> registers(Architecture machine) {
        return switch (machine) {
            case X86_64 -> twin.jvm.x86();
            case ARM64 -> twin.jvm.arm64();
            case ARM -> twin.jvm.arm();
        };
    }

    /** Each register holds another number, with bits in its upper half. */
    private PtRegs distinct(Architecture machine) {
        SimulatedRegisters<? extends PtRegs> regs = registers(machine);
        int number = 1;
        for (String name : machine.registers().keySet()) {
            regs.set(name, 0xffff_fff0_8000_0000L + number++);
        }
        return regs.make();
    }

    /** What the compiler counts on when it writes all registers at once. */
    @ParameterizedTest
    @EnumSource
    void the_record_of_a_set_has_the_registers_in_the_kernels_order(Architecture machine) {
        RecordLayout layout = RecordLayout.of(set(machine).asSubclass(Record.class));
        List<String> names = List.copyOf(machine.registers().keySet());
        assertThat(layout.components()).extracting(RecordLayout.Component::name).isEqualTo(names);
        for (int i = 0; i < names.size(); i++) {
            assertThat(layout.components().get(i).offset()).isEqualTo(i * Long.BYTES);
        }
        assertThat(layout.sizeBytes()).isEqualTo(names.size() * Long.BYTES);
        assertThat(RecordLayout.of(Hit.class).sizeBytes()).isEqualTo(8 + 296 + 8);
    }

    @ParameterizedTest
    @EnumSource
    void an_event_holds_them_all(Architecture machine) {
        RingBuffer<Hit> ring = twin.ring(Hit.class);
        PtRegs regs = distinct(machine);
        twin.pre(
                (p, r) -> {
                    ring.emit(new Hit(1, r, (byte) 2));
                    return 0;
                },
                regs);
        assertThat(twin.jvm.events(ring)).containsExactly(new Hit(1, regs, (byte) 2));
    }

    @Test
    void in_an_event_of_one_machines_registers() {
        RingBuffer<HitX86> x86 = twin.ring(HitX86.class);
        RingBuffer<HitArm64> arm64 = twin.ring(HitArm64.class);
        RingBuffer<HitArm> arm = twin.ring(HitArm.class);
        PreHandler handler = (p, regs) -> {
            switch (regs) {
                case PtRegs.X86 r -> x86.emit(new HitX86((byte) 1, r, 2));
                case PtRegs.Arm64 r -> arm64.emit(new HitArm64(r));
                case PtRegs.Arm r -> arm.emit(new HitArm(r));
            }
            return 0;
        };
        for (Architecture machine : Architecture.values()) {
            twin.pre(handler, distinct(machine));
        }
        assertThat(twin.jvm.events(x86))
                .containsExactly(new HitX86((byte) 1, (PtRegs.X86) distinct(Architecture.X86_64), 2));
        assertThat(twin.jvm.events(arm64)).containsExactly(new HitArm64((PtRegs.Arm64) distinct(Architecture.ARM64)));
        assertThat(twin.jvm.events(arm)).containsExactly(new HitArm((PtRegs.Arm) distinct(Architecture.ARM)));
    }

    @Test
    void within_a_record_and_captured() {
        RingBuffer<Around> ring = twin.ring(Around.class);
        PtRegs.Arm outside = twin.jvm.arm().arg(0, 7).make();
        PtRegs.X86 captured = twin.regs(1, 2, 3);
        twin.pre(
                (p, r) -> {
                    ring.emit(new Around(new Hit(1, r, (byte) 1)));
                    ring.emit(new Around(new Hit(2, captured, (byte) 2)));
                    ring.emit(new Around(new Hit(3, outside, (byte) 3)));
                    return 0;
                },
                twin.regs(99));
        assertThat(twin.jvm.events(ring)).hasSize(3);
    }

    @Test
    void lines_hold_them_and_the_names_of_flags() {
        PreHandler handler = (p, regs) -> {
            Kernel.printf("%s\n%24s|", regs, regs.flagNames());
            switch (regs) {
                case PtRegs.X86 r -> Kernel.printf("%s %s", r.flagNames(), PtRegs.X86.flagNames(r.flags() & 0x40));
                case PtRegs.Arm64 r -> Kernel.printf("%s %d %d", r.flagNames(), r.syscallno(), r.origX0());
                case PtRegs.Arm r -> Kernel.printf("%s", PtRegs.Arm.flagNames(r.cpsr()));
            }
            return 0;
        };
        for (Architecture machine : Architecture.values()) {
            twin.pre(handler, distinct(machine));
        }
        PtRegs regs = twin.jvm.x86().set("flags", 0x246).make();
        twin.pre(handler, regs);
        assertThat(twin.jvm.lines()).hasSize(8).endsWith(regs + "\n            [ PF ZF IF ]|", "[ PF ZF IF ] [ ZF ]");
        assertThat(twin.jvm.lines())
                .contains(PtRegs.Arm64.flagNames(((PtRegs.Arm64) distinct(Architecture.ARM64)).pstate())
                        + " -2147483612 " + (0xffff_fff0_8000_0000L + 35));
    }

    @Test
    void what_is_refused() {
        var handlers = new Handlers();
        RingBuffer<Named> named = handlers.ring("ring", Named.class);
        RingBuffer<Hit> hits = handlers.ring("hits", Hit.class);
        Refusals.refused(
                handlers,
                (p, regs) -> {
                    named.emit(new Named(regs.flagNames()));
                    return 0;
                },
                "0: names of flags are made outside: a handler can print them; in an event send the registers, or the number, and ask PtRegs.X86.flagNames(number) there");
        Refusals.refused(
                handlers,
                (p, regs) -> regs.flagNames().length(),
                "0: names of flags are made outside: a handler can print them; in an event send the registers, or the number, and ask PtRegs.X86.flagNames(number) there");
        Refusals.refused(
                handlers,
                (p, regs) -> {
                    Kernel.printf("%d", regs.flagNames());
                    return 0;
                },
                "0: the format \"%d\" has %d for a text; use %s");
        Refusals.refused(
                handlers,
                (p, regs) -> regs.toString().length(),
                "0: a handler can print the registers, send them in an event, or read them one by one; it cannot call PtRegs.toString");
        Refusals.refused(
                handlers,
                (p, regs) -> {
                    hits.emit(new Hit(1, null, (byte) 1));
                    return 0;
                },
                "0: the component regs takes the handler's registers");
        assertThatThrownBy(() -> ElementLayout.of(Hit.class))
                .hasMessage(
                        "record Hit: a map cannot hold regs, the registers of any machine; name the machine, PtRegs.X86 regs, or send them in an event");
        assertThatThrownBy(() -> ElementLayout.ofKey(Around.class))
                .hasMessage(
                        "record Around: a map cannot hold regs, the registers of any machine; name the machine, PtRegs.X86 regs, or send them in an event");
    }

    /** A load and a store for each register, no helper. */
    @Test
    void what_it_costs() {
        var handlers = new Handlers();
        RingBuffer<HitX86> ring = handlers.ring("ring", HitX86.class);
        CompiledProgram program = handlers.pre((p, regs) -> {
            if (regs instanceof PtRegs.X86 r) {
                ring.emit(new HitX86((byte) 1, r, 2));
            }
            return 0;
        });
        assertThat(Handlers.hit(program).steps()).isEqualTo(GOLDEN_STEPS);
        assertThat(program.registers())
                .containsExactlyInAnyOrderElementsOf(
                        Architecture.X86_64.registers().keySet());
    }
}
