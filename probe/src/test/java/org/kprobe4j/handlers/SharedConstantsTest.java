package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.kprobe4j.Counter;
import org.kprobe4j.Kernel;
import org.kprobe4j.PtRegs;
import org.kprobe4j.compiler.CallStore;
import org.kprobe4j.compiler.ProgramContext.Registers;

/** What one block has loaded, the next one that only it leads to does not load again. */
class SharedConstantsTest {
    private final Handlers handlers = new Handlers();
    private final Counter counter = handlers.counter("counter");

    @Test
    void the_one_that_counts_the_hit_is_also_what_the_handler_adds() {
        var link = Registers.link(Handlers.ADDR + 1);
        var program = handlers.attached(link, CallStore.HASH, false).pre((p, regs) -> {
            switch (regs) {
                case PtRegs.X86 r -> counter.add(r.ip() != 0 && r.flags() != 0 ? 1 : 0);
                case PtRegs.Arm64 r -> counter.add(1);
                case PtRegs.Arm r -> counter.add(1);
            }
            return 0;
        });
        assertThat(Handlers.listing(program)).isEqualTo("""
                r2 = map[account][0]+0
                r0 = 1
                lock *(u64 *)(r2 +0) += r0
                r1 = *(u64 *)(r1 +144)
                if r1 != 0 goto +1
                r0 = 0
                r1 = map[counter][0]+0
                lock *(u64 *)(r1 +0) += r0
                w0 = 0
                exit
                """);
    }

    /** A helper takes the registers of what was loaded with it: it is loaded again behind the call. */
    @Test
    void nothing_is_kept_over_a_call() {
        var program = handlers.pre((p, regs) -> {
            counter.increment();
            if (Kernel.pid() == 1) {
                counter.increment();
            }
            return 0;
        });
        assertThat(Handlers.listing(program).split("map\\[counter]", -1)).hasSize(3);
    }
}
