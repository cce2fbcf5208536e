package org.kprobe4j.compiler.internal.front;

import java.lang.classfile.ClassModel;
import java.lang.classfile.FieldModel;
import java.lang.reflect.AccessFlag;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.btf.NearestNames;
import org.kprobe4j.compiler.internal.ir.Cond;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Value;

/** Enumerations of the kernel as enums of Java: constants belong together by their names. */
final class KernelEnums {
    private KernelEnums() {}

    static boolean isEnum(Translation translation, String type) {
        return translation
                .findClass(type)
                .filter(model -> model.flags().has(AccessFlag.ENUM))
                .isPresent();
    }

    /** A call on a constant that only the kernel knows. */
    static @Nullable Operand call(CallSite site, Operand.KernelEnum constant) {
        if (!site.owner().equals(constant.type()) && !site.owner().startsWith("java/lang/")) {
            return null;
        }
        return switch (site.name()) {
            case "ordinal" -> new Operand.EnumSelector(constant, null);
            case "equals" -> new Operand.Scalar(equal(site.translation(), constant, site.argument(1)));
            case "name", "toString", "hashCode", "compareTo" ->
                throw new Refusal(
                        "%s() of a constant that only the kernel knows; compare with ==, use a switch, or print it with %%s"
                                .formatted(site.name()));
            default -> null;
        };
    }

    /** Whether a constant of the kernel is the other one, which is of the kernel too, or Java's own. */
    static Value equal(Translation translation, Operand.KernelEnum constant, Operand other) {
        GraphBuilder builder = translation.builder();
        return switch (other) {
            case Operand.KernelEnum theirs
            when theirs.type().equals(constant.type())
                    && theirs.value().kind() == constant.value().kind() ->
                builder.compare(Cond.EQ, constant.value(), theirs.value());
            case Operand.Host(Enum<?> java)
            when isOf(java, constant.type()) ->
                builder.compare(Cond.EQ, constant.value(), value(translation, constant, java.name()));
            case Operand.Host _ -> GraphBuilder.constant(0);
            default ->
                throw new Refusal("these objects cannot be compared with == in a handler; compare their numbers");
        };
    }

    private static boolean isOf(Enum<?> constant, String type) {
        return ObjectInstructions.internalName(constant.getDeclaringClass()).equals(type);
    }

    /** The kernel's number for a constant of the Java enum. */
    static Value.Constant value(Translation translation, Operand.KernelEnum constant, String javaConstant) {
        String name = constants(translation, constant.type()).stream()
                .filter(field -> field.fieldName().equalsString(javaConstant))
                .findFirst()
                .flatMap(Accessor::annotatedName)
                .orElse(javaConstant);
        return new Value.Constant(constant.value().kind(), value(constant.kernel(), name));
    }

    /** The number of a constant of the kernel. */
    static long value(BtfType.Enumeration enumeration, String name) {
        Optional<BtfType.Enumerator> found = enumeration.enumerators().stream()
                .filter(e -> e.name().equals(name))
                .findFirst();
        return found.orElseThrow(() -> {
                    List<String> nearest = NearestNames.nearest(
                            name, enumeration.enumerators().stream().map(BtfType.Enumerator::name), 3);
                    return new Refusal("%s has no constant %s%s"
                            .formatted(spelled(enumeration), name, KernelTypes.suggestion(nearest)));
                })
                .value();
    }

    private static String spelled(BtfType.Enumeration enumeration) {
        return enumeration.name().isEmpty() ? "the anonymous enum" : "enum " + enumeration.name();
    }

    /** The numbers that lead to a switch's case: of those constants whose case number it is. */
    static List<Value.Constant> valuesOf(Translation translation, Operand.EnumSelector selector, int caseNumber) {
        List<FieldModel> constants = constants(translation, selector.constant().type());
        List<Integer> cases = selector.cases();
        return IntStream.range(0, constants.size())
                .filter(ordinal ->
                        (cases == null ? ordinal : ordinal < cases.size() ? cases.get(ordinal) : 0) == caseNumber)
                .mapToObj(ordinal -> value(
                        translation,
                        selector.constant(),
                        constants.get(ordinal).fieldName().stringValue()))
                .toList();
    }

    /** The names of an enumeration's constants, by their numbers; of several the first. */
    static Map<Long, String> names(BtfType.Enumeration enumeration) {
        var names = new HashMap<Long, String>();
        enumeration.enumerators().forEach(e -> names.putIfAbsent(e.value(), e.name()));
        return names;
    }

    /** In the order of their ordinals. */
    private static List<FieldModel> constants(Translation translation, String type) {
        ClassModel model = translation.requireClass(type);
        return model.fields().stream()
                .filter(field -> field.flags().has(AccessFlag.ENUM))
                .toList();
    }
}
