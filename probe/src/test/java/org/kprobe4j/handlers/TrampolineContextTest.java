package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.kprobe4j.Kernel;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.CallStore;
import org.kprobe4j.compiler.ProgramContext.Registers;
import org.kprobe4j.compiler.ProgramContext.Trampoline;
import org.kprobe4j.compiler.ProgramContext.Trampoline.Slot;
import org.kprobe4j.compiler.ProgramShape;

/** Programs of fentry and fexit: arguments and the return value are words of an array. */
class TrampolineContextTest {
    private static final Trampoline SEEK = new Trampoline(
            List.of(new Slot("file", 8, true), new Slot("offset", 8, false), new Slot("orig", 4, false)),
            Optional.of(new Slot("", 8, false)));

    private static byte[] words(long... words) {
        var bytes = ByteBuffer.allocate(words.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (long word : words) {
            bytes.putLong(word);
        }
        return bytes.array();
    }

    @Test
    void arguments_are_words_and_pointers_are_numbers() {
        var program = new Handlers().attached(SEEK, CallStore.HASH, false).pre((p, regs) -> {
            Kernel.printf("%x %d", regs.arg(0) & 0xff, regs.arg(1));
            return 0;
        });
        assertThat(Handlers.listing(program)).contains("r6 = le64 r6").doesNotContain("+64)");
        assertThat(Handlers.hit(program, new FakeKernel(), words(0x1234, 77, 5)).lines())
                .containsExactly("34 77");
    }

    @Test
    void the_return_value_stands_behind_the_arguments() {
        var program = new Handlers()
                .shaped(new ProgramShape.Return(false))
                .attached(SEEK, CallStore.HASH, false)
                .ret((ri, regs) -> {
                    Kernel.printf("%d", regs.returnValue());
                    return 0;
                });
        assertThat(Handlers.hit(program, new FakeKernel(), words(1, 2, 3, -22)).lines())
                .containsExactly("-22");
    }

    @Test
    void a_counted_hit_is_three_instructions() {
        var program = new Handlers().attached(SEEK, CallStore.HASH, false).pre((p, regs) -> 0);
        assertThat(Handlers.listing(program)).isEqualTo("""
                r1 = map[account][0]+0
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                w0 = 0
                exit
                """);
    }

    @Test
    void the_instruction_pointer_of_a_link_is_known_and_decides_at_once() {
        var link = Registers.link(Handlers.ADDR + 1);
        var program = new Handlers().attached(link, CallStore.HASH, false).pre((p, regs) -> {
            if (regs.ip() != 0) {
                Kernel.printf("%x", regs.ip() - p.addr());
            }
            return 0;
        });
        assertThat(Handlers.listing(program)).doesNotContain("+128)");
        assertThat(Handlers.hit(program, 1).lines()).containsExactly("1");
        var never = new Handlers().attached(link, CallStore.HASH, false).pre((p, regs) -> {
            if (regs.ip() == 0) {
                Kernel.printf("never");
            }
            return 0;
        });
        assertThat(Handlers.listing(never)).doesNotContain("ringbuf").doesNotContain("if ");
    }

    @Test
    void what_is_not_there_is_refused_with_the_reason() {
        Architecture machine = Architecture.X86_64;
        assertThat(SEEK.refusal(machine, false, "si", 8)).isEmpty();
        assertThat(SEEK.refusal(machine, false, "dx", 4)).isEmpty();
        assertThat(SEEK.refusal(machine, false, "dx", 8))
                .hasValue(
                        "the handler reads 8 bytes of register dx, of which the trampoline has the parameter's 4 (orig; all since Linux 6.6)");
        assertThat(SEEK.refusal(machine, false, "flags", 8))
                .hasValue("the handler reads register flags, and fentry and fexit programs see no registers");
        assertThat(SEEK.refusal(machine, true, "di", 8))
                .hasValue("the handler reads register di, and fentry and fexit programs see no registers");
        assertThat(new Trampoline(List.of(), Optional.empty()).refusal(machine, true, "ax", 8))
                .hasValue("the handler reads the return register, and the function returns nothing (void)");
    }
}
