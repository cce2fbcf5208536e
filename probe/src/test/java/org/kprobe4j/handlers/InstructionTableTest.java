package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kprobe4j.Kernel;
import org.kprobe4j.KretprobeInstance;
import org.kprobe4j.PtRegs;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.Buckets;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.lab.Clang;
import org.kprobe4j.lab.Progress;

/**
 * Our programs beside the same programs in C, compiled by clang -O2: executed instructions for one hit, a helper's call counting
 * as one. Both run in the interpreter, on the same registers, and leave the same records and the same account.
 */
@Tag("clang")
class InstructionTableTest {
    private static final Architecture MACHINE = Architecture.X86_64;
    private static final int ACCOUNT_SLOTS = 16;
    private static final double MOST = 1.10;
    /** 5000 has 13 bits. */
    private static final int BUCKET = 13;

    private static final long FILE = 0xffff_9000_1000_0000L;
    /** Instructions of 32 bits as ours: kernels have them since 5.1. */
    private static final List<String> OPTIONS = List.of("-O2", "-target", "bpf", "-mcpu=v3", "-Wall", "-Werror");

    record Event(long time, int pid, String comm, long ip, long flags) {}

    record Number(long value) {}

    /** One line of the table. */
    private record Row(String name, int c, int cWithoutAccount, int ours) {
        double ratio() {
            return (double) ours / c;
        }

        @Override
        public String toString() {
            return "%-26s %4d %4d %5.2f %22d".formatted(name, c, ours, ratio(), cWithoutAccount);
        }
    }

    /** What a hit left, and what it took. */
    private record Run(int steps, List<String> records, List<Long> account) {}

    private static Clang clang;

    @TempDir
    private Path folder;

    @BeforeAll
    static void provide() {
        clang = Clang.provide(Progress.stderr());
    }

    @Test
    void ours_take_at_most_a_tenth_more_than_clangs() throws IOException {
        var handlers = new Handlers().btf(FileTypes::btf);
        var numbers = handlers.ring("events", Number.class);
        var events = handlers.ring("events", Event.class);
        var rows = new ArrayList<Row>();

        var hits = handlers.counter("hits");
        var count = handlers.pre((p, regs) -> {
            hits.increment();
            return 0;
        });
        rows.add(row("count", "count", count, kernel -> kernel.cells("hits", 1)));

        var countOfOne = handlers.pre((p, regs) -> {
            if (Kernel.pid() == 42) {
                hits.increment();
            }
            return 0;
        });
        rows.add(row("filtered count, another", "filtered_count", countOfOne, kernel -> {
            kernel.cells("hits", 1).pidTgid = 7L << Integer.SIZE;
        }));
        rows.add(row("filtered count, this one", "filtered_count", countOfOne, kernel -> kernel.cells("hits", 1)));

        rows.add(latency());

        var filtered = handlers.pre((p, regs) -> {
            if (Kernel.pid() == 42) {
                numbers.emit(new Number(regs.arg(1)));
            }
            return 0;
        });
        rows.add(row("pid filter, other process", "filtered", filtered, kernel -> kernel.pidTgid = 7L << Integer.SIZE));
        rows.add(row("pid filter, this process", "filtered", filtered, _ -> {}));

        var event = handlers.pre((p, regs) -> {
            long flags = regs instanceof PtRegs.X86 r ? r.flags() : 0;
            events.emit(new Event(Kernel.ktimeNs(), Kernel.pid(), Kernel.comm(), regs.ip(), flags));
            return 0;
        });
        rows.add(row("event of five fields", "event", event, _ -> {}));

        var chain = handlers.pre((p, regs) -> {
            var file = Kernel.struct(regs.arg(0), FileTypes.File.class);
            numbers.emit(new Number(Integer.toUnsignedLong(
                    file.fPath().dentry().dInode().superBlock().sDev())));
            return 0;
        });
        rows.add(row("four reads in a chain", "chain", chain, kernel -> FileTypes.open(kernel, FILE, 0x80_0001)));

        System.out.println("%n%-26s %4s %4s %5s %22s"
                .formatted("instructions for one hit", "C", "ours", "ratio", "C without the account"));
        rows.forEach(System.out::println);
        assertThat(rows)
                .allSatisfy(row -> assertThat(row.ratio()).as(row.name()).isLessThanOrEqualTo(MOST));
    }

    private Row row(String name, String source, CompiledProgram ours, Consumer<FakeKernel> setting) throws IOException {
        Run c = run(compile(source, "-DACCOUNT"), setting);
        Run bare = run(compile(source, "-DNO_ACCOUNT"), setting);
        FakeKernel kernel = kernel(setting);
        var interpreter = new Interpreter(ours.code(), kernel, ACCOUNT_SLOTS, ours.callBytes());
        Run own = run(interpreter, kernel);
        assertThat(own.records()).as(name).isEqualTo(c.records()).isEqualTo(bare.records());
        assertThat(own.account()).as(name).isEqualTo(c.account());
        assertThat(own.account().get(Account.HITS)).as(name).isEqualTo(1);
        return new Row(name, c.steps(), bare.steps(), own.steps());
    }

    static final class Start {
        long time;
    }

    /** A call: its entry and its return together. */
    private Row latency() throws IOException {
        var handlers = new Handlers().data(Start.class);
        var latency = handlers.histogram("latency", new Buckets.Log2());
        CompiledProgram entry = handlers.shaped(new ProgramShape.Entry(OptionalLong.empty(), List.of()))
                .entry((KretprobeInstance<Start> ri, PtRegs regs) -> {
                    ri.data().time = Kernel.ktimeNs();
                    return 0;
                });
        CompiledProgram back = handlers.shaped(new ProgramShape.Return(true))
                .ret((KretprobeInstance<Start> ri, PtRegs regs) -> {
                    latency.record(Kernel.ktimeNs() - ri.data().time);
                    return 0;
                });
        int c = call(compile("latency", "-DACCOUNT"));
        int bare = call(compile("latency", "-DNO_ACCOUNT"));
        FakeKernel kernel = slow();
        int ours = run(new Interpreter(entry.code(), kernel, ACCOUNT_SLOTS, entry.callBytes()), kernel)
                        .steps()
                + run(new Interpreter(back.code(), kernel, ACCOUNT_SLOTS, back.callBytes()), kernel, Long.BYTES)
                        .steps();
        assertThat(kernel.cell("latency", BUCKET)).isEqualTo(1);
        return new Row("latency histogram", c, bare, ours);
    }

    private static int call(BpfObject object) {
        FakeKernel kernel = slow();
        int steps = run(new Interpreter(object.program("pre"), kernel, ACCOUNT_SLOTS, 2 * Long.BYTES), kernel)
                        .steps()
                + run(
                                new Interpreter(object.program("return"), kernel, ACCOUNT_SLOTS, 2 * Long.BYTES),
                                kernel,
                                Long.BYTES)
                        .steps();
        assertThat(kernel.cell("latency", BUCKET)).isEqualTo(1);
        return steps;
    }

    /** A call takes what one look at the clock adds. */
    private static FakeKernel slow() {
        var kernel = new FakeKernel().cells("latency", 128);
        kernel.tick = 5_000;
        return kernel;
    }

    private BpfObject compile(String source, String account) throws IOException {
        for (String name : List.of("probe.h", source + ".c")) {
            try (InputStream in = Objects.requireNonNull(getClass().getResourceAsStream("/clang/" + name), name)) {
                Files.write(folder.resolve(name), in.readAllBytes());
            }
        }
        Path object = folder.resolve(source + ".o");
        var options = new ArrayList<>(OPTIONS);
        options.add(account);
        clang.compile(folder.resolve(source + ".c"), object, options);
        return new BpfObject(Files.readAllBytes(object));
    }

    private static Run run(BpfObject object, Consumer<FakeKernel> setting) {
        FakeKernel kernel = kernel(setting);
        return run(new Interpreter(object.program("pre"), kernel, ACCOUNT_SLOTS, 2 * Long.BYTES), kernel);
    }

    private static FakeKernel kernel(Consumer<FakeKernel> setting) {
        var kernel = new FakeKernel();
        setting.accept(kernel);
        return kernel;
    }

    private static Run run(Interpreter interpreter, FakeKernel kernel) {
        return run(interpreter, kernel, 0);
    }

    /** A hit with the stack pointer so much above that of a function's entry. */
    private static Run run(Interpreter interpreter, FakeKernel kernel, int above) {
        byte[] context = Handlers.context(MACHINE, FILE, 77);
        Handlers.put(
                ByteBuffer.wrap(context).order(ByteOrder.LITTLE_ENDIAN), MACHINE, "sp", 0xffff_c900_0000_0000L + above);
        Handlers.put(ByteBuffer.wrap(context).order(ByteOrder.LITTLE_ENDIAN), MACHINE, "flags", 0x246);
        interpreter.run(context);
        var records = new ArrayList<String>();
        kernel.rings
                .values()
                .forEach(ring ->
                        ring.forEach(record -> records.add(HexFormat.of().formatHex(record))));
        var account = new ArrayList<Long>();
        for (int slot = 0; slot < ACCOUNT_SLOTS; slot++) {
            account.add(interpreter.count(slot));
        }
        return new Run(interpreter.steps(), records, account);
    }
}
