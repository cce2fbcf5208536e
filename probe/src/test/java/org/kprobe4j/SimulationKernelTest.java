package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A handler sends the same records from the kernel and from the JVM. */
@Tag("kernel")
@ExtendWith(LeftNothingBehind.class)
class SimulationKernelTest {
    private static final int SEEKS = 300;

    record Seen(long offset, int kind, boolean leader, boolean kernelThread, String name, int pid) {}

    interface TaskStruct extends KernelStruct {
        int pid();

        int tgid();

        @Name("mm")
        MemoryMap memory();

        default boolean isLeader() {
            return pid() == tgid();
        }
    }

    @Name("mm_struct")
    interface MemoryMap extends KernelStruct {}

    private static PreHandler handler(RingBuffer<Seen> events) {
        return (p, regs) -> {
            var task = Kernel.current(TaskStruct.class);
            int kind = switch (regs) {
                case PtRegs.X86 r when r.si() > 200 -> 1;
                case PtRegs.X86 r -> (int) (1000 / r.si());
                case PtRegs.Arm64 r -> (int) (1000 / r.x1());
                case PtRegs.Arm r -> (int) (1000 / r.r1());
            };
            events.emit(new Seen(
                    regs.arg(1),
                    kind,
                    task.isLeader() == (Kernel.pid() == Kernel.tid()),
                    task.memory().isNull(),
                    p.symbolName(),
                    Kernel.pid()));
            return 0;
        };
    }

    @Test
    void the_same_records_and_faults() {
        List<Seen> inTheKernel = Collections.synchronizedList(new ArrayList<>());
        var events = RingBuffer.of(Seen.class);
        var kp = Kprobe.at(DevNull.FUNCTION).preHandler(handler(events)).register();
        try (events) {
            events.forEach(inTheKernel::add);
            try (kp) {
                DevNull.seek(SEEKS);
            }
        }
        assertThat(inTheKernel).hasSize(SEEKS - 1).isEqualTo(inTheJvm());
        assertThat(kp.account().faulted()).isOne();
    }

    private static List<Seen> inTheJvm() {
        try (var kernel = SimulatedKernel.open();
                var events = RingBuffer.of(Seen.class)) {
            int pid = (int) ProcessHandle.current().pid();
            kernel.pid(pid)
                    .current(kernel.struct(
                            TaskStruct.class,
                            t -> t.set(TaskStruct::pid, pid)
                                    .set(TaskStruct::tgid, pid)
                                    .set(TaskStruct::memory, kernel.struct(MemoryMap.class))));
            PreHandler handler = handler(events);
            for (int i = 0; i < SEEKS; i++) {
                kernel.runPre(
                        handler,
                        kernel.kprobe(DevNull.FUNCTION),
                        kernel.regs().arg(1, i).make());
            }
            assertThat(kernel.faultLines()).hasSize(1).first().asString().endsWith(": / by zero (1 times)");
            return kernel.events(events);
        }
    }

    /** Long rounds: the verifier compares its state in each with those in all before it. */
    private static long mixed512(long a) {
        return mixed64(mixed64(mixed64(mixed64(mixed64(mixed64(mixed64(mixed64(a))))))));
    }

    private static long mixed64(long a) {
        return mixed8(mixed8(mixed8(mixed8(mixed8(mixed8(mixed8(mixed8(a))))))));
    }

    private static long mixed8(long a) {
        return ((((((((a * 3) ^ 5) * 3) ^ 5) * 3) ^ 5) * 3) ^ 5);
    }

    @Test
    void a_program_beyond_the_verifiers_limits_is_refused() {
        var builder = Kprobe.at(DevNull.FUNCTION).preHandler((p, regs) -> {
            long sum = regs.arg(1);
            for (long i = 0; i < 10_000_000; i++) {
                sum = mixed512(sum);
            }
            Kernel.printf("%d", sum);
            return 0;
        });
        assertThatThrownBy(builder::register)
                .isInstanceOf(HandlerException.class)
                .message()
                .matches(
                        "load pre handler: the verifier gave up after following a million instructions of this program of \\d+: a loop has no bound that it can see, or too many ways through it \\(E2BIG\\); count the loop at SimulationKernelTest.java:\\d+ up to a constant");
    }
}
