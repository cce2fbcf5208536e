package org.kprobe4j.compiler;

import java.util.Map;

/** How a post handler knows that the pre handler ran for the same execution of the probed instruction. */
public sealed interface PostPairing {
    /**
     * Both run in one trap, at one address, the pre handler's program first: what the instruction will do to the registers is
     * computed. A word of the map {@link ProgramShape#ARMED_MAP} for each CPU goes from one to the other; on a CPU no other probe's
     * program runs in between.
     *
     * @param changes the registers that hold another value after the instruction, by {@link Architecture}'s names
     */
    record SameTrap(Map<String, RegisterValue> changes) implements PostPairing {
        /** Copies the map. */
        public SameTrap {
            changes = Map.copyOf(changes);
        }
    }

    /**
     * The post handler is at the next instruction in memory, which runs next: task and stack pointer tell whose turn it is, through
     * the map {@link ProgramShape#CALLS_MAP}. An interrupt that comes in between and hits the place stands at another stack address. What
     * the kernel did not hand to the post handler stays in the map until the thread's next hit at that stack address, which replaces it.
     *
     * @param stackPointer after the probed instruction
     */
    record NextInstruction(RegisterValue stackPointer) implements PostPairing {}
}
