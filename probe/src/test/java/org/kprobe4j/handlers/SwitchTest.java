package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.kprobe4j.Kernel;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.ProgramShape;

/** Programs that are switched off leave at once; those that end what another began have no switch. */
class SwitchTest {
    static final class Data {
        long first;
    }

    private static Interpreter run(CompiledProgram program, FakeKernel kernel, int on) {
        var interpreter = new Interpreter(
                program.code(),
                kernel,
                Account.FAULTS + program.faultSites().size(),
                program.callBytes(),
                program.scratchBytes());
        interpreter.switchTo(on);
        interpreter.run(Handlers.context(Architecture.X86_64, 11, 12, 13));
        return interpreter;
    }

    private static void assertHits(CompiledProgram program, int on, int hits, int lines) {
        var kernel = new FakeKernel();
        assertThat(run(program, kernel, on).count(Account.HITS)).isEqualTo(hits);
        assertThat(kernel.rings.getOrDefault("log", List.of())).hasSize(lines);
    }

    @Test
    void preHandlerRunsOnlyWhenTheProbeIsOn() {
        CompiledProgram pre = new Handlers().pre((p, regs) -> {
            Kernel.printf("%d", regs.arg(0));
            return 0;
        });
        assertHits(pre, 1, 1, 1);
        assertHits(pre, 0, 0, 0);
    }

    @Test
    void aProgramThatIsOffArmsNoPostHandler() {
        CompiledProgram pre = new Handlers()
                .shaped(new ProgramShape.Pre(Optional.of(Handlers.next(Architecture.X86_64, 0))))
                .pre((p, regs) -> 0);
        var on = new FakeKernel();
        run(pre, on, 1);
        assertThat(on.calls).hasSize(1);
        var off = new FakeKernel();
        run(pre, off, 0);
        assertThat(off.calls).isEmpty();
    }

    @Test
    void entryHandlerThatIsOffBeginsNoCallAndTheReturnEndsThoseThatWereBegun() {
        var kernel = new FakeKernel();
        CompiledProgram entry = new Handlers()
                .data(Data.class)
                .shaped(new ProgramShape.Entry(OptionalLong.empty()))
                .<Data>entry((ri, regs) -> {
                    ri.data().first = regs.arg(0);
                    return 0;
                });
        CompiledProgram back = new Handlers()
                .data(Data.class)
                .shaped(new ProgramShape.Return(true))
                .<Data>ret((ri, regs) -> {
                    Kernel.printf("%d", ri.data().first);
                    return 0;
                });
        assertThat(run(entry, kernel, 0).count(Account.HITS)).isZero();
        assertThat(kernel.calls).isEmpty();
        run(entry, kernel, 1);
        assertThat(kernel.calls).hasSize(1);
        assertThat(Handlers.hit(back, kernel, returning()).lines()).containsExactly("11");
    }

    private static byte[] returning() {
        byte[] context = Handlers.context(Architecture.X86_64, 11, 12, 13);
        Handlers.put(
                ByteBuffer.wrap(context).order(ByteOrder.LITTLE_ENDIAN),
                Architecture.X86_64,
                "sp",
                0xffff_c900_0000_1000L + Long.BYTES);
        return context;
    }

    @Test
    void returnHandlerWithoutAnEntryHandlerIsSwitchedItself() {
        CompiledProgram back = new Handlers()
                .shaped(new ProgramShape.Return(false))
                .ret((ri, regs) -> {
                    Kernel.printf("%d", regs.returnValue());
                    return 0;
                });
        assertHits(back, 1, 1, 1);
        assertHits(back, 0, 0, 0);
    }
}
