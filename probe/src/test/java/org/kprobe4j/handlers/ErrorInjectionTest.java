package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.kprobe4j.Kernel;
import org.kprobe4j.Kprobe;
import org.kprobe4j.PostHandler;
import org.kprobe4j.PreHandler;
import org.kprobe4j.PtRegs;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.UsageException;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.PostPairing;
import org.kprobe4j.compiler.ProgramShape;

/** Handlers that have the probed function return without having run: in the JVM and in the interpreter alike. */
class ErrorInjectionTest {
    record Called(PtRegs.X86 regs) {}

    private static final int ENOMEM = 12;

    private final Twin twin = new Twin();
    private final Handlers allowed = new Handlers().shaped(new ProgramShape.Pre(Optional.empty(), true));

    @AfterEach
    void close() {
        twin.close();
    }

    private void returns(PreHandler handler, long argument, OptionalLong value) {
        twin.pre(handler, twin.regs(argument));
        assertThat(twin.jvm.overridden()).isEqualTo(value);
    }

    @Test
    void a_call_that_the_handler_chose() {
        PreHandler handler = (p, regs) -> {
            if (regs.arg(0) > 100) {
                Kernel.overrideReturn(regs, -ENOMEM);
            }
            return 0;
        };
        returns(handler, 101, OptionalLong.of(-ENOMEM));
        returns(handler, 100, OptionalLong.empty());
        assertThat(twin.jvm.faultLines())
                .singleElement()
                .asString()
                .matches(
                        "ErrorInjectionTest.java:\\d+: call overridden: the function returned without having run \\(1 times\\)");
    }

    @Test
    void the_last_of_several_wishes_counts_and_is_counted_once() {
        PreHandler handler = (p, regs) -> {
            for (int i = 0; i < 5; i++) {
                Kernel.overrideReturn(regs, i);
            }
            if (regs.arg(0) != 0) {
                Kernel.overrideReturn(regs, Long.MIN_VALUE);
            }
            if (regs.arg(0) > 1) {
                return 0;
            }
            return 1;
        };
        returns(handler, 0, OptionalLong.of(4));
        returns(handler, 1, OptionalLong.of(Long.MIN_VALUE));
        returns(handler, 2, OptionalLong.of(Long.MIN_VALUE));
        CompiledProgram program = allowed.pre(handler);
        Handlers.Hit hit = Handlers.hit(program, 1);
        assertThat(hit.count(Account.FAULTS)).isZero();
        assertThat(hit.count(Account.FAULTS + 1)).isOne();
    }

    @Test
    void a_handler_that_stops_at_a_fault_changes_nothing() {
        PreHandler handler = (p, regs) -> {
            Kernel.overrideReturn(regs, 1);
            return (int) (10 / regs.arg(0));
        };
        returns(handler, 5, OptionalLong.of(1));
        returns(handler, 0, OptionalLong.empty());
        assertThat(twin.jvm.faultLines()).hasSize(2).last().asString().endsWith(": / by zero (1 times)");
    }

    @Test
    void the_registers_stay_what_they_were() {
        RingBuffer<Called> ring = twin.ring(Called.class);
        returns(
                (p, regs) -> {
                    Kernel.overrideReturn(regs, 7);
                    if (regs instanceof PtRegs.X86 r) {
                        ring.emit(new Called(r));
                    }
                    return 0;
                },
                3,
                OptionalLong.of(7));
        assertThat(twin.jvm.events(ring)).containsExactly(new Called(twin.regs(3)));
        CompiledProgram program = allowed.pre((p, regs) -> {
            Kernel.overrideReturn(regs, 7);
            Kernel.printf("%x", regs.returnValue());
            return 0;
        });
        String code = Handlers.listing(program);
        assertThat(code.indexOf("ringbuf_submit")).isPositive().isLessThan(code.indexOf("override_return"));
    }

    @Test
    void the_program() {
        String golden = Handlers.listing(allowed.pre((p, regs) -> {
            Kernel.overrideReturn(regs, -ENOMEM);
            return 0;
        }));
        assertThat(golden).isEqualTo("""
                r2 = map[account][0]+0
                r0 = *(u64 *)(r2 +64)
                if r0 == 0 goto +15
                lock *(u64 *)(r2 +0) += r0
                r0 = -12
                *(u64 *)(r10 -32) = 1
                *(u64 *)(r10 -24) = r0
                r0 = *(u64 *)(r10 -32)
                if r0 != 0 goto +2
                w0 = 0
                exit
                r2 = *(u64 *)(r10 -24)
                call bpf_override_return#58
                r1 = map[account][0]+80
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -9
                w0 = 0
                exit
                """);
    }

    @Test
    void a_probe_must_allow_it() {
        Refusals.refused(
                new Handlers(),
                (p, regs) -> {
                    Kernel.overrideReturn(regs, 0);
                    return 0;
                },
                "0: Kernel.overrideReturn changes what the kernel does, so the probe must allow it: Kprobe.at(…).allowErrorInjection()");
    }

    @Test
    void only_before_the_function_runs() {
        PostHandler post = (p, regs, flags) -> Kernel.overrideReturn(regs, 0);
        assertThat(Refusals.message(() -> new Handlers()
                        .shaped(new ProgramShape.Post(new PostPairing.SameTrap(Map.of())))
                        .post(post)))
                .endsWith(
                        ": Kernel.overrideReturn works in a kprobe's pre handler only: there the function has not begun to run");
        Kprobe kp = twin.jvm.kprobe("vfs_read");
        assertThatThrownBy(() -> twin.jvm.runPost(post, kp, twin.regs()))
                .isInstanceOf(UsageException.class)
                .hasMessage(
                        "Kernel.overrideReturn works in a kprobe's pre handler only: there the function has not begun to run");
    }

    @Test
    void only_with_the_handlers_own_registers() {
        PtRegs.X86 others = twin.regs(8);
        PreHandler handler = (p, regs) -> {
            Kernel.overrideReturn(others, 0);
            return 0;
        };
        assertThat(Refusals.message(() -> allowed.pre(handler)))
                .endsWith(": Kernel.overrideReturn takes the handler's own registers");
        Kprobe kp = twin.jvm.kprobe("vfs_read");
        assertThatThrownBy(() -> twin.jvm.runPre(handler, kp, twin.regs()))
                .hasMessage("Kernel.overrideReturn takes the handler's own registers");
    }

    @Test
    void and_no_post_handler() {
        var builder = Kprobe.at("vfs_read")
                .allowErrorInjection()
                .preHandler((p, regs) -> 0)
                .postHandler((p, regs, flags) -> {});
        assertThatThrownBy(builder::register)
                .isInstanceOf(UsageException.class)
                .hasMessage(
                        "a probe whose handler may have the function return without having run has no post handler: the probed instruction is not executed then; leave out postHandler or allowErrorInjection");
    }

    @Test
    void on_arm64_too() {
        CompiledProgram program = new Handlers()
                .on(Architecture.ARM64)
                .shaped(new ProgramShape.Pre(Optional.empty(), true))
                .pre((p, regs) -> {
                    Kernel.overrideReturn(regs, regs.arg(1));
                    return 0;
                });
        var kernel = new FakeKernel();
        Handlers.hit(program, kernel, Handlers.context(Architecture.ARM64, 1, 99));
        assertThat(kernel.overridden).containsExactly(99L);
    }
}
