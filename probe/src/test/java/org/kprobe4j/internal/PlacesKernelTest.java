package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kprobe4j.EntryHandler;
import org.kprobe4j.FunctionArguments;
import org.kprobe4j.Kernel;
import org.kprobe4j.LeftNothingBehind;
import org.kprobe4j.PreHandler;
import org.kprobe4j.ReturnHandler;
import org.kprobe4j.bpf.AttachType;
import org.kprobe4j.bpf.BpfLink;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.BpfProgram;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.MappedArray;
import org.kprobe4j.bpf.ProgramSpec;
import org.kprobe4j.bpf.ProgramType;
import org.kprobe4j.bpf.features.Answer;
import org.kprobe4j.bpf.features.Features;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.bpf.perf.PerfProbe;
import org.kprobe4j.bpf.symbols.Kallsyms;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.CompileRequest;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.Compiler;
import org.kprobe4j.compiler.Places;
import org.kprobe4j.compiler.Planted;
import org.kprobe4j.compiler.Planted.Numbering;
import org.kprobe4j.compiler.PrintFormat;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.compiler.ScratchMemory;

/** One program at three functions of /dev/null, told apart by cookies where the kernel has them, by linking everywhere. */
@Tag("kernel")
@ExtendWith(LeftNothingBehind.class)
class PlacesKernelTest {
    private static final List<String> NAMES = List.of("null_lseek", "read_null", "write_null");
    private static final int NAME_BYTES = Places.nameBytes("write_null".length());

    static final class Stamp {
        long count;
    }

    private enum Way {
        COPIES(Numbering.LINKED),
        COOKIES_OF_EVENTS(Numbering.COOKIE),
        KPROBE_MULTI(Numbering.COOKIE);

        final Numbering numbering;

        Way(Numbering numbering) {
            this.numbering = numbering;
        }

        boolean isThere() {
            KernelVersion running = KernelVersion.running();
            return switch (this) {
                case COPIES -> true;
                case COOKIES_OF_EVENTS -> running.atLeast(5, 15);
                case KPROBE_MULTI -> {
                    Answer answer = Features.running().kprobeMulti();
                    // Debian's 6.1 is built without CONFIG_FPROBE.
                    assertThat(answer.isYes()).as(answer.toString()).isEqualTo(running.atLeast(6, 12));
                    yield answer.isYes();
                }
            };
        }
    }

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final Map<String, Integer> maps = new HashMap<>();
    private final List<PrintFormat> formats = new ArrayList<>();
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final List<MappedArray> accounts = new ArrayList<>();
    private final long[] addresses = NAMES.stream()
            .mapToLong(name -> Kallsyms.running().addressesOf(name)[0])
            .toArray();

    private <T extends AutoCloseable> T opened(T resource) {
        open.push(resource);
        return resource;
    }

    @AfterEach
    void close() throws Exception {
        while (!open.isEmpty()) {
            open.pop().close();
        }
    }

    private CompiledProgram compile(Serializable handler, ProgramShape shape, Numbering numbering) {
        var lambda = HandlerLambda.of(handler, _ -> Optional.empty());
        var program = Compiler.compile(new CompileRequest(
                lambda.code(),
                lambda,
                Machine.architecture(),
                Machine.TYPES,
                shape,
                new Planted.Many("*_null,null_*", NAMES.size(), NAME_BYTES, numbering, Optional.of("vfs_read")),
                Optional.of(Stamp.class.getName().replace('.', '/')),
                formats.size() + 1));
        formats.addAll(program.formats());
        return program;
    }

    private MappedArray tables(int callBytes) {
        int row = Places.rowBytes(NAME_BYTES);
        BpfMap table = array(Places.MAP, NAMES.size() * row, 0);
        byte[] rows = new byte[NAMES.size() * row];
        for (int i = 0; i < NAMES.size(); i++) {
            Places.write(ByteBuffer.wrap(rows), i * row, addresses[i], NAMES.get(i));
        }
        table.update(new byte[Integer.BYTES], rows);
        maps.put(
                ProgramShape.CALLS_MAP,
                opened(BpfMap.create(MapType.HASH, "calls", ProgramShape.CALL_KEY_BYTES, callBytes, 64, 0))
                        .fd());
        return opened(array(Places.HITS_MAP, NAMES.size() * Long.BYTES, BpfMap.MMAPABLE)
                .mmap());
    }

    private BpfMap array(String name, int bytes, int flags) {
        BpfMap map = opened(BpfMap.create(MapType.ARRAY, name, Integer.BYTES, bytes, 1, flags));
        maps.put(name, map.fd());
        return map;
    }

    private BpfProgram load(CompiledProgram compiled, int place, AttachType type) {
        int slots = Account.FAULTS + compiled.faultSites().size();
        accounts.add(
                opened(array(Account.MAP, slots * Long.BYTES, BpfMap.MMAPABLE).mmap()));
        accounts.getLast().putLong(0, Account.ON * Long.BYTES, 1);
        if (compiled.scratchBytes() > 0) {
            maps.put(
                    ScratchMemory.MAP,
                    opened(BpfMap.create(
                                    MapType.PERCPU_ARRAY,
                                    ScratchMemory.MAP,
                                    Integer.BYTES,
                                    compiled.scratchBytes(),
                                    1,
                                    0))
                            .fd());
        }
        byte[] code = compiled.code().link(maps::get, ByteOrder.nativeOrder(), place);
        return opened(BpfProgram.load(ProgramSpec.builder(ProgramType.KPROBE, "places", code)
                .license("GPL")
                .expectedAttachType(type)
                .build()));
    }

    private PerfProbe event(int place, boolean isReturn) {
        return opened(
                isReturn
                        ? PerfProbe.openKprobe(NAMES.get(place), 0, true)
                        : PerfProbe.openKprobe(null, addresses[place], false));
    }

    private void attach(CompiledProgram compiled, Way way, boolean isReturn) {
        switch (way) {
            case KPROBE_MULTI -> {
                long[] cookies = IntStream.range(0, NAMES.size()).asLongStream().toArray();
                BpfProgram program = load(compiled, 0, AttachType.TRACE_KPROBE_MULTI);
                opened(BpfLink.kprobeMulti(program, isReturn, addresses, cookies));
            }
            case COOKIES_OF_EVENTS -> {
                BpfProgram program = load(compiled, 0, AttachType.NONE);
                for (int i = 0; i < NAMES.size(); i++) {
                    event(i, isReturn).attach(program, i);
                }
            }
            case COPIES -> {
                for (int i = 0; i < NAMES.size(); i++) {
                    event(i, isReturn).attach(load(compiled, i, AttachType.NONE));
                }
            }
        }
    }

    private RingReader ring() {
        var printer = new LinePrinter(formats, lines::add);
        RingReader reader = new RingReader("log", 1 << 16, printer::accept, () -> {});
        maps.put("log", reader.fd());
        reader.start();
        return reader;
    }

    private static void work() throws IOException {
        try (var file = new RandomAccessFile("/dev/null", "rw")) {
            for (int i = 0; i < 5; i++) {
                file.seek(i);
            }
            for (int i = 0; i < 3; i++) {
                assertThat(file.read()).isEqualTo(-1);
            }
            file.write(new byte[77]);
            file.write(7);
        }
    }

    private static List<Long> hits(MappedArray hits) {
        return IntStream.range(0, NAMES.size())
                .mapToObj(i -> hits.getLong(0, i * Long.BYTES))
                .toList();
    }

    @ParameterizedTest
    @EnumSource
    void hitsAreCountedAndNamed(Way way) throws IOException {
        if (!way.isThere()) {
            return;
        }
        PreHandler handler = (p, regs) -> {
            Kernel.printf(
                    "%s 0x%x %b %b",
                    p.symbolName(),
                    p.addr(),
                    p.symbolName().equals("read_null"),
                    p.symbolName().contains("write"));
            return 0;
        };
        CompiledProgram compiled = compile(handler, new ProgramShape.Pre(), way.numbering);
        MappedArray hits = tables(Long.BYTES);
        try (RingReader _ = ring()) {
            attach(compiled, way, false);
            work();
        }
        assertThat(hits(hits)).containsExactly(5L, 3L, 2L);
        assertThat(lines)
                .hasSize(10)
                .startsWith("null_lseek 0x%x false false".formatted(addresses[0]))
                .endsWith("write_null 0x%x false true".formatted(addresses[2]));
        assertThat(lines)
                .filteredOn(line -> line.equals("read_null 0x%x true false".formatted(addresses[1])))
                .hasSize(3);
    }

    /** More values than registers: the number, and what the verifier knows of it, is kept in the frame. */
    @ParameterizedTest
    @EnumSource
    void aBusyHandlerStillKnowsItsPlace(Way way) throws IOException {
        if (!way.isThere()) {
            return;
        }
        PreHandler handler = (p, regs) -> {
            long a = regs.arg(0);
            long b = regs.arg(1);
            long c = regs.arg(2);
            long d = regs.arg(3);
            long e = regs.sp();
            long f = regs.ip();
            long sum = a + b + c + d + e + f;
            long time = 0;
            int nulls = 0;
            for (int i = 0; i < 10; i++) {
                time += Kernel.ktimeNs();
                nulls += p.symbolName().startsWith("null") ? i : 0;
            }
            boolean kept = sum == f + e + d + c + b + a;
            Kernel.printf("%s %d %b %b %b", p.symbolName(), nulls, kept, time > 0, p.addr() <= f);
            return 0;
        };
        CompiledProgram compiled = compile(handler, new ProgramShape.Pre(), way.numbering);
        MappedArray hits = tables(Long.BYTES);
        try (RingReader _ = ring()) {
            attach(compiled, way, false);
            work();
        }
        assertThat(hits(hits)).containsExactly(5L, 3L, 2L);
        assertThat(lines)
                .containsExactlyInAnyOrder(
                        "null_lseek 45 true true true",
                        "null_lseek 45 true true true",
                        "null_lseek 45 true true true",
                        "null_lseek 45 true true true",
                        "null_lseek 45 true true true",
                        "read_null 0 true true true",
                        "read_null 0 true true true",
                        "read_null 0 true true true",
                        "write_null 0 true true true",
                        "write_null 0 true true true");
    }

    @ParameterizedTest
    @EnumSource
    void callsArePaired(Way way) throws IOException {
        if (!way.isThere()) {
            return;
        }
        ReturnHandler<Stamp> back = (ri, regs) -> {
            Kernel.printf("%s %d %d", ri.symbolName(), regs.returnValue(), ri.data().count);
            return 0;
        };
        EntryHandler<Stamp> first = (ri, regs) -> {
            ri.data().count = ri.args(VfsRead.class).count();
            return ri.symbolName().startsWith("read") ? 1 : 0;
        };
        CompiledProgram ret = compile(back, new ProgramShape.Return(true), way.numbering);
        CompiledProgram entry =
                compile(first, new ProgramShape.Entry(OptionalLong.empty(), ret.keptArguments()), way.numbering);
        MappedArray hits = tables(ret.callBytes());
        try (RingReader _ = ring()) {
            attach(ret, way, true);
            attach(entry, way, false);
            work();
        }
        assertThat(hits(hits)).containsExactly(10L, 6L, 4L);
        assertThat(lines)
                .containsExactly(
                        "null_lseek 0 0",
                        "null_lseek 0 0",
                        "null_lseek 0 0",
                        "null_lseek 0 0",
                        "null_lseek 0 0",
                        "write_null 77 77",
                        "write_null 1 1");
    }

    interface VfsRead extends FunctionArguments {
        long count();
    }
}
