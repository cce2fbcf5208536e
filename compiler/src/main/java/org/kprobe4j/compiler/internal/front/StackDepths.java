package org.kprobe4j.compiler.internal.front;

import java.lang.classfile.Instruction;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.ArrayLoadInstruction;
import java.lang.classfile.instruction.ArrayStoreInstruction;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.ConvertInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.LookupSwitchInstruction;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.classfile.instruction.NewMultiArrayInstruction;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.lang.classfile.instruction.OperatorInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.classfile.instruction.StackInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.classfile.instruction.TableSwitchInstruction;
import java.lang.classfile.instruction.ThrowInstruction;
import java.lang.constant.MethodTypeDesc;
import java.util.Arrays;
import java.util.List;

/**
 * How many slots the operand stack holds before each instruction. Where it is empty a statement starts, so that the
 * translation can go on there after one that was refused.
 */
final class StackDepths {
    private static final int UNKNOWN = -1;

    private final int[] before;

    StackDepths(List<MethodCode.Span> order, List<Instruction> instructions, List<MethodCode.Span> spans) {
        before = new int[instructions.size() + 1];
        Arrays.fill(before, UNKNOWN);
        before[0] = 0;
        for (MethodCode.Span span : order) {
            for (int i = span.from(); i < span.to(); i++) {
                int after = Math.max(0, Math.max(0, before[i]) + knownEffect(instructions.get(i)));
                if (i + 1 < span.to()) {
                    before[i + 1] = after;
                } else {
                    span.successors().forEach(next -> before[spans.get(next).from()] = after);
                }
            }
        }
    }

    int before(int instruction) {
        return Math.max(0, before[instruction]);
    }

    private static int knownEffect(Instruction instruction) {
        try {
            return effect(instruction);
        } catch (IllegalArgumentException e) {
            // A damaged class file: it was refused already.
            return 0;
        }
    }

    private static int effect(Instruction instruction) {
        return switch (instruction) {
            case LoadInstruction load -> load.typeKind().slotSize();
            case StoreInstruction store -> -store.typeKind().slotSize();
            case ConstantInstruction constant -> constant.typeKind().slotSize();
            case OperatorInstruction operator -> operator(operator);
            case ConvertInstruction convert ->
                convert.toType().slotSize() - convert.fromType().slotSize();
            case StackInstruction stack -> stack(stack.opcode());
            case BranchInstruction branch -> branch(branch.opcode());
            case TableSwitchInstruction _, LookupSwitchInstruction _, ThrowInstruction _, MonitorInstruction _ -> -1;
            case ReturnInstruction back -> -back.typeKind().slotSize();
            case FieldInstruction field -> field(field);
            case InvokeInstruction call -> call(call.typeSymbol()) - (call.opcode() == Opcode.INVOKESTATIC ? 0 : 1);
            case InvokeDynamicInstruction call -> call(call.typeSymbol());
            case NewObjectInstruction _ -> 1;
            case NewMultiArrayInstruction make -> 1 - make.dimensions();
            case ArrayLoadInstruction load -> load.typeKind().slotSize() - 2;
            case ArrayStoreInstruction store -> -store.typeKind().slotSize() - 2;
            default -> 0;
        };
    }

    private static int operator(OperatorInstruction operator) {
        int operand = operator.typeKind().slotSize();
        return switch (operator.opcode()) {
            case INEG, LNEG, FNEG, DNEG, ARRAYLENGTH -> 0;
            case LCMP, DCMPL, DCMPG -> -3;
            case FCMPL, FCMPG -> -1;
            case LSHL, LSHR, LUSHR -> -1;
            default -> -operand;
        };
    }

    private static int stack(Opcode opcode) {
        return switch (opcode) {
            case POP -> -1;
            case POP2 -> -2;
            case DUP, DUP_X1, DUP_X2 -> 1;
            case DUP2, DUP2_X1, DUP2_X2 -> 2;
            default -> 0;
        };
    }

    private static int branch(Opcode opcode) {
        return switch (opcode) {
            case GOTO, GOTO_W -> 0;
            case IF_ICMPEQ, IF_ICMPNE, IF_ICMPLT, IF_ICMPGE, IF_ICMPGT, IF_ICMPLE, IF_ACMPEQ, IF_ACMPNE -> -2;
            default -> -1;
        };
    }

    private static int field(FieldInstruction field) {
        int size = TypeKind.from(field.typeSymbol()).slotSize();
        return switch (field.opcode()) {
            case GETSTATIC -> size;
            case PUTSTATIC -> -size;
            case GETFIELD -> size - 1;
            default -> -size - 1;
        };
    }

    private static int call(MethodTypeDesc type) {
        int arguments = type.parameterList().stream()
                .mapToInt(p -> TypeKind.from(p).slotSize())
                .sum();
        return TypeKind.from(type.returnType()).slotSize() - arguments;
    }
}
