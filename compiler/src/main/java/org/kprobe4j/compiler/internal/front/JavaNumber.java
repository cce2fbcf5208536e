package org.kprobe4j.compiler.internal.front;

import java.lang.constant.ClassDesc;
import org.kprobe4j.compiler.internal.ir.Cond;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Value;

/** A primitive type of Java's that holds a number of the kernel's. */
record JavaNumber(char descriptor, int bits) {
    /** The type; refused if it is none that can hold what the kernel has. */
    static JavaNumber of(ClassDesc type, Wanted wanted) {
        String descriptor = type.descriptorString();
        int bits = switch (descriptor) {
            case "Z", "B" -> Byte.SIZE;
            case "S", "C" -> Short.SIZE;
            case "I" -> Integer.SIZE;
            case "J" -> Long.SIZE;
            default -> throw none(type, wanted);
        };
        return new JavaNumber(descriptor.charAt(0), bits);
    }

    static Refusal none(ClassDesc type, Wanted wanted) {
        return new Refusal(
                "%s: %s cannot hold a kernel value; use boolean, byte, short, char, int, long, an array of them, an enum or an interface"
                        .formatted(wanted.accessor().java(), type.displayName()));
    }

    Kind kind() {
        return bits == Long.SIZE ? Kind.LONG : Kind.INT;
    }

    /** Whether a number of so many bits keeps its sign on its way into the type; of its own width Java decides. */
    boolean extendsSign(int kernelBits, boolean signed) {
        boolean ownWidth = kernelBits == bits && kind() == Kind.INT;
        return ownWidth ? descriptor != 'Z' && descriptor != 'C' : signed;
    }

    /** A number as the type has it after it was widened to the kind. */
    Value fit(GraphBuilder builder, Value widened, boolean negative, boolean truth) {
        if (descriptor == 'C' && negative) {
            return builder.narrow(widened, Character.SIZE, false);
        }
        return descriptor == 'Z' && !truth ? builder.compare(Cond.NE, widened, GraphBuilder.constant(0)) : widened;
    }

    /** A constant as the type has it. */
    long fit(long value) {
        return switch (descriptor) {
            case 'Z' -> value == 0 ? 0 : 1;
            case 'B' -> (byte) value;
            case 'S' -> (short) value;
            case 'C' -> (char) value;
            case 'I' -> (int) value;
            default -> value;
        };
    }
}
