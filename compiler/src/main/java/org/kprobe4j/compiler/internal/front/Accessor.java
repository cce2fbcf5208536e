package org.kprobe4j.compiler.internal.front;

import java.lang.classfile.Annotation;
import java.lang.classfile.AnnotationValue;
import java.lang.classfile.AttributedElement;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A method without a body that stands for something of the kernel's: a field, a parameter, a variable.
 *
 * @param java what messages call it
 * @param method its own name
 * @param name the kernel's name for it, perhaps in Java's spelling
 * @param signature its types
 * @param onFault the value that a read that faults gives; null if it stops the handler
 * @param userMemory whether its pointer leads to user memory
 * @param perCpu whether each CPU has its own
 * @param maxBytes the most that is read of a text; 0 if nothing is said
 */
record Accessor(
        String java,
        String method,
        String name,
        MethodTypeDesc signature,
        @Nullable Long onFault,
        boolean userMemory,
        boolean perCpu,
        int maxBytes) {
    /**
     * The accessor that is called on an object of a type; null if it is a method with a body, to be compiled like any other.
     */
    static @Nullable Accessor called(CallSite site, String type) {
        Translation translation = site.translation();
        if (translation.method(type, site.name(), site.descriptor()) != null) {
            return null;
        }
        translation.requireClass(type);
        for (ClassModel model : translation.hierarchy(type)) {
            for (MethodModel method : model.methods()) {
                if (method.methodName().equalsString(site.name())
                        && method.methodType().equalsString(site.descriptor())) {
                    return of(type, method);
                }
            }
        }
        throw new Refusal("%s has no method %s".formatted(Translation.javaName(type), site.name()));
    }

    static Accessor of(String type, MethodModel method) {
        String own = method.methodName().stringValue();
        return new Accessor(
                Translation.javaName(type) + "." + own,
                own,
                annotatedName(method).orElse(own),
                method.methodTypeSymbol(),
                annotation(method, Api.ON_FAULT).map(Accessor::number).orElse(null),
                annotation(method, Api.USER_MEMORY).isPresent(),
                annotation(method, Api.PER_CPU).isPresent(),
                annotation(method, Api.MAX_BYTES).map(Accessor::count).orElse(0));
    }

    private static Long number(Annotation annotation) {
        return annotation.elements().stream()
                .map(e -> ((AnnotationValue.OfLong) e.value()).longValue())
                .findFirst()
                .orElse(0L);
    }

    private static Integer count(Annotation annotation) {
        return annotation.elements().stream()
                .map(e -> ((AnnotationValue.OfInt) e.value()).intValue())
                .findFirst()
                .orElse(0);
    }

    private static Optional<Annotation> annotation(AttributedElement element, String type) {
        return element.findAttribute(Attributes.runtimeVisibleAnnotations()).stream()
                .flatMap(a -> a.annotations().stream())
                .filter(a -> a.className().equalsString(type))
                .findFirst();
    }

    /** What {@code @Name} says. */
    static Optional<String> annotatedName(AttributedElement element) {
        return annotation(element, Api.NAME_ANNOTATION).stream()
                .flatMap(a -> a.elements().stream())
                .map(e -> ((AnnotationValue.OfString) e.value()).stringValue())
                .findFirst();
    }

    ClassDesc result() {
        return signature.returnType();
    }

    /** Whether its one parameter is a number: the index of an element, or a CPU. */
    boolean isIndexed() {
        if (signature.parameterCount() == 0) {
            return false;
        }
        String first = signature.parameterType(0).descriptorString();
        if (signature.parameterCount() > 1 || !(first.equals("I") || first.equals("J"))) {
            throw new Refusal("%s: an accessor takes no parameters, or one of type int or long: the index of an element"
                    .formatted(java));
        }
        return true;
    }

    /** How it would be declared for what has elements but no length. */
    String declaredWithIndex() {
        ClassDesc element = result().isArray() ? result().componentType() : result();
        String name = element.displayName();
        return "%s %s(int index)".formatted(name.substring(name.lastIndexOf('$') + 1), method);
    }
}
