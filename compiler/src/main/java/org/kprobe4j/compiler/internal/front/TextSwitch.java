package org.kprobe4j.compiler.internal.front;

import java.lang.classfile.Instruction;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.SwitchCase;
import java.util.ArrayList;
import java.util.List;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Value;

/**
 * A switch over a string of the kernel. javac makes two of it: one over the hash code, whose arms compare the string with the
 * constants of that hash code, and one over the number of the constant that was equal:
 *
 * <pre>{@code
 * switch (s.hashCode()) { case 97: if (s.equals("a")) n = 0; break; … }
 * switch (n) { case 0: … }
 * }</pre>
 *
 * The string is compared with all constants at once instead, and the arm of the one that is equal is taken with the constant in
 * the string's place: there {@code equals} is known. A string that is none of them goes where no arm would have changed anything.
 */
final class TextSwitch {
    private record Arm(String constant, int slot, MethodCode.Span target) {}

    private final Translation translation;
    private final MethodTranslator flow;
    private final MethodCode method;
    private final MethodCode.Span span;
    private final State state;

    TextSwitch(Translation translation, MethodTranslator flow, MethodCode method, MethodCode.Span span, State state) {
        this.translation = translation;
        this.flow = flow;
        this.method = method;
        this.span = span;
        this.state = state;
    }

    void choose(Operand.TextHash hash, List<SwitchCase> cases, MethodCode.Span otherwise) {
        Operand.KernelString text = hash.text();
        var arms = new ArrayList<Arm>();
        for (SwitchCase c : cases) {
            MethodCode.Span target = flow.span(c.target());
            if (target.index() != otherwise.index()) {
                collect(target, c.caseValue(), otherwise, arms);
            }
        }
        var site = new CallSite(translation, flow, state, "java/lang/String", "hashCode", "()I", List.of(text));
        // What is longer than the text can get is never equal to it.
        arms.removeIf(arm -> KernelText.isTooLong(text, arm.constant));
        if (!arms.isEmpty()) {
            Value index = KernelText.match(
                    site, text, arms.stream().map(Arm::constant).toList(), false);
            for (int i = 0; i < arms.size(); i++) {
                Arm arm = arms.get(i);
                if (!hash.of().equals(state.local(arm.slot))) {
                    throw unknown();
                }
                State known = state.copy();
                // Where constants of one hash code share an arm, it compares again.
                if (arms.stream().filter(a -> a.target.equals(arm.target)).count() == 1) {
                    known.store(arm.slot, new Operand.Host(arm.constant));
                }
                flow.branchToCase(index, GraphBuilder.constant(i), span, arm.target, known);
            }
        }
        flow.jump(span, otherwise, state);
    }

    /** The constants that an arm compares with, each with the slot that holds the string there. */
    private void collect(MethodCode.Span target, int hash, MethodCode.Span otherwise, List<Arm> arms) {
        MethodCode.Span at = target;
        while (at.index() != otherwise.index()) {
            int from = at.from();
            if (at.to() != from + 4
                    || !(method.instruction(from) instanceof LoadInstruction load)
                    || !(method.instruction(from + 1) instanceof ConstantInstruction constant)
                    || !(constant.constantValue() instanceof String text)
                    || !isEquals(method.instruction(from + 2))
                    || !(method.instruction(from + 3) instanceof BranchInstruction branch)
                    || branch.opcode() != Opcode.IFEQ
                    || text.hashCode() != hash) {
                throw unknown();
            }
            arms.add(new Arm(text, load.slot(), target));
            at = flow.span(branch.target());
        }
    }

    private static boolean isEquals(Instruction instruction) {
        return instruction instanceof InvokeInstruction call
                && call.name().equalsString("equals")
                && call.owner().asInternalName().equals("java/lang/String");
    }

    private static Refusal unknown() {
        return new Refusal(
                "a handler cannot compute hashCode of a string of the kernel; use equals, or a switch over the string");
    }
}
