package org.kprobe4j.compiler.internal.ir;

import java.util.List;

/** How a block ends. */
public sealed interface End {
    /** The blocks that may follow. */
    List<Block> successors();

    /** The place in the source. */
    Position position();

    /** Goes on at one block. */
    record Goto(Block target, Position position) implements End {
        @Override
        public List<Block> successors() {
            return List.of(target);
        }
    }

    /** Goes on at {@code yes} if {@code a cond b}, else at {@code no}. */
    record Branch(Cond cond, Value a, Value b, Block yes, Block no, Position position) implements End {
        @Override
        public List<Block> successors() {
            return List.of(yes, no);
        }
    }

    /** Ends the handler; all that matters of its result is whether it is 0. */
    record Return(boolean zero, Position position) implements End {
        @Override
        public List<Block> successors() {
            return List.of();
        }
    }

    /** Ends the handler where Java would throw, and counts it at a site. */
    record Fault(int site, Position position) implements End {
        @Override
        public List<Block> successors() {
            return List.of();
        }
    }
}
