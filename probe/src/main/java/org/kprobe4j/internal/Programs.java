package org.kprobe4j.internal;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.AttachType;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.LoadException;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.CallSlots;
import org.kprobe4j.compiler.CallStore;
import org.kprobe4j.compiler.CompileRequest;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.Compiler;
import org.kprobe4j.compiler.JoinedProgram;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.compiler.Places;
import org.kprobe4j.compiler.Planted;
import org.kprobe4j.compiler.PrintFormat;
import org.kprobe4j.compiler.ProgramContext;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.compiler.TranslatedHandler;
import org.kprobe4j.internal.planting.Trampoline;

/** The programs of one probe: compiled first, all of them, then loaded with the maps that they share. */
public final class Programs implements AutoCloseable {
    /** An object of the kernel that handlers may capture. */
    public interface Captured {
        /** What the compiler must know of it. */
        KernelObject object();

        /** Its map's descriptor.
         *
         * @throws IllegalStateException if it is closed
         */
        int fd();

        /** The descriptor of one of its maps, where it has several. */
        default int fd(String map) {
            return fd();
        }
    }

    private static final String LOG = "log";
    private static final int LOG_BYTES = PrintFormat.RING_BYTES;

    private final Planted planted;
    private final @Nullable PlaceTable places;
    private final Optional<String> dataClass;
    private final Function<Object, Optional<Captured>> kernelObjects;
    private final Map<String, Captured> captured = new HashMap<>();
    private final List<PrintFormat> formats = new ArrayList<>();
    private final IdentityHashMap<CompiledProgram, SourceLines> sources = new IdentityHashMap<>();
    private final IdentityHashMap<TranslatedHandler, SourceLines> lambdas = new IdentityHashMap<>();
    private final List<LoadedProgram> loaded = new ArrayList<>();
    private final List<String> faultLines = new ArrayList<>();
    private @Nullable RingReader log;
    private @Nullable BpfMap calls;
    private @Nullable CallsInFlight followed;

    /**
     * For a probe at one place.
     *
     * @param dataClass internal name of the private data's class
     * @param kernelObjects which captured objects stand for one of the kernel
     */
    public static Programs at(
            Planted.One planted, Optional<String> dataClass, Function<Object, Optional<Captured>> kernelObjects) {
        return new Programs(planted, null, dataClass, kernelObjects);
    }

    /**
     * For a probe at several places.
     *
     * @param dataClass internal name of the private data's class
     * @param kernelObjects which captured objects stand for one of the kernel
     */
    public static Programs at(
            PlaceTable places, Optional<String> dataClass, Function<Object, Optional<Captured>> kernelObjects) {
        return new Programs(places.planted(), places, dataClass, kernelObjects);
    }

    private Programs(
            Planted planted,
            @Nullable PlaceTable places,
            Optional<String> dataClass,
            Function<Object, Optional<Captured>> kernelObjects) {
        this.planted = planted;
        this.places = places;
        this.dataClass = dataClass;
        this.kernelObjects = kernelObjects;
    }

    /**
     * Compiles a handler for a {@code struct pt_regs}.
     *
     * @throws IllegalArgumentException if it is no lambda
     * @throws org.kprobe4j.compiler.CompileException if it cannot be compiled
     */
    public CompiledProgram compile(Serializable handler, ProgramShape shape) {
        return program(translate(handler, shape), shape, ProgramContext.Registers.OWN, CallStore.HASH, true);
    }

    /**
     * Follows a handler's bytecode.
     *
     * @throws IllegalArgumentException if it is no lambda
     * @throws org.kprobe4j.compiler.CompileException if it cannot be compiled
     */
    public TranslatedHandler translate(Serializable handler, ProgramShape shape) {
        try (var _ = Timing.of(Timing.Phase.COMPILE)) {
            return translated(handler, shape);
        }
    }

    private TranslatedHandler translated(Serializable handler, ProgramShape shape) {
        var lambda = HandlerLambda.of(handler, this::kernelObject);
        var request = new CompileRequest(
                lambda.code(),
                lambda,
                Machine.architecture(),
                Machine.TYPES,
                shape,
                planted,
                dataClass,
                formats.size() + 1);
        TranslatedHandler translated = Compiler.translate(request);
        requireOpen();
        formats.addAll(translated.formats());
        lambdas.put(translated, lambda.sources());
        return translated;
    }

    /**
     * Makes a program of a handler.
     *
     * @throws org.kprobe4j.compiler.CompileException if it needs more than the kernel gives
     * @throws org.kprobe4j.internal.planting.Planner.NotHereException if the kernel would let the program run within itself
     */
    public CompiledProgram program(
            TranslatedHandler handler, ProgramShape shape, ProgramContext context, CallStore store, boolean switched) {
        CompiledProgram program;
        try (var _ = Timing.of(Timing.Phase.COMPILE)) {
            program = handler.program(shape, context, store, switched);
        }
        if (context instanceof ProgramContext.Trampoline) {
            Trampoline.requireNoRunWithinItself(program);
        }
        sources.put(program, lambdas.getOrDefault(handler, SourceLines.NONE));
        return program;
    }

    /** Whether what its handlers captured is exact only where programs do not interrupt each other: values of each CPU. */
    public boolean usePerCpuValues() {
        return captured.values().stream().map(Captured::object).anyMatch(Programs::isPerCpu);
    }

    private static boolean isPerCpu(KernelObject object) {
        return switch (object) {
            case KernelObject.PerCpuHash _, KernelObject.Summary _, KernelObject.SummaryMap _ -> true;
            case KernelObject.Array array -> array.cells().rows() > 1;
            default -> false;
        };
    }

    private Optional<KernelObject> kernelObject(Object object) {
        Optional<Captured> found = kernelObjects.apply(object);
        found.ifPresent(known -> known.object().maps().forEach(map -> captured.put(map, known)));
        return found.map(Captured::object);
    }

    /** Said before anything is loaded: what is closed cannot be linked. */
    private void requireOpen() {
        for (Captured object : captured.values()) {
            try {
                object.fd();
            } catch (IllegalStateException e) {
                throw new IllegalArgumentException(
                        "a handler uses a %s that is closed; close the probe first, then what its handlers use"
                                .formatted(object),
                        e);
            }
        }
    }

    /**
     * Loads a program; its printed lines go to {@code lines}, which {@code flush} follows after each batch, from {@link #start()} on.
     *
     * @param type what the program is attached as
     * @throws LoadException if the verifier refuses it
     */
    public LoadedProgram load(
            String name, CompiledProgram compiled, AttachType type, Consumer<String> lines, Runnable flush) {
        return load(name, compiled, attached(type), lines, flush);
    }

    /** The same for a program that is attached in a way of its own. */
    public LoadedProgram load(
            String name,
            CompiledProgram compiled,
            LoadedProgram.Attached attached,
            Consumer<String> lines,
            Runnable flush) {
        try (var _ = Timing.of(Timing.Phase.LOAD)) {
            return loaded(name, compiled, attached, lines, flush);
        }
    }

    private LoadedProgram loaded(
            String name,
            CompiledProgram compiled,
            LoadedProgram.Attached attached,
            Consumer<String> lines,
            Runnable flush) {
        openLog(lines, flush);
        LoadedProgram program = LoadedProgram.load(
                name, compiled, sources.getOrDefault(compiled, SourceLines.NONE), this::mapFd, attached);
        loaded.add(program);
        return program;
    }

    private void openLog(Consumer<String> lines, Runnable flush) {
        if (log == null && !formats.isEmpty()) {
            var printer = new LinePrinter(formats, lines);
            log = new RingReader(LOG, LOG_BYTES, printer::accept, flush);
        }
    }

    /** The same for a session. */
    public LoadedProgram.Halves load(
            String name,
            JoinedProgram joined,
            LoadedProgram.Attached attached,
            Consumer<String> lines,
            Runnable flush) {
        try (var _ = Timing.of(Timing.Phase.LOAD)) {
            openLog(lines, flush);
            SourceLines both = sources.getOrDefault(joined.back(), SourceLines.NONE)
                    .and(sources.getOrDefault(joined.entry(), SourceLines.NONE));
            LoadedProgram.Halves halves = LoadedProgram.load(name, joined, both, this::mapFd, attached);
            loaded.add(halves.entry());
            loaded.add(halves.back());
            return halves;
        }
    }

    /** The probe is planted: what it prints is passed on from now, a moment later at first, behind what the program itself says. */
    public void start() {
        if (log != null) {
            log.start();
        }
    }

    /** How programs for all places of the probe are attached. */
    public LoadedProgram.Attached attached(AttachType type) {
        return planted instanceof Planted.Many many
                ? LoadedProgram.Attached.many(type, many.count(), many.numbering() == Planted.Numbering.COOKIE)
                : LoadedProgram.Attached.once(type, 0);
    }

    /** The calls that a return probe's programs share; the caller closes them. */
    public void calls(CallsInFlight shared) {
        followed = shared;
    }

    /** The map of what pre handlers armed, or of post handlers whose turn it is, where the programs need one. */
    public void calls(BpfMap map) {
        calls = map;
    }

    private int mapFd(String map) {
        Captured object = captured.get(map);
        if (object != null) {
            return object.fd(map);
        } else if (map.equals(LOG) && log != null) {
            return log.fd();
        } else if (calls != null && (map.equals(ProgramShape.CALLS_MAP) || map.equals(ProgramShape.ARMED_MAP))) {
            return calls.fd();
        } else if (map.equals(ProgramShape.CALLS_MAP) && followed != null) {
            return followed.fd();
        } else if (map.equals(CallSlots.MAP) && followed != null) {
            return followed.slotsFd();
        } else if (map.equals(Places.MAP) && places != null) {
            return places.fd();
        }
        throw new IllegalStateException("no map " + map);
    }

    /** Records that found a ring buffer full. */
    public long recordsLost() {
        return loaded.stream()
                .mapToLong(program -> program.count(Account.RING_FULL))
                .sum();
    }

    /** Records that found their ring buffer in use by another CPU. */
    public long recordsContended() {
        return loaded.stream()
                .mapToLong(program -> program.count(Account.RING_BUSY))
                .sum();
    }

    /** Entries that found a handler's map full. */
    public long entriesLost() {
        return loaded.stream()
                .mapToLong(program -> program.count(Account.ENTRIES_LOST))
                .sum();
    }

    /** Stacks that found no room in the map of a key's stacks. */
    public long stacksLost() {
        return loaded.stream().mapToLong(LoadedProgram::stacksLost).sum();
    }

    /** Where handlers stopped, and how often. */
    public List<String> faultLines() {
        return List.copyOf(faultLines);
    }

    /** Prints what has arrived and ends the output; the counters can still be read. */
    public void drain() {
        if (log != null) {
            log.close();
            log = null;
        }
    }

    /** Frees all. */
    @Override
    public void close() {
        drain();
        faultLines.clear();
        loaded.forEach(program -> faultLines.addAll(program.faultLines()));
        loaded.forEach(LoadedProgram::close);
        if (calls != null) {
            calls.close();
        }
        if (places != null) {
            places.close();
        }
    }
}
