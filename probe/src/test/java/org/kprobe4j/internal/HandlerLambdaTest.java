package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.Serializable;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.PreHandler;

/** What is guessed from a handler's class before it is compiled; each kind of handler is in a class of its own. */
class HandlerLambdaTest {
    /** Reads nothing. */
    static final class Counting {
        private Counting() {}

        static final PreHandler HANDLER = (p, regs) -> {
            Kernel.printf("%d", Kernel.ktimeNs());
            return 0;
        };
    }

    /** Reads a register. */
    static final class Reading {
        private Reading() {}

        static final PreHandler HANDLER = (p, regs) -> {
            Kernel.printf("%d", regs.ip());
            return 0;
        };
    }

    /** A structure. */
    interface TaskStruct extends KernelStruct {
        /** The thread's id. */
        int pid();
    }

    /** Reads a structure. */
    static final class Structured {
        private Structured() {}

        static final PreHandler HANDLER = (p, regs) -> {
            Kernel.printf("%d", Kernel.current(TaskStruct.class).pid());
            return 0;
        };
    }

    private static HandlerLambda of(Serializable handler) {
        return HandlerLambda.of(handler, _ -> Optional.empty());
    }

    @Test
    void aHandlerThatReadsNoRegisterIgnoresThem() {
        assertThat(of(Counting.HANDLER).ignoresRegisters()).isTrue();
        assertThat(of(Structured.HANDLER).ignoresRegisters()).isTrue();
    }

    @Test
    void aRegisterReadIsSeen() {
        assertThat(of(Reading.HANDLER).ignoresRegisters()).isFalse();
    }

    @Test
    void structuresAreSeen() {
        assertThat(of(Structured.HANDLER).readsStructures()).isTrue();
        assertThat(of(Counting.HANDLER).readsStructures()).isFalse();
        assertThat(of(Reading.HANDLER).readsStructures()).isFalse();
    }
}
