package org.kprobe4j.compiler.internal.front;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.kprobe4j.asm.Size;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfKind;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.btf.Field;
import org.kprobe4j.btf.NearestNames;
import org.kprobe4j.compiler.internal.ir.Arithmetic;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;

/** What {@code Kernel} says of the kernel's types, and its reads at an address. */
final class KernelQueries {
    private KernelQueries() {}

    /** {@code Kernel.containerOf(member, T, field)}. */
    static Operand containerOf(CallSite site) {
        if (!(site.argument(0) instanceof Operand.Struct member)) {
            throw new Refusal("Kernel.containerOf needs a structure that is a member of another");
        }
        String type = site.typeArgument(1);
        StructType outer = site.translation().kernelTypes().struct(type, null);
        long offset = 0;
        StructType at = outer;
        List<String> path = path(text(site, 2));
        for (String name : path) {
            if (at == null) {
                throw new Refusal("%s: %s is behind a pointer or no structure; the path leads through members only"
                        .formatted(String.join(".", path), name));
            }
            Field field = at.field(name);
            if (field.isBitField()) {
                throw new Refusal("the bit field %s of %s has no address".formatted(field.name(), at));
            }
            offset += field.byteOffset();
            at = at.inside(field).orElse(null);
        }
        return new Operand.Struct(
                site.builder().binary(Arithmetic.SUB, Kind.LONG, member.address(), GraphBuilder.constant(offset)),
                type,
                member.user(),
                null);
    }

    /** {@code Kernel.exists(T)} and {@code Kernel.exists(T, field)}: known when the handler is compiled. */
    static Operand exists(CallSite site) {
        Optional<StructType> found = site.translation().kernelTypes().find(site.typeArgument(0));
        if (site.arguments().size() > 1) {
            found = found.filter(struct -> has(struct, path(text(site, 1))));
        }
        return new Operand.Scalar(GraphBuilder.constant(found.isPresent() ? 1 : 0));
    }

    private static boolean has(StructType struct, List<String> path) {
        Optional<Field> field = struct.find(path.getFirst());
        if (field.isEmpty() || path.size() == 1) {
            return field.isPresent();
        }
        return struct.inside(field.get())
                .filter(inner -> has(inner, path.subList(1, path.size())))
                .isPresent();
    }

    private static List<String> path(String dotted) {
        return List.of(dotted.split("\\.", -1));
    }

    /** {@code Kernel.enumValue(type, constant)}. */
    static Operand enumValue(CallSite site) {
        Btf btf = site.translation().kernelTypes().btf();
        String type = text(site, 0);
        BtfType.Enumeration enumeration = btf.enumeration(type)
                .or(() -> btf.typedef(type)
                        .map(typedef -> btf.resolve(typedef.id()))
                        .filter(BtfType.Enumeration.class::isInstance)
                        .map(BtfType.Enumeration.class::cast))
                .orElseThrow(() -> new Refusal("this kernel has no enum %s%s"
                        .formatted(
                                type,
                                KernelTypes.suggestion(NearestNames.nearest(
                                        type, btf.names(Set.of(BtfKind.ENUM, BtfKind.ENUM64)), 3)))));
        return new Operand.Scalar(GraphBuilder.constant(KernelEnums.value(enumeration, text(site, 1))));
    }

    private static String text(CallSite site, int index) {
        if (site.argument(index) instanceof Operand.Host(String text)) {
            return text;
        }
        throw new Refusal("Kernel.%s needs names that are known when the handler is compiled".formatted(site.name()));
    }

    /** {@code Kernel.readInt(address)} and its like. */
    static Operand read(CallSite site, Size size, boolean user) {
        int fault = site.translation().faultSite("%s at an address that is not mapped".formatted(site.name()));
        Kind kind = size == Size.DW ? Kind.LONG : Kind.INT;
        return new Operand.Scalar(site.builder()
                .append(kind, new Opcode.KernelRead(0, size, true, fault, user, null, null), site.scalar(0)));
    }
}
