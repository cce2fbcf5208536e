package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.kprobe4j.EntryHandler;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelStack;
import org.kprobe4j.ReturnHandler;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.compiler.ProgramShape;

/** Handlers of a probe that follows its module: there is no address that could be compiled in. */
class MovingPlaceTest {
    private static final String MOVES = "the address changes when the module is loaded again; ";

    record Stack(KernelStack stack) {}

    private final Handlers handlers = new Handlers().btf(Types::btf).moving();

    @Test
    void theAddressIsRefusedAndTheNameIsKnown() {
        Refusals.refused(handlers, (p, regs) -> (int) p.addr(), "0: " + MOVES + "use regs.ip()");
        assertThat(Handlers.hit(handlers.pre((p, regs) -> {
                            Kernel.printf("%s", p.symbolName());
                            return 0;
                        }))
                        .lines())
                .containsExactly(Handlers.SYMBOL);
    }

    @Test
    void atTheEntryAndAtTheReturnEachIsToldWhatWorksThere() {
        EntryHandler<Void> entry = (ri, regs) -> (int) ri.addr();
        assertThat(Refusals.message(() -> handlers.shaped(new ProgramShape.Entry(OptionalLong.empty()))
                        .entry(entry)))
                .isEqualTo("MovingPlaceTest.java:%d: %suse regs.ip()".formatted(Refusals.firstLine(entry), MOVES));
        ReturnHandler<Void> back = (ri, regs) -> (int) ri.addr();
        assertThat(Refusals.message(
                        () -> handlers.shaped(new ProgramShape.Return(true)).ret(back)))
                .isEqualTo("MovingPlaceTest.java:%d: %skeep regs.ip() in the private data at the entry"
                        .formatted(Refusals.firstLine(back), MOVES));
    }

    @Test
    void aStackAtTheReturnNeedsTheAddress() {
        RingBuffer<Stack> ring = handlers.ring("stacks1", Stack.class);
        ReturnHandler<Void> back = (ri, regs) -> {
            ring.emit(new Stack(Kernel.stack()));
            return 0;
        };
        assertThat(Refusals.message(
                        () -> handlers.shaped(new ProgramShape.Return(false)).ret(back)))
                .isEqualTo(
                        ("MovingPlaceTest.java:%d: a stack at a return begins with the function's address, which changes when the "
                                        + "module is loaded again; take the stack in the entry handler")
                                .formatted(Refusals.firstLine(back)));
        assertThat(handlers.shaped(new ProgramShape.Pre())
                        .pre((p, regs) -> {
                            ring.emit(new Stack(Kernel.stack()));
                            return 0;
                        })
                        .faultSites())
                .isEmpty();
    }
}
