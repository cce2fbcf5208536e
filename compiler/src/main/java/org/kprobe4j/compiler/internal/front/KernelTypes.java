package org.kprobe4j.compiler.internal.front;

import java.lang.classfile.ClassModel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfException;
import org.kprobe4j.btf.BtfKind;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.btf.Field;
import org.kprobe4j.btf.NearestNames;
import org.kprobe4j.compiler.KernelNames;
import org.kprobe4j.compiler.internal.ir.Cond;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;

/** Kernel structures read through interfaces: which structure an interface stands for, by the running kernel's BTF. */
final class KernelTypes {
    private final Translation translation;
    private final KernelValues values;
    private final Map<String, Optional<StructType>> structs = new HashMap<>();

    KernelTypes(Translation translation) {
        this.translation = translation;
        this.values = new KernelValues(translation);
    }

    /** How what the kernel holds becomes a value of Java's. */
    KernelValues values() {
        return values;
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
        Accessor accessor = Accessor.called(site, type);
        return accessor == null ? null : read(site, receiver, type, accessor);
    }

    /** The kernel's name of the structure that an interface stands for. */
    String structName(String type) {
        return struct(type, null).composite().name();
    }

    private Operand read(CallSite site, Operand.Struct receiver, String type, Accessor accessor) {
        StructType owner = struct(type, receiver.declared());
        Field field = field(owner, accessor);
        Place place = Place.of(owner, field, receiver.address(), receiver.user());
        var wanted = new Wanted(accessor, (field.isBitField() ? "the bit field " : "the field ") + field.name());
        return accessor.isIndexed()
                ? values.indexed(site, place, owner.typeOf(field), wanted)
                : values.value(place, owner.typeOf(field), wanted);
    }

    /** Of a kernel without BTF a field that is not known may be there all the same. */
    private Field field(StructType owner, Accessor accessor) {
        Optional<Field> field = owner.find(accessor.name());
        if (field.isEmpty() && kernel().isEmpty()) {
            throw noBtf();
        }
        return field.orElseGet(() -> owner.field(accessor.name()));
    }

    /** The kernel's own types. */
    Btf btf() {
        return kernel().orElseThrow(KernelTypes::noBtf);
    }

    private static Refusal noBtf() {
        return new Refusal(
                "this kernel has no BTF (/sys/kernel/btf/vmlinux), so fields cannot be found by name; registers, arg(n) and helpers still work");
    }

    /** The kernel's own types; nothing on a kernel without. */
    Optional<Btf> kernel() {
        try {
            return translation.request().btf().vmlinux();
        } catch (BtfException e) {
            throw damaged(e);
        } catch (IllegalArgumentException e) {
            throw new Refusal(String.valueOf(e.getMessage()));
        }
    }

    static Refusal damaged(RuntimeException e) {
        return new Refusal(
                "this kernel's BTF (/sys/kernel/btf) is damaged: %s; nothing can be found by name in it; registers, arg(n) and helpers still work"
                        .formatted(e.getMessage()));
    }

    /** The structure that an interface stands for; of one without a name, or of another name, that which the kernel declares. */
    StructType struct(String type, @Nullable StructType declared) {
        ClassModel model = requireInterface(type);
        boolean named = Accessor.annotatedName(model).isPresent();
        if (declared != null && declared.isAnonymous() && !named) {
            return declared;
        }
        Optional<StructType> found = find(type);
        if (found.isEmpty()) {
            if (declared != null && !named) {
                return declared;
            }
            throw noStruct(kernelName(type));
        }
        boolean another = declared != null
                && !declared.composite().name().equals(found.get().composite().name());
        if (another && !named) {
            throw new Refusal(
                    "the kernel declares this as %s, and the interface %s stands for %s; put @Name(\"%s\") on %s to read it as that"
                            .formatted(
                                    declared,
                                    Translation.javaName(type),
                                    found.get(),
                                    kernelName(type),
                                    Translation.javaName(type)));
        }
        return found.get();
    }

    /** The structure that an interface stands for, if this kernel has one; nothing without BTF. */
    Optional<StructType> find(String type) {
        requireInterface(type);
        return structs.computeIfAbsent(type, this::search);
    }

    private Optional<StructType> search(String type) {
        String name = kernelName(type);
        if (kernel().isEmpty()) {
            return translation.request().btf().measured(name).flatMap(types -> struct(types, name));
        }
        return kernel().flatMap(kernel -> struct(kernel, name)
                .or(() -> translation.request().btf().moduleWith(name).flatMap(module -> struct(module, name))));
    }

    /** By its tag, or the typedef of one that has no tag. */
    private static Optional<StructType> struct(Btf btf, String name) {
        return btf.struct(name)
                .or(() -> btf.typedef(name)
                        .map(typedef -> btf.resolve(typedef.id()))
                        .filter(BtfType.Composite.class::isInstance)
                        .map(BtfType.Composite.class::cast))
                .map(composite -> new StructType(btf, composite));
    }

    private ClassModel requireInterface(String type) {
        ClassModel model = translation.requireClass(type);
        if (!ObjectInstructions.isInterface(model)) {
            throw new Refusal(
                    "%s must be an interface that extends KernelStruct".formatted(Translation.javaName(type)));
        }
        return model;
    }

    private String kernelName(String type) {
        String simple = type.substring(Math.max(type.lastIndexOf('/'), type.lastIndexOf('$')) + 1);
        return Accessor.annotatedName(translation.requireClass(type)).orElse(snakeCase(simple));
    }

    private Refusal noStruct(String name) {
        List<String> nearest = NearestNames.nearest(name, btf().names(Set.of(BtfKind.STRUCT, BtfKind.UNION)), 3);
        return new Refusal("this kernel has no struct %s%s".formatted(name, suggestion(nearest)));
    }

    static String suggestion(List<String> nearest) {
        return nearest.isEmpty() ? "" : "; nearest: " + String.join(", ", nearest);
    }

    /** TaskStruct becomes task_struct, startTime start_time. */
    static String snakeCase(String name) {
        return KernelNames.snakeCase(name);
    }
}
