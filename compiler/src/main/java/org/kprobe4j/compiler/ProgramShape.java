package org.kprobe4j.compiler;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** What surrounds the handler in its program, by the place where the program is attached. */
public sealed interface ProgramShape {
    /** Symbolic name of the map that keeps what belongs to one call: key {@link #CALL_KEY_BYTES}, value of a kretprobe's call its task, the private data and the kept arguments. */
    String CALLS_MAP = "calls";

    /**
     * A call in flight is known by two u64: the number of the place, 0 for a probe of one place (upper half), and the stack pointer
     * there. What a pre handler arms has the task's id in the lower half; in a call's value it comes first, {@link #CALL_OWNER_BYTES}.
     */
    int CALL_KEY_BYTES = 16;

    /** Symbolic name of the map that says on each CPU whether a post handler of this trap may run: one u64 under the u32 key 0. */
    String ARMED_MAP = "armed";

    /** The value of a kretprobe's call begins with its task: bpf_get_current_pid_tgid() at the entry. */
    int CALL_OWNER_BYTES = 8;

    /**
     * A kprobe's pre handler.
     *
     * @param post how it lets the post handler run, if there is one
     * @param injectsErrors whether the handler may have the function return without having run
     */
    record Pre(Optional<PostPairing> post, boolean injectsErrors) implements ProgramShape {
        /**
         * One that changes nothing.
         *
         * @param post how it lets the post handler run
         */
        public Pre(Optional<PostPairing> post) {
            this(post, false);
        }

        /** Without a post handler. */
        public Pre() {
            this(Optional.empty());
        }
    }

    /**
     * A kprobe's post handler.
     *
     * @param pairing how it knows that its turn has come
     */
    record Post(PostPairing pairing) implements ProgramShape {}

    /**
     * A kretprobe's entry handler, in a kprobe that runs after the kretprobe took an instance.
     *
     * @param trampoline address that the kretprobe wrote over the return address if it had a free instance; nothing if it is not
     *     known, then every call counts as one that has an instance
     * @param kept numbers of the argument registers that the return handler reads: stored behind the private data, in this order
     * @param decides whether its result decides if there is a return: 1 where the call is not followed, as a session's; else 0 always
     */
    record Entry(OptionalLong trampoline, List<Integer> kept, boolean decides) implements ProgramShape {
        /** Copies the list. */
        public Entry {
            kept = List.copyOf(kept);
        }

        /**
         * One whose result does not matter.
         *
         * @param trampoline the kretprobe's, if it is known
         * @param kept numbers of the argument registers that the return handler reads
         */
        public Entry(OptionalLong trampoline, List<Integer> kept) {
            this(trampoline, kept, false);
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
