package org.kprobe4j.handlers;

import java.io.Serializable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Constructor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.Counter;
import org.kprobe4j.EntryHandler;
import org.kprobe4j.Histogram;
import org.kprobe4j.HistogramMap;
import org.kprobe4j.KernelMap;
import org.kprobe4j.PostHandler;
import org.kprobe4j.PreHandler;
import org.kprobe4j.ReturnHandler;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.Summary;
import org.kprobe4j.SummaryMap;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.NearestNames;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.Buckets;
import org.kprobe4j.compiler.CallStore;
import org.kprobe4j.compiler.CompileRequest;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.Compiler;
import org.kprobe4j.compiler.ElementLayout;
import org.kprobe4j.compiler.EventLayout;
import org.kprobe4j.compiler.HandlerCode;
import org.kprobe4j.compiler.HostProgram;
import org.kprobe4j.compiler.KernelBtf;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.compiler.Planted;
import org.kprobe4j.compiler.PostPairing;
import org.kprobe4j.compiler.PrintFormat;
import org.kprobe4j.compiler.ProgramContext;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.compiler.RegisterValue;
import org.kprobe4j.internal.HandlerLambda;
import org.kprobe4j.internal.LineFormatter;

/** Compiles handlers for a made-up machine and runs them in the interpreter. */
final class Handlers {
    static final String SYMBOL = "vfs_read";
    static final int NAME_BYTES = 16;
    static final long ADDR = 0xffff_ffff_8123_4560L;

    private Architecture machine = Architecture.X86_64;
    private ProgramShape shape = new ProgramShape.Pre();
    private ProgramContext context = ProgramContext.Registers.OWN;
    private CallStore store = CallStore.HASH;
    private boolean switched = true;
    private Supplier<Optional<Btf>> btf = Optional::empty;
    private Optional<Btf> measured = Optional.empty();
    private Optional<String> dataClass = Optional.empty();
    private Optional<Btf> module = Optional.empty();
    private Planted planted = new Planted.One(SYMBOL, ADDR);
    private final Map<Object, KernelObject> kernelObjects = new IdentityHashMap<>();
    private final Map<String, List<Long>> variables = new HashMap<>();

    /** How the program will be attached, and where it keeps calls. */
    Handlers attached(ProgramContext programContext, CallStore calls, boolean isSwitched) {
        context = programContext;
        store = calls;
        switched = isSwitched;
        return this;
    }

    Handlers on(Architecture architecture) {
        machine = architecture;
        return this;
    }

    /** A post handler at the instruction after one that adds something to the stack pointer. */
    static PostPairing next(Architecture machine, int stackDelta) {
        return new PostPairing.NextInstruction(
                RegisterValue.register(machine.sp()).plus(stackDelta));
    }

    /** Where the probe is. */
    Handlers at(String symbolName, long address) {
        planted = new Planted.One(symbolName, address);
        return this;
    }

    /** At several places, whose names have up to 15 bytes. */
    Handlers at(String pattern, int count, Planted.Numbering numbering, Optional<String> typesOf) {
        planted = new Planted.Many(pattern, count, NAME_BYTES, numbering, typesOf);
        return this;
    }

    /** The probe follows its module. */
    Handlers moving() {
        planted = Planted.One.moving(SYMBOL);
        return this;
    }

    Handlers shaped(ProgramShape programShape) {
        shape = programShape;
        return this;
    }

    Handlers btf(Supplier<Optional<Btf>> types) {
        btf = types;
        return this;
    }

    /** What is known of structures without BTF. */
    Handlers measured(Btf types) {
        measured = Optional.of(types);
        return this;
    }

    /** The types of the one module that is loaded. */
    Handlers module(Optional<Btf> types) {
        module = types;
        return this;
    }

    Handlers at(String symbolName) {
        planted = new Planted.One(symbolName, ADDR);
        return this;
    }

    /** A variable of the kernel; with the same name again, another one. */
    Handlers variable(String name, long address) {
        variables.computeIfAbsent(name, _ -> new ArrayList<>()).add(address);
        return this;
    }

    Handlers data(Class<?> type) {
        dataClass = Optional.of(type.getName().replace('.', '/'));
        return this;
    }

    /** A ring buffer that stands for one, without a kernel. */
    @SuppressWarnings("unchecked")
    <T> RingBuffer<T> ring(String map, Class<T> type) {
        return standIn(RingBuffer.class, new KernelObject.Ring(map, EventLayout.of(type), FakeKernel.RING_BYTES));
    }

    /** A map, without a kernel; the fake one must know it by its name. */
    @SuppressWarnings("unchecked")
    <K, V> KernelMap<K, V> map(String map, Class<K> key, Class<V> value) {
        return standIn(KernelMap.class, new KernelObject.Hash(map, ElementLayout.ofKey(key), ElementLayout.of(value)));
    }

    Counter counter(String map) {
        return standIn(Counter.class, new KernelObject.Counter(map, 0));
    }

    Histogram histogram(String map, Buckets buckets) {
        return standIn(Histogram.class, new KernelObject.Histogram(map, buckets));
    }

    @SuppressWarnings("unchecked")
    <K> HistogramMap<K> histograms(String map, Class<K> key, Buckets buckets) {
        return standIn(
                HistogramMap.class, new KernelObject.HistogramMap(map, map + "z", ElementLayout.of(key), buckets));
    }

    Summary summary(String map, int rows) {
        return standIn(Summary.class, new KernelObject.Summary(map, rows));
    }

    @SuppressWarnings("unchecked")
    <K> SummaryMap<K> summaries(String map, Class<K> key) {
        return standIn(SummaryMap.class, new KernelObject.SummaryMap(map, ElementLayout.of(key)));
    }

    private <T> T standIn(Class<T> type, KernelObject object) {
        try {
            // The constructor that deserialisation uses: none of the class's own runs. By name, as it is no public API.
            Class<?> factory = Class.forName("sun.reflect.ReflectionFactory");
            var blank =
                    (Constructor<?>) factory.getMethod("newConstructorForSerialization", Class.class, Constructor.class)
                            .invoke(
                                    factory.getMethod("getReflectionFactory").invoke(null),
                                    type,
                                    Object.class.getDeclaredConstructor());
            T made = type.cast(blank.newInstance());
            kernelObjects.put(made, object);
            return made;
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    /** A ring buffer of a simulated kernel, to be emitted into by the compiled handler too. */
    void ring(String map, RingBuffer<?> ring, Class<?> type) {
        kernelObjects.put(ring, new KernelObject.Ring(map, EventLayout.of(type), FakeKernel.RING_BYTES));
    }

    /** What stands for an object of a simulated kernel. */
    void known(Object captured, KernelObject object) {
        kernelObjects.put(captured, object);
    }

    CompiledProgram pre(PreHandler handler) {
        return compile(handler);
    }

    CompiledProgram post(PostHandler handler) {
        return compile(handler);
    }

    <D> CompiledProgram entry(EntryHandler<D> handler) {
        return compile(handler);
    }

    <D> CompiledProgram ret(ReturnHandler<D> handler) {
        return compile(handler);
    }

    private CompiledProgram compile(Serializable handler) {
        HandlerLambda lambda = HandlerLambda.of(handler, captured -> Optional.ofNullable(kernelObjects.get(captured)));
        return compile(lambda.code(), new Host(lambda, variables));
    }

    /** The test's own program on a made-up kernel. */
    private record Host(HostProgram program, Map<String, List<Long>> variables) implements HostProgram {
        @Override
        public byte @Nullable [] classFile(String internalName) {
            return program.classFile(internalName);
        }

        @Override
        public Optional<Constant> finalField(String owner, String field, @Nullable Object receiver) {
            return program.finalField(owner, field, receiver);
        }

        @Override
        public Optional<KernelObject> kernelObject(Object captured) {
            return program.kernelObject(captured);
        }

        @Override
        public Map<String, List<Long>> variableAddresses(Set<String> names) {
            if (variables.containsKey("hidden")) {
                throw new IllegalStateException("the kernel shows every address as 0");
            }
            var found = new HashMap<>(variables);
            found.keySet().retainAll(names);
            return found;
        }

        @Override
        public List<String> nearestVariables(String name) {
            return NearestNames.nearest(name, variables.keySet().stream(), 3);
        }
    }

    CompiledProgram compile(HandlerCode code, HostProgram host) {
        return Compiler.translate(new CompileRequest(code, host, machine, types(), shape, planted, dataClass, 1))
                .program(shape, context, store, switched);
    }

    private KernelBtf types() {
        return new KernelBtf() {
            @Override
            public Optional<Btf> vmlinux() {
                return btf.get();
            }

            @Override
            public Optional<Btf> moduleWith(String struct) {
                return module.filter(types -> types.struct(struct).isPresent());
            }

            @Override
            public Optional<Btf> moduleWithFunction(String function) {
                return module.filter(types -> types.function(function).isPresent());
            }

            @Override
            public Optional<Btf> measured(String struct) {
                return measured;
            }
        };
    }

    /** A program's instructions alone, without source lines and slots. */
    static String listing(CompiledProgram program) {
        return program.code().disassemble().replaceAll("(?m)^; .*\\n", "").replaceAll("(?m)^ *\\d+: ", "");
    }

    /** What a hit found and left. */
    record Hit(FakeKernel kernel, CompiledProgram program, long[] account, int steps) {
        long count(int slot) {
            return account[slot];
        }

        /** The faults by site, those that happened. */
        List<String> faults() {
            var lines = new ArrayList<String>();
            for (int i = 0; i < program.faultSites().size(); i++) {
                if (account[Account.FAULTS + i] > 0) {
                    lines.add(program.faultSites().get(i).what());
                }
            }
            return lines;
        }

        /** The printed lines, formatted as user space would. */
        List<String> lines() {
            return kernel.rings.getOrDefault("log", List.of()).stream()
                    .map(record -> line(program, record))
                    .toList();
        }
    }

    /** A printed line, formatted as user space would. */
    static String line(CompiledProgram program, byte[] record) {
        var segment = MemorySegment.ofArray(record);
        int id = segment.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
        PrintFormat format =
                program.formats().stream().filter(f -> f.id() == id).findFirst().orElseThrow();
        return new LineFormatter(format, Handlers::symbols).format(segment);
    }

    private static List<String> symbols(long[] addresses) {
        return Arrays.stream(addresses).mapToObj("0x%x"::formatted).toList();
    }

    static Hit hit(CompiledProgram program, FakeKernel kernel, byte[] context) {
        var interpreter = new Interpreter(
                program.code(),
                kernel,
                Account.FAULTS + program.faultSites().size(),
                program.callBytes(),
                program.scratchBytes());
        interpreter.run(context);
        var account = new long[Account.FAULTS + program.faultSites().size()];
        for (int i = 0; i < account.length; i++) {
            account[i] = interpreter.count(i);
        }
        return new Hit(kernel, program, account, interpreter.steps());
    }

    /** A hit on x86 with arguments of the probed function. */
    static Hit hit(CompiledProgram program, long... arguments) {
        return hit(program, new FakeKernel(), context(Architecture.X86_64, arguments));
    }

    /** The registers at a function's entry. */
    static byte[] context(Architecture machine, long... arguments) {
        var bytes = ByteBuffer.allocate(machine.registers().size() * machine.wordBytes())
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < arguments.length; i++) {
            put(bytes, machine, machine.argument(i).orElseThrow(), arguments[i]);
        }
        put(bytes, machine, machine.sp(), 0xffff_c900_0000_1000L);
        put(bytes, machine, machine.ip(), ADDR + 1);
        return bytes.array();
    }

    static void put(ByteBuffer context, Architecture machine, String register, long value) {
        int offset = machine.offset(register).orElseThrow();
        if (machine.wordBytes() == Long.BYTES) {
            context.putLong(offset, value);
        } else {
            context.putInt(offset, (int) value);
        }
    }
}
