package org.kprobe4j.compiler.internal.front;

import java.lang.classfile.TypeKind;
import org.kprobe4j.asm.Size;
import org.kprobe4j.compiler.internal.ir.Arithmetic;
import org.kprobe4j.compiler.internal.ir.Cond;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.RoomOperation;
import org.kprobe4j.compiler.internal.ir.Value;

/**
 * Arrays of numbers that a handler makes: each place that makes one has its room in scratch memory. An array that is made again,
 * in a loop, may take the same room: no variable can bring the older one round the loop ({@link LoopHead} refuses that).
 */
final class LocalArrays {
    private static final int MAX_BYTES = 4096;

    private final Translation translation;
    private final MethodTranslator flow;
    private final GraphBuilder builder;

    LocalArrays(Translation translation, MethodTranslator flow) {
        this.translation = translation;
        this.flow = flow;
        this.builder = translation.builder();
    }

    Operand.LocalArray make(TypeKind element, Operand length) {
        String type = element.upperBound().displayName();
        if (element == TypeKind.FLOAT || element == TypeKind.DOUBLE) {
            throw InstructionTranslator.noFloat();
        }
        if (!(length instanceof Operand.Scalar(Value.Constant(var kind, long count)))) {
            throw new Refusal(
                    "a handler's array needs a length that is a constant; make it as long as it may get, for example new %s[64]"
                            .formatted(type));
        }
        char descriptor = element.upperBound().descriptorString().charAt(0);
        int size = size(descriptor).bytes();
        if (count < 0 || count * size > MAX_BYTES) {
            throw new Refusal("a handler's array has at most %d bytes, so new %s[%d] cannot be made; use a map"
                    .formatted(MAX_BYTES, type, count));
        }
        return make(descriptor, (int) count);
    }

    /** An array of zeros. */
    Operand.LocalArray make(char descriptor, int length) {
        int bytes = length * size(descriptor).bytes() + 7 & -8;
        return make(descriptor, length, translation.rooms().take(bytes));
    }

    /** An array of zeros that is used at once and not again. */
    Operand.LocalArray passing(char descriptor, int length) {
        int bytes = length * size(descriptor).bytes() + 7 & -8;
        return make(descriptor, length, translation.rooms().passing(bytes));
    }

    private Operand.LocalArray make(char descriptor, int length, int room) {
        int bytes = length * size(descriptor).bytes() + 7 & -8;
        if (bytes > 0) {
            builder.append(Kind.INT, new Opcode.Memory(new RoomOperation.Clear(room, bytes)));
        }
        return new Operand.LocalArray(GraphBuilder.constant(room), descriptor, length);
    }

    /** The smallest power of two that is enough. */
    static int elements(int length) {
        return Integer.highestOneBit(Math.max(length, 1) * 2 - 1);
    }

    private static Size size(char descriptor) {
        return switch (descriptor) {
            case 'Z', 'B' -> Size.B;
            case 'S', 'C' -> Size.H;
            case 'I' -> Size.W;
            default -> Size.DW;
        };
    }

    Operand load(Operand.LocalArray array, Value index) {
        check(array, index);
        boolean signed = "BSI".indexOf(array.element()) >= 0;
        return new Operand.Scalar(builder.append(
                array.element() == 'J' ? Kind.LONG : Kind.INT,
                new Opcode.Memory(new RoomOperation.Load(elements(array.length()), size(array.element()), signed)),
                array.room(),
                index));
    }

    void store(Operand.LocalArray array, Value index, Value value) {
        check(array, index);
        Size size = size(array.element());
        builder.append(
                Kind.INT,
                new Opcode.Memory(new RoomOperation.Store(elements(array.length()), size)),
                array.room(),
                index,
                GraphBuilder.lowerBits(value, size.bytes() * Byte.SIZE));
    }

    private void check(Operand.LocalArray array, Value index) {
        flow.faultUnless(
                Cond.ULT,
                index,
                GraphBuilder.constant(array.length()),
                "Index out of bounds for length " + array.length());
    }

    /** {@code Kernel.read(address, into, offset, length)}. */
    static Operand read(CallSite site, boolean user) {
        if (!(site.argument(1) instanceof Operand.LocalArray array)) {
            throw new Refusal("Kernel.%s needs an array that the handler makes: new byte[64]".formatted(site.name()));
        }
        GraphBuilder builder = site.builder();
        Value offset = site.scalar(2);
        Value length = site.scalar(3);
        String range = "Range out of bounds for length " + array.length();
        site.flow().faultUnless(Cond.ULT, offset, GraphBuilder.constant(array.length() + 1), range);
        site.flow().faultUnless(Cond.GE, length, GraphBuilder.constant(0), range);
        Value rest = builder.binary(Arithmetic.SUB, Kind.INT, GraphBuilder.constant(array.length()), offset);
        site.flow().faultUnless(Cond.GE, rest, length, range);
        int fault = site.translation()
                .faultSite(
                        user
                                ? "read of user memory that is not present"
                                : "read of kernel memory at an address that is not mapped");
        builder.append(
                Kind.INT,
                new Opcode.Memory(new RoomOperation.Fill(elements(array.length()), user, fault)),
                array.room(),
                offset,
                length,
                site.scalar(0));
        return CallSite.NOTHING;
    }
}
