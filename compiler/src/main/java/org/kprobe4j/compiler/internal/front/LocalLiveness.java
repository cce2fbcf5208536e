package org.kprobe4j.compiler.internal.front;

import java.lang.classfile.Instruction;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.IncrementInstruction;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.util.BitSet;
import java.util.List;

/**
 * Which local variables may still be read, at the start of each block of a method. A slot that is not among them holds what an
 * earlier variable left there, and nothing needs to be joined for it.
 */
final class LocalLiveness {
    private final BitSet[] liveIn;

    LocalLiveness(List<MethodCode.Span> spans, List<Instruction> instructions) {
        liveIn = new BitSet[spans.size()];
        for (int i = 0; i < liveIn.length; i++) {
            liveIn[i] = new BitSet();
        }
        boolean changed = true;
        while (changed) {
            changed = false;
            for (MethodCode.Span span : spans.reversed()) {
                changed |= update(span, instructions);
            }
        }
    }

    private boolean update(MethodCode.Span span, List<Instruction> instructions) {
        var live = new BitSet();
        span.successors().forEach(successor -> live.or(liveIn[successor]));
        for (int i = span.to() - 1; i >= span.from(); i--) {
            switch (instructions.get(i)) {
                case LoadInstruction load -> live.set(load.slot());
                case IncrementInstruction increment -> live.set(increment.slot());
                case StoreInstruction store -> assigned(store, live::clear);
                default -> {}
            }
        }
        boolean changed = !live.equals(liveIn[span.index()]);
        liveIn[span.index()] = live;
        return changed;
    }

    /** The slots that a store fills: a long takes two. */
    static void assigned(StoreInstruction store, java.util.function.IntConsumer slot) {
        slot.accept(store.slot());
        if (store.typeKind().slotSize() == TypeKind.LONG.slotSize()) {
            slot.accept(store.slot() + 1);
        }
    }

    BitSet at(MethodCode.Span span) {
        return liveIn[span.index()];
    }
}
