package org.kprobe4j.compiler.internal.front;

import java.lang.classfile.AnnotationValue;
import java.lang.classfile.AttributedElement;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.Size;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfKind;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.btf.Field;
import org.kprobe4j.btf.NearestNames;
import org.kprobe4j.compiler.KernelNames;
import org.kprobe4j.compiler.internal.ir.Arithmetic;
import org.kprobe4j.compiler.internal.ir.Cond;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.Value;

/** Kernel structures read through interfaces: names become offsets by the running kernel's BTF. */
final class KernelTypes {
    /** A structure and the types that it belongs to: those of the kernel or of a module. */
    private record Bound(Btf btf, BtfType.Composite struct) {}

    private final Translation translation;
    private final Map<String, Bound> structs = new HashMap<>();

    KernelTypes(Translation translation) {
        this.translation = translation;
    }

    /** A call on a structure; null if it is a method with a body, to be compiled like any other. */
    @Nullable
    Operand call(CallSite site, Operand.Struct receiver) {
        if (site.descriptor().equals("()Z") && site.name().equals("isNull")) {
            return new Operand.Scalar(site.builder().compare(Cond.EQ, receiver.address(), GraphBuilder.constant(0L)));
        }
        if (site.descriptor().equals("()J") && site.name().equals("address")) {
            return new Operand.Scalar(receiver.address());
        }
        String type = receiver.type().equals(Api.KERNEL_STRUCT) ? site.owner() : receiver.type();
        if (translation.method(type, site.name(), site.descriptor()) != null) {
            return null;
        }
        MethodModel accessor = accessor(type, site.name(), site.descriptor());
        if (accessor == null) {
            throw new Refusal("%s has no method %s".formatted(Translation.javaName(type), site.name()));
        }
        return read(site, receiver.address(), type, accessor);
    }

    private @Nullable MethodModel accessor(String type, String name, String descriptor) {
        translation.requireClass(type);
        for (ClassModel model : translation.hierarchy(type)) {
            for (MethodModel method : model.methods()) {
                if (method.methodName().equalsString(name)
                        && method.methodType().equalsString(descriptor)) {
                    return method;
                }
            }
        }
        return null;
    }

    private Operand read(CallSite site, Value address, String type, MethodModel accessor) {
        String java = Translation.javaName(type) + "." + site.name();
        MethodTypeDesc signature = MethodTypeDesc.ofDescriptor(site.descriptor());
        if (signature.parameterCount() > 0) {
            throw new Refusal("%s: a structure's field takes no parameters".formatted(java));
        }
        Bound owner = struct(type);
        Btf btf = owner.btf();
        String name = annotatedName(accessor).orElse(site.name());
        Field field = btf.field(owner.struct(), name)
                .or(() -> btf.field(owner.struct(), snakeCase(name)))
                .orElseThrow(() -> noField(btf, owner.struct(), name));
        if (field.isBitField()) {
            throw new Refusal(
                    "%s: the bit field %s cannot be read yet; read the word around it".formatted(java, field.name()));
        }
        var wanted = new Accessor(btf, field, btf.resolve(field.typeId()), signature.returnType(), java);
        return wanted.result().isClassOrInterface()
                ? structField(site, address, wanted)
                : scalarField(site, address, wanted);
    }

    /** A field as the kernel has it and the Java type that the interface gives it; {@code java} names it in messages. */
    private record Accessor(Btf btf, Field field, BtfType target, ClassDesc result, String java) {
        String kernelType() {
            return btf.nameOf(field.typeId());
        }
    }

    private Operand structField(CallSite site, Value address, Accessor wanted) {
        GraphBuilder builder = site.builder();
        Field field = wanted.field();
        String type = ObjectInstructions.internalName(wanted.result());
        if (wanted.target() instanceof BtfType.Composite) {
            return new Operand.Struct(
                    builder.binary(
                            Arithmetic.ADD, Kind.LONG, address, GraphBuilder.constant((long) field.byteOffset())),
                    type);
        }
        if (!(wanted.target() instanceof BtfType.Pointer)) {
            throw new Refusal("%s: the field %s is %s, neither a structure nor a pointer to one"
                    .formatted(wanted.java(), field.name(), wanted.kernelType()));
        }
        boolean wide = translation.request().architecture().wordBytes() == Long.BYTES;
        return new Operand.Struct(fieldRead(site, address, field, wide ? Size.DW : Size.W, false, Kind.LONG), type);
    }

    private Operand scalarField(CallSite site, Value address, Accessor wanted) {
        Field field = wanted.field();
        boolean signed = switch (wanted.target()) {
            case BtfType.Int integer -> integer.signed();
            case BtfType.Enum enumeration -> enumeration.signed();
            case BtfType.Enum64 enumeration -> enumeration.signed();
            case BtfType.Pointer _ -> false;
            default ->
                throw new Refusal("%s: the field %s is %s; give it an interface for its type"
                        .formatted(wanted.java(), field.name(), wanted.kernelType()));
        };
        int bytes = (int) wanted.btf().sizeOf(field.typeId());
        String result = wanted.result().displayName();
        int javaBytes = switch (wanted.result().descriptorString()) {
            case "Z", "B" -> 1;
            case "S", "C" -> 2;
            case "I" -> 4;
            case "J" -> 8;
            default ->
                throw new Refusal(
                        "%s: %s cannot hold a kernel value; use boolean, byte, short, char, int, long or an interface"
                                .formatted(wanted.java(), result));
        };
        if (bytes > javaBytes) {
            throw new Refusal("%s: the field %s has %d bytes, a Java %s only %d; declare it as %s"
                    .formatted(wanted.java(), field.name(), bytes, result, javaBytes, bytes > 4 ? "long" : "int"));
        }
        Kind kind = javaBytes == Long.BYTES ? Kind.LONG : Kind.INT;
        boolean sameWidth = bytes == javaBytes && kind == Kind.INT;
        boolean extend = sameWidth ? "BSI".contains(wanted.result().descriptorString()) : signed;
        return new Operand.Scalar(fieldRead(site, address, field, Size.ofBytes(bytes), extend, kind));
    }

    private Value fieldRead(CallSite site, Value address, Field field, Size size, boolean signed, Kind kind) {
        int fault = translation.faultSite("read of %s at an address that is not mapped".formatted(site.name()));
        return site.builder().append(kind, new Opcode.KernelRead(field.byteOffset(), size, signed, fault), address);
    }

    private Btf btf() {
        return translation
                .request()
                .btf()
                .vmlinux()
                .orElseThrow(
                        () -> new Refusal(
                                "this kernel has no BTF (/sys/kernel/btf/vmlinux), so fields cannot be found by name; registers, arg(n) and helpers still work"));
    }

    private Bound struct(String type) {
        Bound known = structs.get(type);
        if (known != null) {
            return known;
        }
        ClassModel model = translation.requireClass(type);
        if (!ObjectInstructions.isInterface(model)) {
            throw new Refusal(
                    "%s must be an interface that extends KernelStruct".formatted(Translation.javaName(type)));
        }
        String simple = type.substring(Math.max(type.lastIndexOf('/'), type.lastIndexOf('$')) + 1);
        String name = annotatedName(model).orElse(snakeCase(simple));
        Bound found = bind(name);
        structs.put(type, found);
        return found;
    }

    private Bound bind(String name) {
        Btf kernel = btf();
        return kernel.struct(name)
                .map(struct -> new Bound(kernel, struct))
                .or(() -> translation
                        .request()
                        .btf()
                        .moduleWith(name)
                        .flatMap(module -> module.struct(name).map(struct -> new Bound(module, struct))))
                .orElseThrow(() -> noStruct(name));
    }

    private Refusal noStruct(String name) {
        List<String> nearest =
                NearestNames.nearest(name, btf().names(java.util.Set.of(BtfKind.STRUCT, BtfKind.UNION)), 3);
        return new Refusal("this kernel has no struct %s%s".formatted(name, suggestion(nearest)));
    }

    private static Refusal noField(Btf btf, BtfType.Composite struct, String name) {
        List<String> nearest = NearestNames.nearest(snakeCase(name), btf.fieldNames(struct).stream(), 3);
        return new Refusal(
                "struct %s has no field %s%s".formatted(struct.name(), snakeCase(name), suggestion(nearest)));
    }

    private static String suggestion(List<String> nearest) {
        return nearest.isEmpty() ? "" : "; nearest: " + String.join(", ", nearest);
    }

    private static Optional<String> annotatedName(AttributedElement element) {
        return element.findAttribute(Attributes.runtimeVisibleAnnotations()).stream()
                .flatMap(a -> a.annotations().stream())
                .filter(a -> a.className().equalsString(Api.NAME_ANNOTATION))
                .flatMap(a -> a.elements().stream())
                .map(e -> ((AnnotationValue.OfString) e.value()).stringValue())
                .findFirst();
    }

    /** TaskStruct becomes task_struct, startTime start_time. */
    static String snakeCase(String name) {
        return KernelNames.snakeCase(name);
    }
}
