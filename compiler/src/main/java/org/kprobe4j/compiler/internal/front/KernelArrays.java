package org.kprobe4j.compiler.internal.front;

import java.lang.constant.ClassDesc;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.compiler.internal.ir.Arithmetic;
import org.kprobe4j.compiler.internal.ir.Cond;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Value;

/** Arrays of the kernel: those with a length as Java's arrays, the others by an index alone. */
final class KernelArrays {
    /**
     * What an array consists of.
     *
     * @param type of one element
     * @param length how many; -1 if it is not known
     * @param component an element's Java type
     * @param wanted who asks for it
     * @param user whether it lies in user memory
     */
    record Elements(KernelType type, int length, ClassDesc component, Wanted wanted, boolean user) {}

    private final Translation translation;
    private final KernelValues values;

    KernelArrays(Translation translation, KernelValues values) {
        this.translation = translation;
        this.values = values;
    }

    /** An array as a value of its own. */
    Operand array(Place place, KernelType type, Wanted wanted, ClassDesc result) {
        if (type.target() instanceof BtfType.Pointer) {
            throw wanted.refuse("is %s, a pointer, which has no length; declare it as %s"
                    .formatted(type.spelled(), wanted.accessor().declaredWithIndex()));
        }
        if (!(type.target() instanceof BtfType.Array array) || !(place instanceof Place.Memory memory)) {
            throw wanted.refuse("is %s, not an array".formatted(type.spelled()));
        }
        if (array.length() == 0) {
            throw wanted.refuse("is %s, which has no length; declare it as %s"
                    .formatted(type.spelled(), wanted.accessor().declaredWithIndex()));
        }
        var elements =
                new Elements(type.to(array.element()), array.length(), result.componentType(), wanted, memory.user());
        return new Operand.KernelArray(memory.start(translation.builder()), elements);
    }

    /** An element, by the index that the accessor is called with. */
    Operand indexed(CallSite site, Place place, KernelType type, Wanted wanted) {
        ClassDesc component = wanted.accessor().result();
        Value index = site.scalar(1);
        return switch (type.target()) {
            case BtfType.Array array
            when place instanceof Place.Memory memory -> {
                int length = array.length() == 0 ? -1 : array.length();
                var elements = new Elements(type.to(array.element()), length, component, wanted, memory.user());
                yield element(site.flow(), memory.start(translation.builder()), elements, index);
            }
            case BtfType.Pointer pointer
            when !(place instanceof Place.Bits) -> {
                boolean user = place.user() || wanted.accessor().userMemory();
                var elements = new Elements(type.to(pointer.target()), -1, component, wanted.inside(), user);
                boolean goesOn = wanted.accessor().onFault() != null;
                Value start = values.pointer(
                        place,
                        "read of the pointer %s at an address that is not mapped"
                                .formatted(wanted.accessor().method()),
                        goesOn ? 0L : null);
                yield element(site.flow(), start, elements, index);
            }
            default ->
                throw wanted.refuse(
                        "is %s, neither an array nor a pointer, so it takes no index".formatted(type.spelled()));
        };
    }

    /** One element; where the length is known, a wrong index stops the handler as Java's exception would. */
    Operand element(MethodTranslator flow, Value start, Elements elements, Value index) {
        if (elements.length() >= 0) {
            flow.faultUnless(
                    Cond.ULT,
                    index,
                    new Value.Constant(index.kind(), elements.length()),
                    "Index out of bounds for length " + elements.length());
        }
        return values.value(
                place(start, index, sizeBytes(elements), elements.user()),
                elements.type(),
                elements.wanted(),
                elements.component());
    }

    private static int sizeBytes(Elements elements) {
        return switch (elements.type().target()) {
            case BtfType.Void _, BtfType.Function _, BtfType.FunctionProto _, BtfType.Fwd _ ->
                throw elements.wanted()
                        .refuse(
                                "has elements of type %s, whose size is not known; declare it as long and read with Kernel.readLong(address)"
                                        .formatted(elements.type().spelled()));
            default -> elements.type().sizeBytes();
        };
    }

    /** Where an element lies. */
    Place.Memory place(Value start, Value index, int sizeBytes, boolean user) {
        GraphBuilder builder = translation.builder();
        if (index instanceof Value.Constant known) {
            long offset = known.value() * sizeBytes;
            if (offset == (int) offset) {
                return new Place.Memory(start, (int) offset, user);
            }
        }
        Value wide = index.kind() == Kind.LONG ? index : builder.extend(index);
        Value offset = builder.binary(Arithmetic.MUL, Kind.LONG, wide, GraphBuilder.constant((long) sizeBytes));
        return new Place.Memory(builder.binary(Arithmetic.ADD, Kind.LONG, start, offset), 0, user);
    }
}
