package org.kprobe4j.internal;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.Assembled;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.Instruction;
import org.kprobe4j.asm.Label;

/**
 * The loops of a handler in its program. A jump back makes a loop only if its target is passed on every way to it: code that is seldom
 * reached stands behind the rest and jumps back, too.
 */
final class HandlerLoops {
    /** So far from its head the compiler's own loop asks the ring buffer for its fill; a handler never does. */
    private static final int RETRY_REACH = 4;

    private final List<Instruction> instructions;
    private final Map<Label, Integer> marks = new HashMap<>();

    private HandlerLoops(List<Instruction> instructions) {
        this.instructions = instructions;
        for (int i = 0; i < instructions.size(); i++) {
            if (instructions.get(i) instanceof Instruction.Mark(var label)) {
                marks.put(label, i);
            }
        }
    }

    /** The labels that its loops begin with, in the order of the program. */
    static List<Label> heads(Assembled code) {
        return new HandlerLoops(code.instructions()).heads();
    }

    private List<Label> heads() {
        var heads = new ArrayList<Label>();
        for (int head = 0; head < instructions.size(); head++) {
            if (instructions.get(head) instanceof Instruction.Mark(var label)
                    && !triesAgain(head)
                    && isLoop(label, head)) {
                heads.add(label);
            }
        }
        return heads;
    }

    private boolean triesAgain(int head) {
        return instructions.stream()
                .skip(head)
                .limit(RETRY_REACH + 1L)
                .anyMatch(new Instruction.CallHelper(Helper.RINGBUF_QUERY.id())::equals);
    }

    private boolean isLoop(Label label, int head) {
        BitSet without = null;
        for (int at = head; at < instructions.size(); at++) {
            if (label.equals(target(instructions.get(at)))) {
                without = without == null ? reachedWithout(head) : without;
                if (!without.get(at)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** What can be reached from the beginning on ways that do not pass an instruction. */
    private BitSet reachedWithout(int avoided) {
        var reached = new BitSet();
        var work = new ArrayDeque<Integer>(List.of(0));
        while (!work.isEmpty()) {
            int at = work.pop();
            if (at == avoided || at >= instructions.size() || reached.get(at)) {
                continue;
            }
            reached.set(at);
            Instruction instruction = instructions.get(at);
            Label target = target(instruction);
            if (target != null) {
                work.push(marks.getOrDefault(target, avoided));
            }
            if (!(instruction instanceof Instruction.Jump
                    || instruction instanceof Instruction.LongJump
                    || instruction instanceof Instruction.Exit)) {
                work.push(at + 1);
            }
        }
        return reached;
    }

    private static @Nullable Label target(Instruction instruction) {
        return switch (instruction) {
            case Instruction.Jump jump -> jump.target();
            case Instruction.LongJump jump -> jump.target();
            case Instruction.JumpReg jump -> jump.target();
            case Instruction.JumpImm jump -> jump.target();
            default -> null;
        };
    }
}
