package org.kprobe4j.compiler;

import java.util.List;
import java.util.OptionalLong;

/** What surrounds the handler in its program, by the place where the program is attached. */
public sealed interface ProgramShape {
    /** Symbolic name of the map that keeps what belongs to one call: key {@link #CALL_KEY_BYTES}, value the private data and kept arguments. */
    String CALLS_MAP = "calls";

    /**
     * A call in flight is known by two u64: the task's id (lower half) with the number of the place, 0 for a probe of one place
     * (upper half), and the stack pointer there.
     */
    int CALL_KEY_BYTES = 16;

    /**
     * A kprobe's pre handler.
     *
     * @param armsPost whether a post handler waits at the instruction's successor for this task, place and stack pointer
     */
    record Pre(boolean armsPost) implements ProgramShape {}

    /**
     * A kprobe's post handler, at the successor of the probed instruction.
     *
     * @param stackDelta what the probed instruction adds to the stack pointer, in bytes
     */
    record Post(int stackDelta) implements ProgramShape {}

    /**
     * A kretprobe's entry handler, in a kprobe that runs after the kretprobe took an instance.
     *
     * @param trampoline address that the kretprobe wrote over the return address if it had a free instance; nothing if it is not
     *     known, then every call counts as one that has an instance
     * @param kept numbers of the argument registers that the return handler reads: stored behind the private data, in this order
     */
    record Entry(OptionalLong trampoline, List<Integer> kept) implements ProgramShape {
        /** Copies the list. */
        public Entry {
            kept = List.copyOf(kept);
        }

        /**
         * Without arguments for the return handler.
         *
         * @param trampoline the kretprobe's, if it is known
         */
        public Entry(OptionalLong trampoline) {
            this(trampoline, List.of());
        }
    }

    /**
     * A kretprobe's return handler.
     *
     * @param paired whether it runs only for calls whose entry handler returned 0
     */
    record Return(boolean paired) implements ProgramShape {}
}
