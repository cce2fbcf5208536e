package org.kprobe4j.compiler.internal.front;

import java.nio.ByteOrder;
import org.kprobe4j.compiler.internal.ir.Arithmetic;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Value;

/** Numbers and addresses in the network's byte order, the highest byte first. */
final class NetworkValues {
    private NetworkValues() {}

    static Operand ipv6(CallSite site) {
        if (!(site.argument(0) instanceof Operand.Struct struct)) {
            throw new Refusal("Kernel.ipv6 needs a struct in6_addr, by an interface that extends KernelStruct");
        }
        return new Operand.Ipv6(struct.address());
    }

    private static boolean isNetworkOrder(CallSite site) {
        return site.translation().request().architecture().byteOrder() == ByteOrder.BIG_ENDIAN;
    }

    private static Value part(GraphBuilder builder, Value number, int shift, int mask) {
        Value moved = shift >= 0
                ? builder.binary(Arithmetic.USHR, Kind.INT, number, GraphBuilder.constant(shift))
                : builder.binary(Arithmetic.SHL, Kind.INT, number, GraphBuilder.constant(-shift));
        return builder.binary(Arithmetic.AND, Kind.INT, moved, GraphBuilder.constant(mask));
    }

    /** The lower 16 bits, 0 to 65535. */
    static Operand ntohs(CallSite site) {
        GraphBuilder builder = site.builder();
        Value number = site.scalar(0);
        if (isNetworkOrder(site)) {
            return new Operand.Scalar(part(builder, number, 0, 0xffff));
        }
        return new Operand.Scalar(builder.binary(
                Arithmetic.OR,
                Kind.INT,
                part(builder, number, Byte.SIZE, 0xff),
                part(builder, number, -Byte.SIZE, 0xff00)));
    }

    static Operand ntohl(CallSite site) {
        GraphBuilder builder = site.builder();
        Value number = site.scalar(0);
        if (isNetworkOrder(site)) {
            return new Operand.Scalar(number);
        }
        Value upper = builder.binary(
                Arithmetic.OR,
                Kind.INT,
                builder.binary(Arithmetic.SHL, Kind.INT, number, GraphBuilder.constant(3 * Byte.SIZE)),
                part(builder, number, -Byte.SIZE, 0xff0000));
        Value lower = builder.binary(
                Arithmetic.OR,
                Kind.INT,
                part(builder, number, Byte.SIZE, 0xff00),
                part(builder, number, 3 * Byte.SIZE, 0xff));
        return new Operand.Scalar(builder.binary(Arithmetic.OR, Kind.INT, upper, lower));
    }
}
