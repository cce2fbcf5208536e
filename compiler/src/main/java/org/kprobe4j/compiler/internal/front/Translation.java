package org.kprobe4j.compiler.internal.front;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.CompileException;
import org.kprobe4j.compiler.CompileRequest;
import org.kprobe4j.compiler.CompiledProgram.FaultSite;
import org.kprobe4j.compiler.Diagnostic;
import org.kprobe4j.compiler.PrintFormat;
import org.kprobe4j.compiler.internal.ir.Graph;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Position;

/** What the translation of one handler shares between its methods. */
public final class Translation {
    /** Deepest nesting of calls that is inlined. */
    static final int MAX_DEPTH = 32;

    private final CompileRequest request;
    private final GraphBuilder builder = new GraphBuilder();
    private final List<Diagnostic> diagnostics = new ArrayList<>();
    private final List<FaultSite> faultSites = new ArrayList<>();
    private final List<PrintFormat> formats = new ArrayList<>();
    private final Map<String, Optional<ClassModel>> classes = new HashMap<>();
    private final Map<String, MethodCode> methods = new HashMap<>();
    private final Deque<String> active = new ArrayDeque<>();
    private final KernelTypes kernelTypes;
    private final @Nullable DataClass dataClass;
    private int nextMade;

    private Translation(CompileRequest request) {
        this.request = request;
        this.kernelTypes = new KernelTypes(this);
        this.dataClass = request.dataClass()
                .map(name -> DataClass.of(requireClass(name)))
                .orElse(null);
    }

    /**
     * A handler as a graph, with what user space must know to read its output.
     *
     * @param graph in static single assignment form
     * @param formats lines that it may print
     * @param faultSites places where it may stop
     * @param dataBytes size of the private data
     */
    public record Translated(Graph graph, List<PrintFormat> formats, List<FaultSite> faultSites, int dataBytes) {}

    /**
     * Follows a handler's bytecode.
     *
     * @throws CompileException with all that has no place in a handler
     */
    public static Translated translate(CompileRequest request) {
        Translation translation;
        try {
            translation = new Translation(request);
            new HandlerEntry(translation).translate();
        } catch (Refusal refusal) {
            throw new CompileException(List.of(new Diagnostic(request.handler().owner(), 0, refusal.reason())));
        }
        if (!translation.diagnostics.isEmpty()) {
            throw new CompileException(
                    translation.diagnostics.stream().distinct().toList());
        }
        int dataBytes = translation.dataClass == null ? 0 : translation.dataClass.sizeBytes();
        return new Translated(translation.builder.graph(), translation.formats, translation.faultSites, dataBytes);
    }

    CompileRequest request() {
        return request;
    }

    GraphBuilder builder() {
        return builder;
    }

    KernelTypes kernelTypes() {
        return kernelTypes;
    }

    @Nullable
    DataClass dataClass() {
        return dataClass;
    }

    int nextMade() {
        return nextMade++;
    }

    void refuse(Position position, String message) {
        diagnostics.add(new Diagnostic(position.file(), position.line(), message));
    }

    /** Registers a place where the handler may stop. */
    int faultSite(String what) {
        Position position = builder.position();
        var site = new FaultSite(position.file(), position.line(), what);
        int known = faultSites.indexOf(site);
        if (known >= 0) {
            return known;
        }
        faultSites.add(site);
        return faultSites.size() - 1;
    }

    /** Registers a line that the handler may print; its id is the first u32 of the record. */
    int nextFormatId() {
        return request.firstFormatId() + formats.size();
    }

    void addFormat(PrintFormat format) {
        formats.add(format);
    }

    Optional<ClassModel> findClass(String internalName) {
        return classes.computeIfAbsent(internalName, name -> {
            byte[] bytes = request.host().classFile(name);
            if (bytes == null) {
                return Optional.empty();
            }
            try {
                return Optional.of(ClassFile.of().parse(bytes));
            } catch (IllegalArgumentException e) {
                throw new Refusal("the class file of %s cannot be read: %s".formatted(javaName(name), e.getMessage()));
            }
        });
    }

    ClassModel requireClass(String internalName) {
        return findClass(internalName)
                .orElseThrow(() -> new Refusal(
                        "the class file of %s cannot be found through its class loader, so it cannot be compiled for the kernel"
                                .formatted(javaName(internalName))));
    }

    /** The code of a method, searched in the class and its superclasses and interfaces; null if there is none. */
    @Nullable
    MethodCode method(String owner, String name, String descriptor) {
        String key = owner + '.' + name + descriptor;
        MethodCode known = methods.get(key);
        if (known == null) {
            known = findMethod(owner, name, descriptor);
            if (known != null) {
                methods.put(key, known);
            }
        }
        return known;
    }

    private @Nullable MethodCode findMethod(String owner, String name, String descriptor) {
        Optional<ClassModel> model = findClass(owner);
        if (model.isEmpty()) {
            return null;
        }
        for (var method : model.get().methods()) {
            if (method.methodName().equalsString(name) && method.methodType().equalsString(descriptor)) {
                return method.code().isEmpty() ? null : MethodCode.of(model.get(), method);
            }
        }
        var parents = new ArrayList<String>();
        model.get().superclass().ifPresent(c -> parents.add(c.asInternalName()));
        model.get().interfaces().forEach(c -> parents.add(c.asInternalName()));
        for (String parent : parents) {
            MethodCode found = method(parent, name, descriptor);
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    /** Marks a method as being inlined, for as long as {@code body} runs. */
    void inside(MethodCode method, Runnable body) {
        String key = method.owner() + '.' + method.name();
        if (active.contains(key)) {
            throw new Refusal("%s calls itself; a handler cannot recurse: use a loop with a constant bound"
                    .formatted(method.name()));
        }
        if (active.size() >= MAX_DEPTH) {
            throw new Refusal("calls nest deeper than %d".formatted(MAX_DEPTH));
        }
        active.push(key);
        try {
            body.run();
        } finally {
            active.pop();
        }
    }

    static String javaName(String internalName) {
        return internalName.substring(internalName.lastIndexOf('/') + 1).replace('$', '.');
    }
}
