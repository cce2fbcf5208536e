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
import java.lang.classfile.instruction.IncrementInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.LookupSwitchInstruction;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.classfile.instruction.NewMultiArrayInstruction;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.lang.classfile.instruction.NewPrimitiveArrayInstruction;
import java.lang.classfile.instruction.NewReferenceArrayInstruction;
import java.lang.classfile.instruction.NopInstruction;
import java.lang.classfile.instruction.OperatorInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.classfile.instruction.StackInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.classfile.instruction.TableSwitchInstruction;
import java.lang.classfile.instruction.ThrowInstruction;
import java.lang.classfile.instruction.TypeCheckInstruction;
import java.lang.constant.ClassDesc;
import java.util.List;
import org.kprobe4j.compiler.internal.ir.Arithmetic;
import org.kprobe4j.compiler.internal.ir.Cond;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Value;

/** The instructions of one block, one after the other. */
final class InstructionTranslator {
    static final String CANNOT_SYNCHRONIZE =
            "a handler cannot synchronize; the kernel runs it without locks, on any CPU";
    static final String CANNOT_THROW = "a handler cannot throw; return instead, or test before";

    private final Translation translation;
    private final MethodTranslator flow;
    private final MethodCode method;
    private final MethodCode.Span span;
    private final State state;
    private final GraphBuilder builder;
    private final ObjectInstructions objects;

    InstructionTranslator(
            Translation translation, MethodTranslator flow, MethodCode method, MethodCode.Span span, State state) {
        this.translation = translation;
        this.flow = flow;
        this.method = method;
        this.span = span;
        this.state = state;
        this.builder = translation.builder();
        this.objects = new ObjectInstructions(translation, flow, state);
    }

    void translate(Instruction instruction) {
        switch (instruction) {
            case LoadInstruction load -> state.push(state.load(load.slot()));
            case StoreInstruction store -> state.store(store.slot(), state.pop());
            case IncrementInstruction i ->
                state.store(
                        i.slot(),
                        new Operand.Scalar(builder.binary(
                                Arithmetic.ADD,
                                Kind.INT,
                                scalar(state.load(i.slot())),
                                GraphBuilder.constant(i.constant()))));
            case ConstantInstruction constant -> constant(constant);
            case OperatorInstruction operator -> operator(operator);
            case ConvertInstruction convert -> convert(convert);
            case StackInstruction stack -> stack(stack.opcode());
            case BranchInstruction branch -> branch(branch);
            case TableSwitchInstruction table -> choose(table.cases(), flow.span(table.defaultTarget()));
            case LookupSwitchInstruction lookup -> choose(lookup.cases(), flow.span(lookup.defaultTarget()));
            case ReturnInstruction back -> flow.exit(state, back.typeKind() == TypeKind.VOID ? null : state.pop());
            case FieldInstruction field -> objects.field(field);
            case InvokeInstruction call -> objects.invoke(call);
            case InvokeDynamicInstruction call -> objects.invokeDynamic(call);
            case NewObjectInstruction make -> objects.make(make.className().asInternalName());
            case NewReferenceArrayInstruction make ->
                objects.makeArray(make.componentType().asSymbol(), state.pop());
            case NewPrimitiveArrayInstruction make ->
                state.push(objects.arrays().make(make.typeKind(), state.pop()));
            case NewMultiArrayInstruction make ->
                throw new Refusal(
                        "a handler cannot create an array of arrays (new %s); use one array and compute the index: rows * columns elements"
                                .formatted(make.arrayType().asSymbol().displayName()));
            case ArrayLoadInstruction _ -> objects.arrayLoad();
            case ArrayStoreInstruction _ -> objects.arrayStore();
            case TypeCheckInstruction check -> objects.typeCheck(check);
            case NopInstruction _ -> {}
            case ThrowInstruction _ -> {
                if (state.pop() instanceof Operand.Thrown(String type)) {
                    flow.fault(type);
                } else {
                    throw new Refusal(CANNOT_THROW);
                }
            }
            case MonitorInstruction monitor -> {
                state.pop();
                if (monitor.opcode() == Opcode.MONITORENTER) {
                    throw new Refusal(CANNOT_SYNCHRONIZE);
                }
            }
            default ->
                throw new Refusal("the instruction %s has no place in a handler".formatted(instruction.opcode()));
        }
    }

    static Refusal refuseArray(ClassDesc component) {
        return new Refusal("a handler cannot create an array (new %s[n]); use a map or a record"
                .formatted(component.displayName()));
    }

    /** The number in an operand. */
    static Value scalar(Operand operand) {
        return switch (operand) {
            case Operand.Scalar scalar -> scalar.value();
            case Operand.Unusable _ ->
                throw new Refusal("a value that is of different types on different paths cannot be used");
            case Operand.EnumSelector _ ->
                throw new Refusal(
                        "the ordinal of a constant that only the kernel knows has no use in a handler; compare with ==, or use a switch");
            case Operand.TextHash _ ->
                throw new Refusal(
                        "a handler cannot compute hashCode of a string of the kernel; use equals, or a switch over the string");
            default -> throw new Refusal("a number is needed here");
        };
    }

    private Value popScalar() {
        return scalar(state.pop());
    }

    private void push(Value value) {
        state.push(new Operand.Scalar(value));
    }

    private void constant(ConstantInstruction constant) {
        Object value = constant.constantValue();
        switch (value) {
            case Integer i -> push(GraphBuilder.constant(i.intValue()));
            case Long l -> push(GraphBuilder.constant(l.longValue()));
            case Float _, Double _ -> throw noFloat();
            case String s -> state.push(new Operand.Host(s));
            case ClassDesc type -> state.push(new Operand.Host(type));
            default -> {
                if (constant.opcode() != Opcode.ACONST_NULL) {
                    throw new Refusal("a constant of this kind has no place in a handler");
                }
                state.push(new Operand.Host(null));
            }
        }
    }

    static Refusal noFloat() {
        return new Refusal(
                "a handler cannot use float or double: the kernel has no floating point; count in a smaller unit with long");
    }

    private void operator(OperatorInstruction instruction) {
        if (instruction.typeKind() == TypeKind.FLOAT || instruction.typeKind() == TypeKind.DOUBLE) {
            state.pop();
            throw noFloat();
        }
        Kind kind = instruction.typeKind() == TypeKind.LONG ? Kind.LONG : Kind.INT;
        switch (instruction.opcode()) {
            case INEG, LNEG -> push(builder.negate(popScalar()));
            case LCMP -> {
                Value b = popScalar();
                push(builder.compareLong(popScalar(), b));
            }
            case ARRAYLENGTH -> objects.arrayLength();
            default -> {
                Value b = popScalar();
                Value a = popScalar();
                push(binary(arithmetic(instruction.opcode()), kind, a, b));
            }
        }
    }

    private Value binary(Arithmetic operator, Kind kind, Value a, Value b) {
        if (operator == Arithmetic.DIV || operator == Arithmetic.REM) {
            flow.faultUnless(Cond.NE, b, new Value.Constant(kind, 0), "/ by zero");
        }
        return builder.binary(operator, kind, a, b);
    }

    private static Arithmetic arithmetic(Opcode opcode) {
        return switch (opcode) {
            case IADD, LADD -> Arithmetic.ADD;
            case ISUB, LSUB -> Arithmetic.SUB;
            case IMUL, LMUL -> Arithmetic.MUL;
            case IDIV, LDIV -> Arithmetic.DIV;
            case IREM, LREM -> Arithmetic.REM;
            case IAND, LAND -> Arithmetic.AND;
            case IOR, LOR -> Arithmetic.OR;
            case IXOR, LXOR -> Arithmetic.XOR;
            case ISHL, LSHL -> Arithmetic.SHL;
            case ISHR, LSHR -> Arithmetic.SHR;
            case IUSHR, LUSHR -> Arithmetic.USHR;
            default -> throw new Refusal("the operator %s has no place in a handler".formatted(opcode));
        };
    }

    private void convert(ConvertInstruction instruction) {
        switch (instruction.opcode()) {
            case I2L -> push(builder.extend(popScalar()));
            case L2I -> push(builder.truncate(popScalar()));
            case I2B -> push(builder.narrow(popScalar(), 8, true));
            case I2S -> push(builder.narrow(popScalar(), 16, true));
            case I2C -> push(builder.narrow(popScalar(), 16, false));
            default -> {
                state.pop();
                throw noFloat();
            }
        }
    }

    private void stack(Opcode opcode) {
        switch (opcode) {
            case POP -> state.pop();
            case POP2 -> popGroup(2);
            case DUP -> duplicate(1, 0);
            case DUP_X1 -> duplicate(1, 1);
            case DUP_X2 -> duplicate(1, 2);
            case DUP2 -> duplicate(2, 0);
            case DUP2_X1 -> duplicate(2, 1);
            case DUP2_X2 -> duplicate(2, 2);
            case SWAP -> {
                Operand top = state.pop();
                Operand below = state.pop();
                state.push(top);
                state.push(below);
            }
            default -> throw new IllegalStateException("not a stack instruction: " + opcode);
        }
    }

    /** Takes operands off the stack that fill so many slots, a long being two of them. */
    private List<Operand> popGroup(int slots) {
        var group = new java.util.ArrayDeque<Operand>();
        for (int left = slots; left > 0; ) {
            Operand operand = state.pop();
            group.addFirst(operand);
            left -= MethodTranslator.isWide(operand) ? 2 : 1;
            if (left < 0) {
                throw new Refusal(
                        "the class file is damaged: a stack instruction splits a long; compile the class anew");
            }
        }
        return List.copyOf(group);
    }

    private void duplicate(int slots, int below) {
        List<Operand> top = popGroup(slots);
        List<Operand> under = popGroup(below);
        top.forEach(state::push);
        under.forEach(state::push);
        top.forEach(state::push);
    }

    private void branch(BranchInstruction branch) {
        MethodCode.Span target = flow.span(branch.target());
        if (!MethodCode.isConditional(branch)) {
            flow.jump(span, target, state);
            return;
        }
        MethodCode.Span next = method.next(span);
        switch (branch.opcode()) {
            case IFNULL, IFNONNULL -> {
                boolean jumpsIfNull = branch.opcode() == Opcode.IFNULL;
                Operand reference = state.pop();
                if (reference instanceof Operand.Maybe maybe && target.index() != next.index()) {
                    testNull(maybe, jumpsIfNull ? target : next, jumpsIfNull ? next : target);
                    return;
                }
                flow.branch(
                        jumpsIfNull ? Cond.EQ : Cond.NE,
                        notNullFlag(reference),
                        GraphBuilder.constant(0L),
                        span,
                        target,
                        next,
                        state);
            }
            case IF_ACMPEQ, IF_ACMPNE -> {
                Operand b = state.pop();
                Operand a = state.pop();
                Cond cond = branch.opcode() == Opcode.IF_ACMPEQ ? Cond.EQ : Cond.NE;
                if (a instanceof Operand.Host x && b instanceof Operand.Host y) {
                    Value differs = GraphBuilder.constant(isSame(x, y) ? 0 : 1);
                    flow.branch(cond, differs, GraphBuilder.constant(0), span, target, next, state);
                } else if (a instanceof Operand.KernelEnum || b instanceof Operand.KernelEnum) {
                    Value same = a instanceof Operand.KernelEnum constant
                            ? KernelEnums.equal(translation, constant, b)
                            : KernelEnums.equal(translation, (Operand.KernelEnum) b, a);
                    flow.branch(
                            cond == Cond.EQ ? Cond.NE : Cond.EQ,
                            same,
                            GraphBuilder.constant(0),
                            span,
                            target,
                            next,
                            state);
                } else {
                    flow.branch(cond, reference(a, b), reference(b, a), span, target, next, state);
                }
            }
            default -> {
                boolean two = branch.opcode().name().startsWith("IF_ICMP");
                Value b = two ? popScalar() : GraphBuilder.constant(0);
                Value a = popScalar();
                flow.branch(condition(branch.opcode()), a, b, span, target, next, state);
            }
        }
    }

    /** Each way on knows what was found. */
    private void testNull(Operand.Maybe maybe, MethodCode.Span ifNull, MethodCode.Span ifNot) {
        State present = state.copy();
        present.found(maybe, true);
        state.found(maybe, false);
        flow.branch(
                Cond.EQ,
                maybe.present(),
                GraphBuilder.constant(0L),
                span,
                new Way(ifNull, state),
                new Way(ifNot, present));
    }

    /** A way on, with the state that it is taken in. */
    record Way(MethodCode.Span to, State state) {}

    private static boolean isSame(Operand.Host a, Operand.Host b) {
        if (a.object() instanceof String && b.object() instanceof String) {
            throw new Refusal("a handler cannot compare strings with ==; use equals");
        }
        return a.equals(b);
    }

    /** A reference as a number that is equal to the other's just if they are the same. */
    private static Value reference(Operand operand, Operand other) {
        if (operand.isNull() || other.isNull()) {
            return notNullFlag(operand);
        }
        if (operand instanceof Operand.LocalArray array && other instanceof Operand.LocalArray) {
            return array.room();
        }
        if (operand instanceof Operand.Struct a && other instanceof Operand.Struct b) {
            if (!a.type().equals(b.type())) {
                throw new Refusal(
                        "structures seen through different interfaces cannot be compared with ==; compare their address()");
            }
            return a.address();
        }
        throw new Refusal("these objects cannot be compared with == in a handler; compare their numbers");
    }

    /** A reference as a number that is zero just for null. */
    private static Value notNullFlag(Operand operand) {
        return switch (operand) {
            case Operand.Struct _ ->
                throw new Refusal("a kernel structure is never Java's null; ask isNull() for the null pointer");
            case Operand.Maybe maybe -> maybe.present();
            case Operand.KernelString text when text.isNullable() -> text.address();
            case Operand.Host host when host.object() == null -> GraphBuilder.constant(0L);
            case Operand.Unusable _ ->
                throw new Refusal("a value that is of different types on different paths cannot be used");
            default -> GraphBuilder.constant(1L);
        };
    }

    private static Cond condition(Opcode opcode) {
        return switch (opcode) {
            case IFEQ, IF_ICMPEQ -> Cond.EQ;
            case IFNE, IF_ICMPNE -> Cond.NE;
            case IFLT, IF_ICMPLT -> Cond.LT;
            case IFGE, IF_ICMPGE -> Cond.GE;
            case IFGT, IF_ICMPGT -> Cond.GT;
            case IFLE, IF_ICMPLE -> Cond.LE;
            default -> throw new IllegalStateException("not a comparison: " + opcode);
        };
    }

    /** A switch is a row of comparisons; with a known selector only one way is left. */
    private void choose(List<SwitchCase> cases, MethodCode.Span otherwise) {
        Operand operand = state.pop();
        if (operand instanceof Operand.EnumSelector constant) {
            choose(constant, cases, otherwise);
            return;
        }
        if (operand instanceof Operand.TextHash hash) {
            new TextSwitch(translation, flow, method, span, state).choose(hash, cases, otherwise);
            return;
        }
        Value selector = scalar(operand);
        if (selector instanceof Value.Constant known) {
            MethodCode.Span target = cases.stream()
                    .filter(c -> c.caseValue() == known.value())
                    .findFirst()
                    .map(c -> flow.span(c.target()))
                    .orElse(otherwise);
            flow.jump(span, target, state);
            return;
        }
        List<SwitchCase> real = cases.stream()
                .filter(c -> flow.span(c.target()).index() != otherwise.index())
                .filter(c -> objects.isPossible(selector, c.caseValue()))
                .toList();
        for (SwitchCase c : real) {
            flow.branchToCase(selector, GraphBuilder.constant(c.caseValue()), span, flow.span(c.target()), state);
        }
        flow.jump(span, otherwise, state);
    }

    /** A switch over a constant of the kernel compares the kernel's numbers. */
    private void choose(Operand.EnumSelector selector, List<SwitchCase> cases, MethodCode.Span otherwise) {
        for (SwitchCase c : cases) {
            for (Value.Constant value : KernelEnums.valuesOf(translation, selector, c.caseValue())) {
                flow.branchToCase(selector.constant().value(), value, span, flow.span(c.target()), state);
            }
        }
        flow.jump(span, otherwise, state);
    }
}
