package org.kprobe4j.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.lang.invoke.SerializedLambda;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.symbols.Kallsyms;
import org.kprobe4j.compiler.HandlerCode;
import org.kprobe4j.compiler.HostProgram;
import org.kprobe4j.compiler.KernelObject;

/** Finds the bytecode behind a handler's lambda, and answers what the compiler asks about the program around it. */
public final class HandlerLambda implements HostProgram {
    private static final List<String> NAMED_BY_TYPES = List.of(
            "org/kprobe4j/KernelStruct", "org/kprobe4j/FunctionArguments", "org/kprobe4j/KernelGlobals", "enumValue");

    /** The class as a constant of its own, its length in front: what a method of it is called by. Descriptors only have it inside. */
    private static final String REGISTERS_USED = "\1\0\23org/kprobe4j/PtRegs";

    private static final int SUGGESTIONS = 3;

    private final HandlerCode code;
    private final ClassLoader loader;
    private final Function<Object, Optional<KernelObject>> kernelObjects;
    private final Set<String> packages = new HashSet<>();
    private @Nullable String constants;

    private HandlerLambda(
            HandlerCode code, ClassLoader loader, Function<Object, Optional<KernelObject>> kernelObjects) {
        this.code = code;
        this.loader = loader;
        this.kernelObjects = kernelObjects;
    }

    /**
     * Reads a lambda.
     *
     * @param handler a lambda or method reference of a serializable interface
     * @param kernelObjects which captured objects stand for one of the kernel
     * @throws IllegalArgumentException if it is neither, or its class is closed to reflection
     */
    @SuppressWarnings("NullAway") // does not see that the record's list takes null elements
    public static HandlerLambda of(Serializable handler, Function<Object, Optional<KernelObject>> kernelObjects) {
        SerializedLambda lambda = serialized(handler);
        List<@Nullable Object> captured = new ArrayList<>();
        for (int i = 0; i < lambda.getCapturedArgCount(); i++) {
            captured.add(lambda.getCapturedArg(i));
        }
        var code = new HandlerCode(
                lambda.getImplClass(), lambda.getImplMethodName(), lambda.getImplMethodSignature(), captured);
        ClassLoader loader = handler.getClass().getClassLoader();
        return new HandlerLambda(code, loader == null ? ClassLoader.getSystemClassLoader() : loader, kernelObjects);
    }

    private static SerializedLambda serialized(Serializable handler) {
        try {
            Method writeReplace = handler.getClass().getDeclaredMethod("writeReplace");
            writeReplace.setAccessible(true);
            if (writeReplace.invoke(handler) instanceof SerializedLambda lambda) {
                return lambda;
            }
        } catch (InaccessibleObjectException e) {
            throw new IllegalArgumentException(
                    "the package %s is closed to reflection, so the handler's bytecode cannot be found; add `opens %s to org.kprobe4j` to its module-info"
                            .formatted(
                                    handler.getClass().getPackageName(),
                                    handler.getClass().getPackageName()),
                    e);
        } catch (ReflectiveOperationException e) {
            // Not a lambda: said below.
        }
        throw new IllegalArgumentException(
                "%s is not a lambda or method reference, so its bytecode cannot be found; write the handler as a lambda"
                        .formatted(handler.getClass().getName()));
    }

    /** Whether its class deals with what the kernel's types name: the methods that give it have its type in their descriptors. */
    public boolean readsStructures() {
        String text = constants();
        return NAMED_BY_TYPES.stream().anyMatch(text::contains);
    }

    /** Whether no method of its class asks for a register, so that a function's trampoline may well do for it. */
    public boolean ignoresRegisters() {
        String text = constants();
        return !text.isEmpty() && !text.contains(REGISTERS_USED);
    }

    /** The class file as text, to be searched; empty if it cannot be read. */
    private String constants() {
        String known = constants;
        if (known == null) {
            byte[] classFile = classFile(code.owner());
            known = classFile == null ? "" : new String(classFile, StandardCharsets.ISO_8859_1);
            constants = known;
        }
        return known;
    }

    /** The sources of the classes that were asked for so far. */
    SourceLines sources() {
        return SourceLines.of(loader, Set.copyOf(packages));
    }

    /** Where the handler's bytecode is, and what it captured. */
    public HandlerCode code() {
        return code;
    }

    @Override
    public byte @Nullable [] classFile(String internalName) {
        String resource = internalName + ".class";
        if (!internalName.startsWith("java/")) {
            packages.add(internalName.substring(0, internalName.lastIndexOf('/') + 1));
        }
        try (InputStream in = internalName.startsWith("java/")
                ? Object.class.getResourceAsStream("/" + resource)
                : loader.getResourceAsStream(resource)) {
            return in == null ? null : in.readAllBytes();
        } catch (IOException e) {
            return null;
        }
    }

    @Override
    public Optional<Constant> finalField(String owner, String field, @Nullable Object receiver) {
        try {
            Class<?> type = Class.forName(owner.replace('/', '.'), true, loader);
            Field found = declared(type, field);
            if (!Modifier.isFinal(found.getModifiers())) {
                return Optional.empty();
            }
            found.setAccessible(true);
            return Optional.of(new Constant(found.get(receiver)));
        } catch (ReflectiveOperationException | InaccessibleObjectException e) {
            return Optional.empty();
        }
    }

    private static Field declared(Class<?> type, String field) throws NoSuchFieldException {
        for (Class<?> at = type; at != null; at = at.getSuperclass()) {
            for (Field candidate : at.getDeclaredFields()) {
                if (candidate.getName().equals(field)) {
                    return candidate;
                }
            }
        }
        throw new NoSuchFieldException(field);
    }

    @Override
    public Optional<KernelObject> kernelObject(Object captured) {
        return kernelObjects.apply(captured);
    }

    @Override
    public Map<String, List<Long>> variableAddresses(Set<String> names) {
        try {
            return Kallsyms.running().variables(names);
        } catch (BpfException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    @Override
    public List<String> nearestVariables(String name) {
        try {
            return Kallsyms.running().nearestVariables(name, SUGGESTIONS);
        } catch (BpfException e) {
            return List.of();
        }
    }
}
