package org.kprobe4j.compiler.internal.front;

import java.lang.constant.ClassDesc;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.Size;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.Value;

/** From a place in the kernel and its type there to what a handler computes with. */
final class KernelValues {
    private final Translation translation;
    private final KernelArrays arrays;

    KernelValues(Translation translation) {
        this.translation = translation;
        this.arrays = new KernelArrays(translation, this);
    }

    /** Arrays and their elements. */
    KernelArrays arrays() {
        return arrays;
    }

    /** What an accessor without parameters yields. */
    Operand value(Place place, KernelType type, Wanted wanted) {
        return value(place, type, wanted, wanted.accessor().result());
    }

    /** What an accessor yields whose parameter is the index of an element. */
    Operand indexed(CallSite site, Place place, KernelType type, Wanted wanted) {
        return arrays.indexed(site, place, type, wanted);
    }

    /** A value as a Java type: the accessor's result, or an element of it. */
    Operand value(Place place, KernelType type, Wanted wanted, ClassDesc result) {
        if (result.isArray()) {
            return arrays.array(place, type, wanted, result);
        }
        if (result.isPrimitive()) {
            return number(place, type, wanted, JavaNumber.of(result, wanted));
        }
        String java = ObjectInstructions.internalName(result);
        if (java.equals("java/lang/String")) {
            return KernelText.field(this, translation.builder(), place, type, wanted);
        }
        if (KernelEnums.isEnum(translation, java)) {
            return enumerator(place, type, wanted, java);
        }
        if (!ObjectInstructions.isInterface(translation.requireClass(java))) {
            throw JavaNumber.none(result, wanted);
        }
        return struct(place, type, wanted, java);
    }

    // ---- numbers ----

    private Operand number(Place place, KernelType type, Wanted wanted, JavaNumber java) {
        BtfType target = type.target();
        boolean signed = switch (target) {
            case BtfType.Int integer -> integer.signed();
            case BtfType.Enum enumeration -> enumeration.signed();
            case BtfType.Enum64 enumeration -> enumeration.signed();
            case BtfType.Pointer _ -> false;
            case BtfType.Array _ ->
                throw wanted.refuse("is %s; declare it as an array, or as %s"
                        .formatted(type.spelled(), wanted.accessor().declaredWithIndex()));
            default -> throw wanted.refuse("is %s; give it an interface for its type".formatted(type.spelled()));
        };
        boolean truth = target instanceof BtfType.Int integer && integer.bool();
        int bits = place instanceof Place.Bits part ? part.count() : type.sizeBytes() * Byte.SIZE;
        if (bits > Long.SIZE) {
            throw wanted.refuse("is %s, of %d bits; read its parts with Kernel.readLong(address() + n)"
                    .formatted(type.spelled(), bits));
        }
        if (bits > java.bits()) {
            throw tooWide(place, bits, wanted, java);
        }
        return new Operand.Scalar(number(place, bits, signed, truth, wanted, java));
    }

    private static Refusal tooWide(Place place, int bits, Wanted wanted, JavaNumber java) {
        boolean part = place instanceof Place.Bits;
        int unit = part ? 1 : Byte.SIZE;
        return wanted.refuse("has %d %s, a Java %s only %d; declare it as %s"
                .formatted(
                        bits / unit,
                        part ? "bits" : "bytes",
                        ClassDesc.ofDescriptor(String.valueOf(java.descriptor()))
                                .displayName(),
                        java.bits() / unit,
                        bits > Integer.SIZE ? "long" : "int"));
    }

    /** A number of a known width and sign. */
    Value number(Place place, int bits, boolean signed, boolean truth, Wanted wanted, JavaNumber java) {
        boolean extend = java.extendsSign(bits, signed);
        Long onFault = wanted.accessor().onFault();
        Value widened =
                read(place, java.kind(), bits, extend, wanted.fault(), onFault == null ? null : java.fit(onFault));
        return java.fit(translation.builder(), widened, signed && bits < java.bits(), truth);
    }

    private Value read(
            Place place, Kind kind, int bits, boolean signed, @Nullable String fault, @Nullable Long onFault) {
        GraphBuilder builder = translation.builder();
        return switch (place) {
            case Place.Memory memory ->
                builder.append(
                        kind,
                        new Opcode.KernelRead(
                                memory.offset(),
                                Size.ofBytes(bits / Byte.SIZE),
                                signed,
                                fault == null ? Opcode.UNCOUNTED : translation.faultSite(fault, onFault == null),
                                memory.user(),
                                null,
                                onFault),
                        memory.address());
            case Place.Bits part ->
                builder.append(
                        kind,
                        new Opcode.KernelRead(
                                part.offset(),
                                part.word(),
                                signed,
                                fault == null ? Opcode.UNCOUNTED : translation.faultSite(fault, onFault == null),
                                part.user(),
                                new Opcode.BitRange(part.shift(), part.count()),
                                onFault),
                        part.address());
            case Place.Register register -> cut(register.word(), kind, bits, signed);
        };
    }

    /** The lower bits of a register: what is above an argument of fewer bits means nothing. */
    private Value cut(Value word, Kind kind, int bits, boolean signed) {
        GraphBuilder builder = translation.builder();
        if (bits == Long.SIZE) {
            return word;
        }
        Value low = word.kind() == Kind.LONG ? builder.truncate(word) : word;
        if (bits < Integer.SIZE) {
            low = builder.narrow(low, bits, signed);
        }
        if (kind == Kind.INT) {
            return low;
        }
        return signed ? builder.extend(low) : builder.zeroExtend(low);
    }

    /** An address that lies somewhere; 0 if it cannot be read, which is not counted. */
    Value pointerOrZero(Place place) {
        return pointer(place, null, 0L);
    }

    /** An address that lies somewhere. */
    Value pointer(Place place, @Nullable String fault, @Nullable Long onFault) {
        int bytes = translation.request().architecture().wordBytes();
        return read(place, Kind.LONG, bytes * Byte.SIZE, false, fault, onFault);
    }

    // ---- structures ----

    private Operand struct(Place place, KernelType type, Wanted wanted, String java) {
        return switch (type.target()) {
            case BtfType.Composite composite
            when place instanceof Place.Memory memory ->
                embedded(memory, type, wanted, java, new StructType(type.btf(), composite));
            case BtfType.Pointer pointer
            when !(place instanceof Place.Bits) ->
                new Operand.Struct(
                        pointer(place, wanted.fault(), wanted.accessor().onFault()),
                        java,
                        place.user() || wanted.accessor().userMemory(),
                        declared(type.to(pointer.target())));
            default -> throw wanted.refuse("is %s, neither a structure nor a pointer to one".formatted(type.spelled()));
        };
    }

    private Operand embedded(Place.Memory memory, KernelType type, Wanted wanted, String java, StructType composite) {
        if (wanted.accessor().userMemory()) {
            throw wanted.refuse(
                    "is %s, not a pointer; @UserMemory is for pointers to user memory".formatted(type.spelled()));
        }
        return new Operand.Struct(memory.start(translation.builder()), java, memory.user(), composite);
    }

    private static @Nullable StructType declared(KernelType type) {
        return type.target() instanceof BtfType.Composite composite ? new StructType(type.btf(), composite) : null;
    }

    // ---- enumerations ----

    private Operand enumerator(Place place, KernelType type, Wanted wanted, String java) {
        if (!(type.target() instanceof BtfType.Enumeration enumeration)) {
            throw wanted.refuse("is %s, not an enumeration; declare it as int".formatted(type.spelled()));
        }
        int bits = place instanceof Place.Bits part ? part.count() : enumeration.sizeBytes() * Byte.SIZE;
        boolean negative = enumeration.enumerators().stream().anyMatch(e -> e.value() < 0);
        Kind kind = bits > Integer.SIZE ? Kind.LONG : Kind.INT;
        Value value = read(
                place, kind, bits, negative, wanted.fault(), wanted.accessor().onFault());
        return new Operand.KernelEnum(value, java, enumeration);
    }
}
