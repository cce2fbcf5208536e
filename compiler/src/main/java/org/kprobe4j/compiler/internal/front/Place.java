package org.kprobe4j.compiler.internal.front;

import org.kprobe4j.asm.Size;
import org.kprobe4j.btf.Field;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Value;

/** Where a value of the kernel is. */
sealed interface Place {
    /** Whether it is in memory of the current process. */
    default boolean user() {
        return false;
    }

    /** In memory, so many bytes behind an address. */
    record Memory(Value address, int offset, boolean user) implements Place {
        Value start(GraphBuilder builder) {
            return builder.binary(
                    org.kprobe4j.compiler.internal.ir.Arithmetic.ADD,
                    org.kprobe4j.compiler.internal.ir.Kind.LONG,
                    address,
                    GraphBuilder.constant((long) offset));
        }
    }

    /** Some bits of a word in memory, counted from its lowest. */
    record Bits(Value address, int offset, boolean user, Size word, int shift, int count) implements Place {}

    /** The lower bytes of a register. */
    record Register(Value word) implements Place {}

    /** A member of a structure at an address. */
    static Place of(StructType struct, Field field, Value address, boolean user) {
        return field.isBitField() ? bits(struct, field, address, user) : new Memory(address, field.byteOffset(), user);
    }

    /**
     * The smallest word around a bit field that lies within its structure, aligned if there is one: what comes behind the
     * structure may not be mapped.
     */
    private static Bits bits(StructType struct, Field field, Value address, boolean user) {
        int total = struct.composite().sizeBytes();
        for (Size size : new Size[] {Size.B, Size.H, Size.W, Size.DW}) {
            int bytes = size.bytes();
            for (int at : new int[] {field.byteOffset() & -bytes, field.byteOffset(), total - bytes}) {
                int shift = field.bitOffset() - at * Byte.SIZE;
                boolean covers = shift >= 0 && shift + field.bitSize() <= bytes * Byte.SIZE;
                if (at >= 0 && at + bytes <= total && covers) {
                    return new Bits(address, at, user, size, shift, field.bitSize());
                }
            }
        }
        throw new Refusal(
                "the bit field %s of %s does not lie within eight bytes; read its parts with Kernel.readLong(address() + n)"
                        .formatted(field.name(), struct));
    }
}
