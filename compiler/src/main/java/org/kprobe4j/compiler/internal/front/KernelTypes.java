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
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.Size;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfKind;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.btf.Field;
import org.kprobe4j.btf.NearestNames;
import org.kprobe4j.compiler.internal.ir.Arithmetic;
import org.kprobe4j.compiler.internal.ir.Cond;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.Value;

/** Kernel structures read through interfaces: names become offsets by the running kernel's BTF. */
final class KernelTypes {
    private final Translation translation;
    private final Map<String, BtfType.Composite> structs = new HashMap<>();

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
        Btf btf = btf();
        BtfType.Composite struct = struct(type);
        String name = annotatedName(accessor).orElse(site.name());
        Field field = btf.field(struct, name)
                .or(() -> btf.field(struct, snakeCase(name)))
                .orElseThrow(() -> noField(struct, name));
        if (field.isBitField()) {
            throw new Refusal(
                    "%s: the bit field %s cannot be read yet; read the word around it".formatted(java, field.name()));
        }
        BtfType target = btf.resolve(field.typeId());
        ClassDesc result = signature.returnType();
        if (result.isClassOrInterface()) {
            return structField(site, address, field, target, result, java);
        }
        return scalarField(site, address, field, target, result, java);
    }

    private Operand structField(
            CallSite site, Value address, Field field, BtfType target, ClassDesc result, String java) {
        GraphBuilder builder = site.builder();
        String type = ObjectInstructions.internalName(result);
        if (target instanceof BtfType.Composite) {
            return new Operand.Struct(
                    builder.binary(
                            Arithmetic.ADD, Kind.LONG, address, GraphBuilder.constant((long) field.byteOffset())),
                    type);
        }
        if (!(target instanceof BtfType.Pointer)) {
            throw new Refusal("%s: the field %s is %s, neither a structure nor a pointer to one"
                    .formatted(java, field.name(), btf().nameOf(field.typeId())));
        }
        boolean wide = translation.request().architecture().wordBytes() == Long.BYTES;
        return new Operand.Struct(fieldRead(site, address, field, wide ? Size.DW : Size.W, false, Kind.LONG), type);
    }

    private Operand scalarField(
            CallSite site, Value address, Field field, BtfType target, ClassDesc result, String java) {
        boolean signed = switch (target) {
            case BtfType.Int integer -> integer.signed();
            case BtfType.Enum enumeration -> enumeration.signed();
            case BtfType.Enum64 enumeration -> enumeration.signed();
            case BtfType.Pointer _ -> false;
            default ->
                throw new Refusal("%s: the field %s is %s; give it an interface for its type"
                        .formatted(java, field.name(), btf().nameOf(field.typeId())));
        };
        int bytes = (int) btf().sizeOf(field.typeId());
        int javaBytes = switch (result.descriptorString()) {
            case "Z", "B" -> 1;
            case "S", "C" -> 2;
            case "I" -> 4;
            case "J" -> 8;
            default ->
                throw new Refusal(
                        "%s: %s cannot hold a kernel value; use boolean, byte, short, char, int, long or an interface"
                                .formatted(java, result.displayName()));
        };
        if (bytes > javaBytes) {
            throw new Refusal("%s: the field %s has %d bytes, a Java %s only %d; declare it as %s"
                    .formatted(java, field.name(), bytes, result.displayName(), javaBytes, bytes > 4 ? "long" : "int"));
        }
        Kind kind = javaBytes == Long.BYTES ? Kind.LONG : Kind.INT;
        boolean sameWidth = bytes == javaBytes && kind == Kind.INT;
        boolean extend = sameWidth ? "BSI".contains(result.descriptorString()) : signed;
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
                .get()
                .orElseThrow(
                        () -> new Refusal(
                                "this kernel has no BTF (/sys/kernel/btf/vmlinux), so fields cannot be found by name; registers, arg(n) and helpers still work"));
    }

    private BtfType.Composite struct(String type) {
        BtfType.Composite known = structs.get(type);
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
        BtfType.Composite found = btf().struct(name).orElseThrow(() -> noStruct(name));
        structs.put(type, found);
        return found;
    }

    private Refusal noStruct(String name) {
        List<String> nearest =
                NearestNames.nearest(name, btf().names(java.util.Set.of(BtfKind.STRUCT, BtfKind.UNION)), 3);
        return new Refusal("this kernel has no struct %s%s".formatted(name, suggestion(nearest)));
    }

    private Refusal noField(BtfType.Composite struct, String name) {
        List<String> nearest = NearestNames.nearest(snakeCase(name), btf().fieldNames(struct).stream(), 3);
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
        return name.replaceAll("(?<=[a-z0-9])(?=[A-Z])", "_").toLowerCase(Locale.ROOT);
    }
}
