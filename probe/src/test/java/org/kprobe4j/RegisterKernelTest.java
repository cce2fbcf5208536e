package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.bpf.symbols.InjectableFunctions;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.internal.Machine;

/** All registers at a probe of a real kernel, and what it says of functions that may fail on purpose. */
@Tag("kernel")
@ExtendWith(LeftNothingBehind.class)
class RegisterKernelTest {
    /** The whole set, and some registers read one by one in the same hit. */
    record Hit(int where, PtRegs regs, long ip, long sp, long offset, long returned, long flags) {}

    record OneMachines(PtRegs.X86 regs) {}

    private static final int BEFORE = 1;
    private static final int AFTER = 2;
    private static final int ENTRY = 3;
    private static final int RETURN = 4;

    /** By the kernel's own types: no register without an accessor, no accessor without a register. */
    @Test
    void everyWordOfTheKernelsPtRegsHasAnAccessor() {
        Btf types = Machine.btf().orElseThrow();
        BtfType.Composite registerFile = types.struct("pt_regs").orElseThrow();
        var offsets = new TreeSet<Integer>();
        for (String field : types.fieldNames(registerFile)) {
            int first = types.field(registerFile, field).orElseThrow().byteOffset();
            offsets.add(first);
            if (field.equals("regs")) { // of 64-bit Arm: an array of x0 to x30
                IntStream.rangeClosed(1, 30).forEach(number -> offsets.add(first + number * Long.BYTES));
            }
        }
        if (Machine.architecture() == Architecture.ARM64) {
            // Behind them lie words of the kernel's own entry code.
            assertThat(offsets).containsAll(Machine.architecture().registers().values());
            return;
        }
        assertThat(offsets)
                .containsExactlyInAnyOrderElementsOf(
                        Machine.architecture().registers().values());
        assertThat(types.sizeOf(registerFile.id()))
                .isEqualTo(PtRegs.X86.class.getRecordComponents().length * (long) Long.BYTES);
    }

    private static void matches(Hit hit) {
        PtRegs regs = hit.regs();
        assertThat(regs.ip()).isEqualTo(hit.ip());
        assertThat(regs.sp()).isEqualTo(hit.sp());
        assertThat(regs.arg(1)).isEqualTo(hit.offset());
        assertThat(returned(regs)).isEqualTo(hit.returned());
        assertThat(flags(regs)).isEqualTo(hit.flags());
        assertThat(regs.flagNames()).matches(regs instanceof PtRegs.X86 ? "\\[ .* ]" : "[Nn][Zz][Cc][Vv] .*");
    }

    private static long returned(PtRegs regs) {
        return switch (regs) {
            case PtRegs.X86 r -> r.ax();
            case PtRegs.Arm64 r -> r.x0();
            case PtRegs.Arm r -> r.r0();
        };
    }

    private static long flags(PtRegs regs) {
        return switch (regs) {
            case PtRegs.X86 r -> r.flags();
            case PtRegs.Arm64 r -> r.pstate();
            case PtRegs.Arm r -> r.cpsr();
        };
    }

    @Test
    void anEventHoldsTheRegistersThatAreReadOneByOne() {
        List<Hit> hits = Collections.synchronizedList(new ArrayList<>());
        var events = RingBuffer.of(Hit.class);
        try (events) {
            events.forEach(hits::add);
            try (var kp = Kprobe.at(DevNull.FUNCTION)
                            .preHandler((p, regs) -> {
                                events.emit(new Hit(
                                        BEFORE, regs, regs.ip(), regs.sp(), regs.arg(1), returned(regs), flags(regs)));
                                return 0;
                            })
                            .postHandler((p, regs, flags) -> {
                                events.emit(new Hit(
                                        AFTER, regs, regs.ip(), regs.sp(), regs.arg(1), returned(regs), flags(regs)));
                            })
                            .register();
                    var rp = Kretprobe.at(DevNull.FUNCTION)
                            .entryHandler((ri, regs) -> {
                                events.emit(new Hit(
                                        ENTRY, regs, regs.ip(), regs.sp(), regs.arg(1), returned(regs), flags(regs)));
                                return 0;
                            })
                            .handler((ri, regs) -> {
                                events.emit(new Hit(
                                        RETURN, regs, regs.ip(), regs.sp(), regs.arg(1), returned(regs), flags(regs)));
                                return 0;
                            })
                            .register()) {
                DevNull.seek(50);
                assertThat(kp.account().hits()).isEqualTo(50);
                assertThat(rp.account().hits()).isEqualTo(50);
            }
        }
        assertThat(hits).hasSize(200);
        hits.forEach(RegisterKernelTest::matches);
        assertThat(hits).filteredOn(hit -> hit.where() == BEFORE).hasSize(50);
        for (int i = 0; i < 50; i++) {
            int seek = i;
            assertThat(hits)
                    .filteredOn(hit -> hit.where() == BEFORE && hit.offset() == seek)
                    .hasSize(1);
        }
        List<String> dump = hits.stream()
                .filter(hit -> hit.where() == BEFORE)
                .findFirst()
                .orElseThrow()
                .regs()
                .toString()
                .lines()
                .toList();
        // 64-bit Arm's begins with the processor's state.
        boolean x86 = Machine.architecture() == Architecture.X86_64;
        assertThat(dump).hasSize(x86 ? 7 : 14);
        assertThat(dump.get(x86 ? 0 : 1)).matches("(RIP: 0010:|pc : )null_lseek\\+0x[0-9a-f]+/0x[0-9a-f]+");
    }

    @Test
    void linesAndEventsOfOneMachineHoldThemToo() {
        Requires.x86();
        List<OneMachines> hits = Collections.synchronizedList(new ArrayList<>());
        var events = RingBuffer.of(OneMachines.class);
        try (events) {
            events.forEach(hits::add);
            try (var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        if (regs instanceof PtRegs.X86 r) {
                            events.emit(new OneMachines(r));
                        }
                        Kernel.printf("%s %s", regs.flagNames(), regs);
                        return 0;
                    })
                    .register()) {
                DevNull.seek(20);
                assertThat(kp.account().delivered()).isEqualTo(20);
                assertThat(kp.account().recordsLost()).isZero();
            }
        }
        assertThat(hits).hasSize(20);
        for (int i = 0; i < 20; i++) {
            PtRegs.X86 regs = hits.get(i).regs();
            assertThat(regs.si()).isEqualTo(i);
            assertThat(regs.flags() & 2).as("bit 1 is always set").isEqualTo(2);
        }
    }

    /** None of the kernels that these tests run on was built with it. */
    @Test
    void aKernelWithoutErrorInjectionSaysSo() {
        String release = KernelVersion.running().release();
        assertThatThrownBy(() -> Kprobe.at(DevNull.FUNCTION)
                        .allowErrorInjection()
                        .preHandler((p, regs) -> {
                            Kernel.overrideReturn(regs, -12);
                            return 0;
                        })
                        .register())
                .isInstanceOf(RegistrationException.class)
                .hasMessageMatching(
                        "register_kprobe failed, returned -95 \\(EOPNOTSUPP\\): null_lseek: RegisterKernelTest.java:\\d+ calls Kernel.overrideReturn, and this kernel, "
                                + release.replace("+", "\\+")
                                + ", was built without it: CONFIG_BPF_KPROBE_OVERRIDE, which needs CONFIG_FUNCTION_ERROR_INJECTION; boot one that has both, or leave the call out")
                .extracting(e -> ((RegistrationException) e).errno())
                .isEqualTo(Errno.EOPNOTSUPP);
        assertThatThrownBy(InjectableFunctions::read)
                .hasMessage(
                        "read /sys/kernel/debug/error_injection/list: this kernel cannot inject errors (CONFIG_FUNCTION_ERROR_INJECTION) (ENOENT)");
    }

    @Test
    void errorsAreInjectedIntoOneFunctionOnly() {
        assertThatThrownBy(() -> Kprobe.at("null_lseek,vfs_r*")
                        .allowErrorInjection()
                        .preHandler((p, regs) -> 0)
                        .register())
                .isInstanceOf(UsageException.class)
                .hasMessageMatching("allowErrorInjection is for one function; null_lseek,vfs_r\\* names \\d+");
    }

    /** To allow it alone changes nothing. */
    @Test
    void aHandlerThatDoesNotOverrideIsPlantedAllTheSame() {
        try (var kp = Kprobe.at(DevNull.FUNCTION)
                .allowErrorInjection()
                .preHandler((p, regs) -> 0)
                .register()) {
            DevNull.seek(3);
            assertThat(kp.account().hits()).isEqualTo(3);
            assertThat(kp.overridden()).isZero();
        }
    }
}
