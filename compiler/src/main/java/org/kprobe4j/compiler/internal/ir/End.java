package org.kprobe4j.compiler.internal.ir;

import java.util.List;

/** How a block ends. */
public sealed interface End {
    /** The blocks that may follow. */
    List<Block> successors();

    /** Goes on at one block. */
    record Goto(Block target) implements End {
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

    /** Ends the handler with a value. */
    record Return(Value value, Position position) implements End {
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
