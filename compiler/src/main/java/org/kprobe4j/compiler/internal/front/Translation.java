package org.kprobe4j.compiler.internal.front;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.reflect.AccessFlag;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.btf.BtfException;
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

    /** Most bytecode instructions, those of called methods counted at each call. */
    static final int MAX_INSTRUCTIONS = 10_000;

    /** Start of the names of the classes that read class files; what they throw is said of the file. */
    private static final String CLASS_FILE_READER = "jdk.internal.classfile.";

    private final CompileRequest request;
    private final GraphBuilder builder = new GraphBuilder();
    private final List<Diagnostic> diagnostics = new ArrayList<>();
    private final List<FaultSite> faultSites = new ArrayList<>();
    private final List<PrintFormat> formats = new ArrayList<>();
    private final Map<String, Optional<ClassModel>> classes = new HashMap<>();
    private final Map<String, MethodCode> methods = new HashMap<>();
    private final Deque<ActiveCall> active = new ArrayDeque<>();
    private final KernelTypes kernelTypes;
    private final ArgumentValues arguments;
    private final KernelVariables variables;
    private final Rooms rooms = new Rooms();
    private @Nullable DataClass dataClass;
    private int nextMade;
    private int instructions;

    private Translation(CompileRequest request) {
        this.request = request;
        this.kernelTypes = new KernelTypes(this);
        this.arguments = new ArgumentValues(this);
        this.variables = new KernelVariables(this);
    }

    /**
     * A handler as a graph, with what user space must know to read its output.
     *
     * @param graph in static single assignment form
     * @param formats lines that it may print
     * @param faultSites places where it may stop
     * @param dataBytes size of the private data
     * @param scratchBytes size of the rooms for arrays and texts
     * @param keptArguments argument registers that a return handler reads
     */
    public record Translated(
            Graph graph,
            List<PrintFormat> formats,
            List<FaultSite> faultSites,
            int dataBytes,
            int scratchBytes,
            List<Integer> keptArguments) {}

    /**
     * Follows a handler's bytecode.
     *
     * @throws CompileException with all that has no place in a handler
     */
    public static Translated translate(CompileRequest request) {
        var translation = new Translation(request);
        try {
            translation.run();
        } catch (Refusal refusal) {
            throw new CompileException(List.of(new Diagnostic(request.handler().file(), 0, refusal.reason())));
        }
        if (!translation.diagnostics.isEmpty()) {
            throw translation.failure();
        }
        return new Translated(
                translation.builder.graph(),
                translation.formats,
                translation.faultSites,
                translation.dataBytes(),
                translation.rooms.sizeBytes(),
                translation.arguments.kept());
    }

    private void run() {
        try {
            dataClass = request.dataClass()
                    .map(name -> DataClass.of(requireClass(name)))
                    .orElse(null);
            new HandlerEntry(this).translate();
        } catch (Refusal | CompileException e) {
            throw e;
        } catch (RuntimeException e) {
            throw unexpected(e);
        }
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

    ArgumentValues arguments() {
        return arguments;
    }

    KernelVariables variables() {
        return variables;
    }

    /** Size of the private data. */
    int dataBytes() {
        return dataClass == null ? 0 : dataClass.sizeBytes();
    }

    Rooms rooms() {
        return rooms;
    }

    @Nullable
    DataClass dataClass() {
        return dataClass;
    }

    int nextMade() {
        return nextMade++;
    }

    private CompileException failure() {
        return new CompileException(diagnostics.stream()
                .distinct()
                .sorted(Comparator.comparing(Diagnostic::file).thenComparingInt(Diagnostic::line))
                .toList());
    }

    /** Counts what is translated, so that calls within calls cannot grow without end. */
    void countInstruction() {
        if (++instructions > MAX_INSTRUCTIONS) {
            Position position = builder.position();
            refuse(
                    position,
                    "the handler has more than %d instructions, those of the methods that it calls counted at each call; make it smaller"
                            .formatted(MAX_INSTRUCTIONS));
            throw failure();
        }
    }

    /** What to say of an exception that nothing here throws on purpose: a damaged class file, or our own mistake. */
    Refusal unexpected(RuntimeException e) {
        if (e instanceof BtfException) {
            return KernelTypes.damaged(e);
        }
        for (var entry : classes.entrySet()) {
            String damage = entry.getValue().map(Translation::damage).orElse("");
            if (!damage.isEmpty() && !Forbidden.isJdk(entry.getKey())) {
                return new Refusal("the class file of %s is damaged: %s; compile the class anew"
                        .formatted(javaName(entry.getKey()), damage));
            }
        }
        boolean whileReading = e.getStackTrace().length > 0
                && e.getStackTrace()[0].getClassName().startsWith(CLASS_FILE_READER);
        return new Refusal(
                whileReading
                        ? "a class file that this needs is damaged: %s; compile the classes anew"
                                .formatted(e.getMessage())
                        : "the compiler failed here (%s); please report it with this method's source".formatted(e));
    }

    /** Empty if the class file hangs together; of the types that it names nothing is asked. */
    private static String damage(ClassModel model) {
        try {
            var verifier = ClassFile.of(ClassFile.ClassHierarchyResolverOption.of(
                    _ -> ClassHierarchyResolver.ClassHierarchyInfo.ofInterface()));
            return verifier.verify(model).stream()
                    .map(error -> String.valueOf(error.getMessage())
                            .lines()
                            .findFirst()
                            .orElse(""))
                    .findFirst()
                    .orElse("");
        } catch (RuntimeException e) {
            return String.valueOf(e.getMessage());
        }
    }

    void refuse(Position position, String message) {
        diagnostics.add(new Diagnostic(position.file(), position.line(), message));
    }

    /** Registers a place where the handler may stop. */
    int faultSite(String what) {
        return faultSite(what, true);
    }

    /** Registers a place where a fault is counted, and where the handler stops or goes on. */
    int faultSite(String what, boolean stops) {
        Position position = builder.position();
        for (int i = 0; i < faultSites.size(); i++) {
            FaultSite known = faultSites.get(i);
            if (known.line() == position.line()
                    && known.stops() == stops
                    && known.what().equals(what)
                    && known.file().equals(position.file())) {
                return i;
            }
        }
        faultSites.add(new FaultSite(position.file(), position.line(), what, stops));
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
            byte[] bytes = Routines.isOne(name)
                    ? Routines.classFile(name)
                    : request.host().classFile(name);
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
        for (ClassModel model : hierarchy(owner)) {
            for (var method : model.methods()) {
                if (method.methodName().equalsString(name)
                        && method.methodType().equalsString(descriptor)) {
                    if (method.flags().has(AccessFlag.NATIVE) && Forbidden.isCompiled(owner)) {
                        throw new Refusal("%s.%s is native: there is no bytecode to compile for the kernel"
                                .formatted(javaName(owner), name));
                    }
                    return method.code().isEmpty() ? null : read(model, method);
                }
            }
        }
        return null;
    }

    private MethodCode read(ClassModel owner, MethodModel method) {
        try {
            return MethodCode.of(owner, method);
        } catch (Refusal refusal) {
            throw refusal;
        } catch (RuntimeException e) {
            throw unexpected(e);
        }
    }

    /** A class, its superclasses and interfaces, as far as their class files are found; nearest first. */
    List<ClassModel> hierarchy(String owner) {
        var found = new LinkedHashMap<String, ClassModel>();
        var work = new ArrayDeque<String>(List.of(owner));
        while (!work.isEmpty()) {
            String name = work.poll();
            Optional<ClassModel> model = found.containsKey(name) ? Optional.empty() : findClass(name);
            if (model.isPresent()) {
                found.put(name, model.get());
                model.get().superclass().ifPresent(c -> work.add(c.asInternalName()));
                model.get().interfaces().forEach(c -> work.add(c.asInternalName()));
            }
        }
        return List.copyOf(found.values());
    }

    /**
     * A method that is being inlined, and the captured objects that it is called with. Of those there are so many and no more, so a
     * method may call itself on others: on the parts of a captured tree, each of which is followed once.
     */
    private record ActiveCall(String method, List<Object> objects) {
        static ActiveCall of(MethodCode method, List<Operand> arguments) {
            var objects = new ArrayList<Object>();
            for (Operand argument : arguments) {
                if (argument instanceof Operand.Host(Object object) && object != null && !(object instanceof String)) {
                    objects.add(object);
                }
            }
            return new ActiveCall(method.owner() + '.' + method.name() + method.descriptor(), objects);
        }

        /** By identity: the objects' own equals is not run. */
        @SuppressWarnings("ReferenceEquality")
        boolean isSameAs(ActiveCall other) {
            if (!method.equals(other.method) || objects.size() != other.objects.size()) {
                return false;
            }
            for (int i = 0; i < objects.size(); i++) {
                if (objects.get(i) != other.objects.get(i)) {
                    return false;
                }
            }
            return true;
        }
    }

    /** Marks a method as being inlined, for as long as {@code body} runs. */
    void inside(MethodCode method, List<Operand> arguments, Runnable body) {
        ActiveCall call = ActiveCall.of(method, arguments);
        if (active.stream().anyMatch(call::isSameAs)) {
            throw new Refusal("%s calls itself; a handler cannot recurse: use a loop with a constant bound"
                    .formatted(method.name()));
        }
        if (active.size() >= MAX_DEPTH) {
            throw new Refusal("calls nest deeper than %d".formatted(MAX_DEPTH));
        }
        active.push(call);
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
