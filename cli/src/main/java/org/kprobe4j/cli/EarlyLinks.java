package org.kprobe4j.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFile.ConstantPoolSharingOption;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.LoadableConstantEntry;
import java.lang.classfile.constantpool.MethodHandleEntry;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Writes out what javac leaves to be linked when it first runs: pattern switches over classes, and equality and hash codes of records.
 * Each such place costs about eight milliseconds under emulation, as a cache of classes (JEP 483) keeps only lambdas linked, and a first
 * compilation passes some forty. What the classes do stays the same.
 *
 * <p>{@code EarlyLinks JAR...} does it to the jars of a build.
 */
final class EarlyLinks {
    private static final String SWITCHES = "Ljava/lang/runtime/SwitchBootstraps;";
    private static final String RECORDS = "Ljava/lang/runtime/ObjectMethods;";
    private static final ClassDesc OBJECTS = ClassDesc.of("java.util.Objects");
    private static final int FACTOR = 31;
    /** Java 8: the first version whose code cannot be verified otherwise. A cache takes no class that is verified the old way. */
    private static final int VERIFIED_BY_MAPS = ClassFile.JAVA_8_VERSION;

    /** A method that does what a place would be linked to. */
    private record Routine(String name, InvokeDynamicInstruction place) {}

    private final ClassModel model;
    private final List<Routine> routines = new ArrayList<>();

    private EarlyLinks(ClassModel model) {
        this.model = model;
    }

    /**
     * Rewrites jars in place.
     *
     * @param jars their files
     * @throws IOException if one cannot be read or written; it is then as it was
     */
    public static void main(String[] jars) throws IOException {
        for (String jar : jars) {
            rewrite(Path.of(jar));
        }
    }

    private static void rewrite(Path jar) throws IOException {
        Path part = jar.resolveSibling(jar.getFileName() + ".part");
        try (ZipFile in = new ZipFile(jar.toFile());
                OutputStream file = Files.newOutputStream(part);
                ZipOutputStream out = new ZipOutputStream(file)) {
            for (ZipEntry entry : in.stream().toList()) {
                byte[] bytes = in.getInputStream(entry).readAllBytes();
                var same = new ZipEntry(entry.getName());
                same.setTime(entry.getTime());
                out.putNextEntry(same);
                out.write(entry.getName().endsWith(".class") ? of(bytes) : bytes);
                out.closeEntry();
            }
        }
        Files.move(part, jar, StandardCopyOption.REPLACE_EXISTING);
    }

    /** The class with these places written out, and with stack maps; the same bytes if there is nothing to do. */
    static byte[] of(byte[] bytes) {
        ClassFile context = ClassFile.of();
        ClassModel model = context.parse(bytes);
        return model.majorVersion() < VERIFIED_BY_MAPS ? withMaps(model) : linked(context, model, bytes);
    }

    /** A class of a form that says how its code is to be verified; it does what it did. */
    private static byte[] withMaps(ClassModel model) {
        var context = ClassFile.of(
                ConstantPoolSharingOption.NEW_POOL,
                ClassHierarchyResolverOption.of(
                        ClassHierarchyResolver.ofResourceParsing(EarlyLinks.class.getClassLoader())
                                .orElse(ClassHierarchyResolver.defaultResolver())));
        return context.transformClass(
                model,
                ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL)
                        .andThen((type, element) -> {
                            if (element instanceof ClassFileVersion) {
                                type.withVersion(VERIFIED_BY_MAPS, 0);
                            } else {
                                type.with(element);
                            }
                        }));
    }

    private static byte[] linked(ClassFile context, ClassModel model, byte[] bytes) {
        var links = new EarlyLinks(model);
        byte[] written = context.transformClass(
                model,
                ClassTransform.transformingMethodBodies((code, element) -> {
                            if (element instanceof InvokeDynamicInstruction place && isKnown(place)) {
                                links.call(code, place);
                            } else {
                                code.with(element);
                            }
                        })
                        .andThen(ClassTransform.endHandler(links::declare)));
        return links.routines.isEmpty() ? bytes : written;
    }

    private static boolean isKnown(InvokeDynamicInstruction place) {
        DirectMethodHandleDesc bootstrap = place.bootstrapMethod();
        String name = bootstrap.methodName();
        return switch (bootstrap.owner().descriptorString()) {
            case SWITCHES ->
                name.equals("typeSwitch") && arguments(place).stream().allMatch(label -> label instanceof ClassEntry);
            case RECORDS -> place.name().equalsString("equals") || place.name().equalsString("hashCode");
            default -> false;
        };
    }

    private static List<LoadableConstantEntry> arguments(InvokeDynamicInstruction place) {
        return place.invokedynamic().bootstrap().arguments();
    }

    private void call(CodeBuilder code, InvokeDynamicInstruction place) {
        var routine = new Routine("early$" + routines.size(), place);
        routines.add(routine);
        code.invokestatic(
                model.thisClass().asSymbol(),
                routine.name(),
                place.typeSymbol(),
                model.flags().has(AccessFlag.INTERFACE));
    }

    private void declare(ClassBuilder type) {
        int flags = ClassFile.ACC_PRIVATE | ClassFile.ACC_STATIC | ClassFile.ACC_SYNTHETIC;
        for (Routine routine : routines) {
            InvokeDynamicInstruction place = routine.place();
            type.withMethodBody(routine.name(), place.typeSymbol(), flags, code -> {
                if (place.bootstrapMethod().owner().descriptorString().equals(SWITCHES)) {
                    chooseLabel(code, arguments(place));
                } else if (place.name().equalsString("equals")) {
                    compare(code, arguments(place));
                } else {
                    hash(code, arguments(place));
                }
            });
        }
    }

    /** {@code (target, restart)}: the number of the first label from {@code restart} on that is the target's class; -1 for null. */
    private static void chooseLabel(CodeBuilder code, List<LoadableConstantEntry> labels) {
        Label notNull = code.newLabel();
        code.aload(0).ifnonnull(notNull).iconst_m1().ireturn().labelBinding(notNull);
        for (int i = 0; i < labels.size(); i++) {
            Label next = code.newLabel();
            if (i > 0 || labels.size() > 1) {
                code.iload(1).loadConstant(i).if_icmpgt(next);
            }
            code.aload(0).instanceOf((ClassEntry) labels.get(i)).ifeq(next);
            code.loadConstant(i).ireturn().labelBinding(next);
        }
        code.loadConstant(labels.size()).ireturn();
    }

    /** The components' fields; before them stand the record's class and the components' names. */
    private static List<MethodHandleEntry> fields(List<LoadableConstantEntry> arguments) {
        return arguments.stream().skip(2).map(MethodHandleEntry.class::cast).toList();
    }

    private static ClassDesc load(CodeBuilder code, int slot, MethodHandleEntry field) {
        DirectMethodHandleDesc handle = field.asSymbol();
        ClassDesc type = handle.invocationType().returnType();
        code.aload(slot).getfield(handle.owner(), handle.methodName(), type);
        return type;
    }

    /** {@code (record, object)}. */
    private static void compare(CodeBuilder code, List<LoadableConstantEntry> arguments) {
        ClassDesc self = ((ClassEntry) arguments.getFirst()).asSymbol();
        Label differs = code.newLabel();
        code.aload(1).instanceOf(self).ifeq(differs);
        code.aload(1).checkcast(self).astore(2);
        for (MethodHandleEntry field : fields(arguments)) {
            ClassDesc type = load(code, 0, field);
            load(code, 2, field);
            switch (TypeKind.from(type).asLoadable()) {
                case INT -> code.if_icmpne(differs);
                case LONG -> code.lcmp().ifne(differs);
                case FLOAT, DOUBLE ->
                    code.invokestatic(boxOf(type), "compare", MethodTypeDesc.of(ConstantDescs.CD_int, type, type))
                            .ifne(differs);
                default ->
                    code.invokestatic(
                                    OBJECTS,
                                    "equals",
                                    MethodTypeDesc.of(
                                            ConstantDescs.CD_boolean, ConstantDescs.CD_Object, ConstantDescs.CD_Object))
                            .ifeq(differs);
            }
        }
        code.iconst_1().ireturn().labelBinding(differs).iconst_0().ireturn();
    }

    /** {@code (record)}: as ObjectMethods computes it. */
    private static void hash(CodeBuilder code, List<LoadableConstantEntry> arguments) {
        code.iconst_0();
        for (MethodHandleEntry field : fields(arguments)) {
            code.loadConstant(FACTOR).imul();
            ClassDesc type = load(code, 0, field);
            boolean primitive = type.isPrimitive();
            code.invokestatic(
                    primitive ? boxOf(type) : OBJECTS,
                    "hashCode",
                    MethodTypeDesc.of(ConstantDescs.CD_int, primitive ? type : ConstantDescs.CD_Object));
            code.iadd();
        }
        code.ireturn();
    }

    private static ClassDesc boxOf(ClassDesc primitive) {
        return switch (primitive.descriptorString()) {
            case "Z" -> ConstantDescs.CD_Boolean;
            case "B" -> ConstantDescs.CD_Byte;
            case "S" -> ConstantDescs.CD_Short;
            case "C" -> ConstantDescs.CD_Character;
            case "I" -> ConstantDescs.CD_Integer;
            case "J" -> ConstantDescs.CD_Long;
            case "F" -> ConstantDescs.CD_Float;
            case "D" -> ConstantDescs.CD_Double;
            default -> throw new IllegalArgumentException(primitive.descriptorString());
        };
    }
}
