package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.kprobe4j.Counter;
import org.kprobe4j.Distribution;
import org.kprobe4j.EntryHandler;
import org.kprobe4j.Histogram;
import org.kprobe4j.HistogramMap;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelArray;
import org.kprobe4j.KernelMap;
import org.kprobe4j.KernelQueue;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.Kprobe;
import org.kprobe4j.KretprobeInstance;
import org.kprobe4j.Name;
import org.kprobe4j.PerCpuArray;
import org.kprobe4j.PerCpuMap;
import org.kprobe4j.PostHandler;
import org.kprobe4j.PreHandler;
import org.kprobe4j.PtRegs;
import org.kprobe4j.ReturnHandler;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.SimulatedKernel;
import org.kprobe4j.SimulatedKernel.Outcome;
import org.kprobe4j.Summary;
import org.kprobe4j.SummaryMap;
import org.kprobe4j.TaskLocal;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.Buckets;
import org.kprobe4j.compiler.CellLayout;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.KernelNames;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.compiler.SummaryRow;
import org.kprobe4j.internal.Elements;
import org.kprobe4j.internal.EntryReader;
import org.kprobe4j.internal.EventBytes;
import org.kprobe4j.internal.StackNames;

/**
 * The same handler twice: in the JVM on a simulated kernel, and compiled in the interpreter on the same registers and memory. What
 * it prints, what it emits and where it stops must agree after each hit.
 */
final class Twin implements AutoCloseable {
    private static final String PLACE = "vfs_read";
    private static final long RETURN_STACK = 8;

    /** To be set up by the test; the interpreter's kernel is made like it before each hit. */
    final SimulatedKernel jvm =
            SimulatedKernel.open().suspend(Duration.ofNanos(5_000)).randomSeed(7);

    private final FakeKernel kernel = new FakeKernel();
    private final Handlers handlers;
    private final Map<RingBuffer<?>, EventBytes<?>> rings = new LinkedHashMap<>();
    private final List<Runnable> state = new ArrayList<>();
    private final Map<String, Long> faulted = new HashMap<>();
    private long entriesLost;
    private final Random random = new Random(7);
    private final Kprobe probe = jvm.kprobe(PLACE);
    private final Map<RingBuffer<?>, Integer> emitted = new IdentityHashMap<>();
    private int lines;

    Twin() {
        this(Types::btf);
    }

    /** On a kernel with other types. */
    Twin(Supplier<Optional<Btf>> types) {
        handlers = new Handlers().btf(types);
        kernel.tick = 0;
        kernel.random = () -> Integer.toUnsignedLong(random.nextInt());
        handlers.at(probe.symbolName(), probe.addr());
    }

    /** Registers of the machine that most tests are about, whatever this JVM runs on. */
    PtRegs.X86 regs(long... arguments) {
        var regs = jvm.x86();
        for (int i = 0; i < arguments.length; i++) {
            regs.arg(i, arguments[i]);
        }
        return regs.make();
    }

    <T> RingBuffer<T> ring(Class<T> type) {
        RingBuffer<T> ring = RingBuffer.of(type, 1 << 16);
        handlers.ring("ring" + rings.size(), ring, type);
        rings.put(ring, new EventBytes<>(type, StackNames.running()));
        return ring;
    }

    // ---- what handlers keep; it is compared after each hit ----

    <K, V> KernelMap<K, V> map(Class<K> key, Class<V> value, int maxEntries) {
        KernelMap<K, V> map = KernelMap.of(key, value, maxEntries);
        var keys = new Elements<>(key);
        var values = new Elements<>(value);
        String name = "map" + state.size();
        handlers.known(map, new KernelObject.Hash(name, keys.layout(), values.layout()));
        kernel.hash(name, keys.layout().sizeBytes(), values.layout().sizeBytes(), maxEntries);
        state.add(() -> {
            var found = new HashMap<K, V>();
            kernel.entries(name).forEach((k, v) -> found.put(keys.object(bytes(k)), values.object(v)));
            assertThat(found).as("entries in the interpreter").isEqualTo(map.entries());
        });
        return map;
    }

    private static byte[] bytes(List<Byte> boxed) {
        var bytes = new byte[boxed.size()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = boxed.get(i);
        }
        return bytes;
    }

    <K, V> PerCpuMap<K, V> perCpuMap(Class<K> key, Class<V> value, int maxEntries) {
        PerCpuMap<K, V> map = PerCpuMap.of(key, value, maxEntries);
        var keys = new Elements<>(key);
        var values = new Elements<>(value);
        String name = "percpu" + state.size();
        handlers.known(map, new KernelObject.PerCpuHash(name, keys.layout(), values.layout()));
        kernel.perCpuHash(name, keys.layout().sizeBytes(), values.layout().sizeBytes(), maxEntries);
        var reader = new EntryReader<>(keys, values);
        state.add(() -> {
            var found = new HashMap<K, List<V>>();
            kernel.entries(name)
                    .forEach((k, v) -> found.put(keys.object(bytes(k)), reader.ofAllCpus(MemorySegment.ofArray(v))));
            assertThat(found).as("entries of all CPUs in the interpreter").isEqualTo(map.entries());
        });
        return map;
    }

    <V> KernelArray<V> array(Class<V> type, int length) {
        KernelArray<V> array = KernelArray.of(type, length);
        cells(array, type, length, 1, (_, index) -> array.get(index));
        return array;
    }

    <V> PerCpuArray<V> perCpuArray(Class<V> type, int length) {
        PerCpuArray<V> array = PerCpuArray.of(type, length);
        cells(
                array,
                type,
                length,
                FakeKernel.CPUS,
                (cpu, index) -> array.values(index).get(cpu));
        return array;
    }

    private <V> void cells(Object array, Class<V> type, int length, int rows, Element<V> element) {
        var elements = new Elements<>(type);
        var cells = new CellLayout(length, elements.layout().sizeBytes(), rows);
        String name = "array" + state.size();
        handlers.known(array, new KernelObject.Array(name, elements.layout(), cells));
        kernel.cells(name, (int) (cells.sizeBytes() + 7) / Long.BYTES);
        state.add(() -> {
            for (int row = 0; row < rows; row++) {
                for (int i = 0; i < length; i++) {
                    int at = (int) (row * cells.rowBytes() + i * cells.strideBytes());
                    byte[] bytes = Arrays.copyOfRange(kernel.bytes(name), at, at + cells.strideBytes());
                    assertThat(elements.object(bytes))
                            .as("element %d in the interpreter", i)
                            .isEqualTo(element.get(row, i));
                }
            }
        });
    }

    private interface Element<V> {
        V get(int row, int index);
    }

    <T> KernelQueue<T> queue(Class<T> type, int capacity) {
        KernelQueue<T> queue = KernelQueue.of(type, capacity);
        var elements = new Elements<>(type);
        String name = "queue" + state.size();
        handlers.known(queue, new KernelObject.Queue(name, elements.layout()));
        kernel.queue(name, elements.layout().sizeBytes(), capacity);
        state.add(() -> {
            List<T> expected = queue.takeAll();
            expected.forEach(queue::offer);
            assertThat(kernel.queued(name).stream().map(elements::object))
                    .as("queued")
                    .isEqualTo(expected);
        });
        return queue;
    }

    /** Both kinds at once cannot be: the one that the kernel keeps with the task. */
    <T> TaskLocal<T> taskLocal(Class<T> type) {
        TaskLocal<T> local = TaskLocal.of(type);
        var elements = new Elements<>(type);
        String name = "tasks" + state.size();
        handlers.known(local, new KernelObject.TaskLocal(name, elements.layout(), true));
        kernel.taskStorage(name, elements.layout().sizeBytes());
        state.add(() -> {});
        return local;
    }

    Counter counter() {
        var counter = Counter.of();
        String name = "counter" + state.size();
        handlers.known(counter, new KernelObject.Counter(name, 0));
        kernel.cells(name, 1);
        state.add(() -> assertThat(kernel.cell(name, 0)).as("the counter").isEqualTo(counter.sum()));
        return counter;
    }

    Histogram log2() {
        var histogram = Histogram.log2();
        var buckets = new Buckets.Log2();
        String name = "histogram" + state.size();
        handlers.known(histogram, new KernelObject.Histogram(name, buckets));
        kernel.cells(name, buckets.room());
        state.add(() -> {
            for (Distribution.Bucket bucket : histogram.buckets()) {
                assertThat(kernel.cell(name, buckets.slotOf(bucket.from()))).isEqualTo(bucket.count());
            }
        });
        return histogram;
    }

    <K> HistogramMap<K> histograms(Class<K> key, int maxEntries) {
        HistogramMap<K> map = HistogramMap.log2(key, maxEntries);
        var keys = new Elements<>(key);
        var buckets = new Buckets.Log2();
        String name = "histograms" + state.size();
        String zeros = name + "z";
        handlers.known(map, new KernelObject.HistogramMap(name, zeros, keys.layout(), buckets));
        kernel.hash(name, keys.layout().sizeBytes(), buckets.room() * Long.BYTES, maxEntries)
                .cells(zeros, buckets.room());
        state.add(() -> assertThat(rows(
                        keys,
                        name,
                        row -> LongStream.range(0, buckets.slots())
                                .filter(slot -> row[(int) slot] > 0)
                                .mapToObj(slot -> new Distribution.Bucket(
                                        buckets.from((int) slot), buckets.to((int) slot), row[(int) slot]))
                                .sorted(Comparator.comparingLong(Distribution.Bucket::from))
                                .toList()))
                .as("histograms in the interpreter")
                .isEqualTo(map.entries().entrySet().stream()
                        .collect(Collectors.toMap(
                                Map.Entry::getKey,
                                entry -> entry.getValue().buckets().stream()
                                        .filter(bucket -> bucket.count() > 0)
                                        .toList()))));
        return map;
    }

    Summary summary() {
        var summary = Summary.of();
        String name = "summary" + state.size();
        handlers.known(summary, new KernelObject.Summary(name, 4));
        kernel.cells(name, 4 * SummaryRow.STRIDE / Long.BYTES);
        for (int row = 0; row < 4; row++) {
            kernel.cell(name, (row * SummaryRow.STRIDE + SummaryRow.WANTED) / Long.BYTES, 1);
        }
        state.add(() -> {
            var all = new LongSummaryStatistics();
            for (int row = 0; row < 4; row++) {
                var numbers = new long[SummaryRow.STRIDE / Long.BYTES];
                for (int i = 0; i < numbers.length; i++) {
                    numbers[i] = kernel.cell(name, row * numbers.length + i);
                }
                all.combine(statistics(numbers));
            }
            assertThat(all)
                    .as("the summary in the interpreter")
                    .hasToString(summary.statistics().toString());
        });
        return summary;
    }

    <K> SummaryMap<K> summaries(Class<K> key, int maxEntries) {
        SummaryMap<K> map = SummaryMap.of(key, maxEntries);
        var keys = new Elements<>(key);
        String name = "summaries" + state.size();
        handlers.known(map, new KernelObject.SummaryMap(name, keys.layout()));
        kernel.hash(name, keys.layout().sizeBytes(), SummaryRow.BYTES, maxEntries);
        state.add(() -> assertThat(rows(keys, name, row -> statistics(row).toString()))
                .as("summaries in the interpreter")
                .isEqualTo(map.entries().entrySet().stream()
                        .collect(Collectors.toMap(
                                Map.Entry::getKey, entry -> entry.getValue().toString()))));
        return map;
    }

    private <K, R> Map<K, R> rows(Elements<K> keys, String map, Function<long[], R> reader) {
        var found = new HashMap<K, R>();
        kernel.entries(map)
                .forEach((key, value) -> found.put(
                        keys.object(bytes(key)),
                        reader.apply(MemorySegment.ofArray(value).toArray(ValueLayout.JAVA_LONG_UNALIGNED))));
        return found;
    }

    private static LongSummaryStatistics statistics(long[] row) {
        long count = row[SummaryRow.COUNT / Long.BYTES];
        return count == 0
                ? new LongSummaryStatistics()
                : new LongSummaryStatistics(
                        count,
                        row[SummaryRow.MIN / Long.BYTES],
                        row[SummaryRow.MAX / Long.BYTES],
                        row[SummaryRow.SUM / Long.BYTES]);
    }

    // ---- memory of both ----

    long text(String text) {
        long address = jvm.memory().text(text);
        kernel.kernel.put(address, (text + "\0").getBytes(StandardCharsets.UTF_8));
        return address;
    }

    long userText(String text) {
        long address = jvm.memory().userText(text);
        kernel.user.put(address, (text + "\0").getBytes(StandardCharsets.UTF_8));
        return address;
    }

    long bytes(byte... bytes) {
        long address = jvm.memory().bytes(bytes);
        kernel.kernel.put(address, bytes);
        return address;
    }

    /** What the simulated kernel has at an address by name, the interpreter has as bytes. */
    void laidOut(long address, byte[] bytes) {
        kernel.kernel.put(address, bytes);
    }

    Outcome pre(PreHandler handler, PtRegs regs) {
        CompiledProgram program =
                on(regs).shaped(new ProgramShape.Pre(Optional.empty(), true)).pre(handler);
        return agree(jvm.runPre(handler, probe, regs), program, regs, 0);
    }

    Outcome post(PostHandler handler, PtRegs regs) {
        kernel.calls.clear();
        copyState();
        CompiledProgram arming = on(regs).shaped(new ProgramShape.Pre(Optional.of(Handlers.next(machine(regs), 0))))
                .pre((p, r) -> 0);
        Handlers.hit(arming, kernel, context(regs, 0));
        CompiledProgram program = on(regs).shaped(new ProgramShape.Post(Handlers.next(machine(regs), 0)))
                .post(handler);
        return agree(jvm.runPost(handler, probe, regs), program, regs, 0);
    }

    <D> KretprobeInstance<D> call(Class<D> data) {
        handlers.data(data);
        return jvm.call(PLACE, data);
    }

    <D> Outcome entry(EntryHandler<D> handler, KretprobeInstance<D> ri, PtRegs regs) {
        int before = kernel.calls.size();
        CompiledProgram program =
                on(regs).shaped(new ProgramShape.Entry(OptionalLong.empty())).entry(handler);
        Outcome outcome = agree(jvm.runEntry(handler, ri, regs), program, regs, 0);
        assertThat(kernel.calls.size() - before)
                .as("calls that are followed")
                .isEqualTo(outcome.result().orElse(1) == 0 ? 1 : 0);
        return outcome;
    }

    <D> Outcome ret(ReturnHandler<D> handler, KretprobeInstance<D> ri, PtRegs regs) {
        CompiledProgram program = on(regs).shaped(new ProgramShape.Return(true)).ret(handler);
        return agree(jvm.runReturn(handler, ri, regs), program, regs, RETURN_STACK);
    }

    /** For a handler that was compiled by other means than this. */
    Outcome same(PreHandler onTheJvm, CompiledProgram compiled, PtRegs regs) {
        return agree(jvm.runPre(onTheJvm, probe, regs), compiled, regs, 0);
    }

    /** The compiler, as this is set up. */
    Handlers handlers() {
        return handlers;
    }

    private Handlers on(PtRegs regs) {
        return handlers.on(machine(regs));
    }

    private static Architecture machine(PtRegs regs) {
        return switch (regs) {
            case PtRegs.X86 _ -> Architecture.X86_64;
            case PtRegs.Arm64 _ -> Architecture.ARM64;
            case PtRegs.Arm _ -> Architecture.ARM;
        };
    }

    private Outcome agree(Outcome outcome, CompiledProgram program, PtRegs regs, long stackDelta) {
        List<String> onTheJvm = jvm.lines().subList(lines, jvm.lines().size());
        lines = jvm.lines().size();
        copyState();
        kernel.rings.clear();
        Handlers.Hit hit = Handlers.hit(program, kernel, context(regs, stackDelta));
        assertThat(hit.count(Account.HITS)).isOne();
        assertThat(hit.lines()).as("printed in the interpreter").isEqualTo(onTheJvm);
        assertThat(faults(hit)).as("faults in the interpreter").isEqualTo(newFaults());
        assertThat(hit.count(Account.ENTRIES_LOST)).isEqualTo(jvm.entriesLost() - entriesLost);
        entriesLost = jvm.entriesLost();
        if (program.override().isPresent()) {
            assertThat(kernel.overridden)
                    .as("returned without having run")
                    .isEqualTo(jvm.overridden().stream().boxed().toList());
            kernel.overridden.clear();
        }
        state.forEach(Runnable::run);
        int number = 0;
        for (var ring : rings.entrySet()) {
            List<?> events = jvm.events(ring.getKey());
            List<Object> seen =
                    List.<Object>copyOf(events).subList(emitted.getOrDefault(ring.getKey(), 0), events.size());
            emitted.put(ring.getKey(), events.size());
            assertThat(kernel.rings.getOrDefault("ring" + number++, List.of()).stream()
                            .<Object>map(record -> ring.getValue().read(MemorySegment.ofArray(record), 0)))
                    .as("emitted in the interpreter")
                    .isEqualTo(seen);
        }
        return outcome;
    }

    /** Also those after which the handler went on. */
    private Set<String> newFaults() {
        var found = new TreeSet<String>();
        for (String line : jvm.faultLines()) {
            int count = line.lastIndexOf(" (");
            String fault = line.substring(0, count);
            long times = Long.parseLong(line.substring(count + 2, line.lastIndexOf(" times)")));
            if (times > faulted.getOrDefault(fault, 0L)) {
                found.add(fault);
            }
            faulted.put(fault, times);
        }
        return found;
    }

    private static Set<String> faults(Handlers.Hit hit) {
        var sites = hit.program().faultSites();
        var found = new TreeSet<String>();
        for (int i = 0; i < sites.size(); i++) {
            if (hit.count(Account.FAULTS + i) > 0) {
                found.add(sites.get(i).toString());
            }
        }
        return found;
    }

    /** What the simulated kernel answers, the interpreter's answers too. */
    private void copyState() {
        kernel.time = Kernel.ktimeNs();
        kernel.pidTgid = (long) Kernel.pid() << 32 | Kernel.tid();
        kernel.uidGid = (long) Kernel.gid() << 32 | Kernel.uid();
        kernel.comm = Kernel.comm();
        kernel.cpu = Kernel.cpu();
        kernel.cgroup = Kernel.cgroupId();
        kernel.task = Kernel.current(Types.TaskStruct.class).address();
    }

    private static byte[] context(PtRegs regs, long stackDelta) {
        Architecture machine = machine(regs);
        var bytes = ByteBuffer.allocate(machine.registers().size() * machine.wordBytes())
                .order(ByteOrder.LITTLE_ENDIAN);
        for (RecordComponent component : regs.getClass().getRecordComponents()) {
            long value = ((Number) get(component.getAccessor(), regs)).longValue();
            boolean stackPointer = component.getName().equals(machine.sp());
            Handlers.put(bytes, machine, component.getName(), stackPointer ? value + stackDelta : value);
        }
        return bytes.array();
    }

    private static Object get(Method accessor, Object object) {
        try {
            accessor.setAccessible(true);
            return accessor.invoke(object);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    // ---- memory ----

    /** Writes a structure of the simulated kernel into the interpreter's memory, laid out as the kernel's types say. */
    <T extends KernelStruct> T mapped(Class<T> type, T structure) {
        Btf btf = Types.btf().orElseThrow();
        var struct = btf.struct(KernelNames.snakeCase(type.getSimpleName())).orElseThrow();
        byte[] bytes = kernel.kernel.computeIfAbsent(structure.address(), _ -> new byte[struct.sizeBytes()]);
        write(btf, type, structure, bytes, 0);
        return structure;
    }

    private static void write(Btf btf, Class<?> type, KernelStruct structure, byte[] bytes, int base) {
        var struct = btf.struct(KernelNames.snakeCase(type.getSimpleName())).orElseThrow();
        for (Method accessor : type.getDeclaredMethods()) {
            if (!Modifier.isAbstract(accessor.getModifiers())) {
                continue;
            }
            Name name = accessor.getAnnotation(Name.class);
            var field = btf.field(struct, KernelNames.snakeCase(name != null ? name.value() : accessor.getName()))
                    .orElseThrow();
            int offset = base + field.byteOffset();
            int size = (int) btf.sizeOf(field.typeId());
            Object value = get(accessor, structure);
            boolean embedded = size > Long.BYTES;
            if (value instanceof KernelStruct inner && embedded) {
                if (!inner.isNull()) {
                    write(btf, accessor.getReturnType(), inner, bytes, offset);
                }
                continue;
            }
            long number = value instanceof KernelStruct pointed ? pointed.address() : ((Number) value).longValue();
            for (int i = 0; i < size; i++) {
                bytes[offset + i] = (byte) (number >> 8 * i);
            }
        }
    }

    @Override
    public void close() {
        jvm.close();
    }
}
