package org.kprobe4j.cli;

import java.io.IOException;
import java.io.Serializable;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.kprobe4j.EntryHandler;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.PreHandler;
import org.kprobe4j.ReturnHandler;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.SimulatedKernel;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType.Member;
import org.kprobe4j.btf.BtfWriter;
import org.kprobe4j.compiler.CompileRequest;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.Compiler;
import org.kprobe4j.compiler.EventLayout;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.compiler.Planted;
import org.kprobe4j.compiler.PrintFormat;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.internal.HandlerLambda;
import org.kprobe4j.internal.LineFormatter;
import org.kprobe4j.internal.Machine;

/**
 * Does once, after a build, what the launcher's JVM usually does, so that the cache of classes made from it (JEP 483, JEP 514) makes
 * its starts quick: reads a command line, compiles a program, compiles handlers for a kernel that is made up, formats lines. Nothing
 * is planted: this needs no privileges and no kprobes.
 */
final class LaunchTraining {
    private static final int MOST_BYTES = 1024;
    private static final long ADDR = 0xffff_ffff_8123_4560L;

    private static final String PROGRAM = """
            import org.kprobe4j.*;

            static final class Entry {
                long stamp;
            }

            void main(String[] args) {
                var params = Args.of(args, "symbol");
                try (var probe = Kretprobe.at(params.get("symbol", "vfs_read"), Entry.class)
                        .entryHandler((ri, regs) -> {
                            ri.data().stamp = Kernel.ktimeNs();
                            return 0;
                        })
                        .handler((ri, regs) -> {
                            Kernel.printf("%d after %d ns", regs.returnValue(), Kernel.ktimeNs() - ri.data().stamp);
                            return 0;
                        })
                        .register()) {
                    params.await();
                }
            }
            """;

    private LaunchTraining() {}

    /** Private data. */
    static final class Entry {
        long stamp;
        int calls;
    }

    /** A record of the ring buffer. */
    record Event(long time, int pid, String comm) {}

    /** A structure. */
    interface TaskStruct extends KernelStruct {
        /** Its memory. */
        MmStruct mm();

        /** Its number. */
        int pid();
    }

    /** Another one. */
    interface MmStruct extends KernelStruct {
        /** A number in it. */
        long totalVm();
    }

    /**
     * Runs all of it; what the command line says is for nobody.
     *
     * @param args none
     * @throws IOException if no temporary files can be written
     */
    public static void main(String[] args) throws IOException {
        try (Workspace workspace = Workspace.open()) {
            Path file = workspace.folder().resolve("Training.java");
            Files.writeString(file, PROGRAM);
            // A mistake that is found last, so that nothing runs.
            KprobeMain.execute("run", "--duration", "1s", file.toString(), "symbol=vfs_read", "--");
            KprobeMain.execute("count", "--comm", "cat", "--by", "comm,pid", "-i", "1s", "vfs_read", "--");
            new ProgramCompiler(GuestJvm.programPath())
                    .compile(file, Files.createDirectory(file.resolveSibling("out")));
        }
        try (var _ = SimulatedKernel.open()) {
            compileHandlers();
        }
    }

    private static void compileHandlers() {
        var ring = RingBuffer.of(Event.class);
        ring.emit(new Event(1, 2, ""));
        ring.forEach(_ -> {});
        PreHandler first = (p, regs) -> {
            var task = Kernel.current(TaskStruct.class);
            if (task.mm().isNull()) {
                return 0;
            }
            long mixed = regs.arg(0);
            for (int i = 0; i < 4; i++) {
                mixed ^= mixed >>> (i + 1);
            }
            var name = Kernel.userString(regs.arg(1));
            Kernel.printf("%s: %s %d 0x%x %s", p.symbolName(), Kernel.comm(), task.pid(), mixed, name);
            ring.emit(new Event(Kernel.ktimeNs(), task.pid(), Kernel.comm()));
            return 0;
        };
        EntryHandler<Entry> entry = (ri, regs) -> {
            var data = ri.data();
            data.stamp = Kernel.ktimeNs();
            data.calls = switch ((int) regs.arg(2)) {
                case 0 -> 1;
                case 1 -> 5;
                default -> data.calls + 1;
            };
            return 0;
        };
        ReturnHandler<Entry> last = (ri, regs) -> {
            Kernel.printf(
                    "%s returned %d after %d ns",
                    ri.symbolName(), regs.returnValue(), Kernel.ktimeNs() - ri.data().stamp);
            return 0;
        };
        Btf types = Btf.parse(ByteBuffer.wrap(types()));
        compile(first, new ProgramShape.Pre(), types);
        compile(entry, new ProgramShape.Entry(OptionalLong.empty()), types);
        compile(last, new ProgramShape.Return(true), types);
    }

    private static void compile(Serializable handler, ProgramShape shape, Btf types) {
        var lambda = HandlerLambda.of(handler, LaunchTraining::kernelObject);
        CompiledProgram program = Compiler.compile(new CompileRequest(
                lambda.code(),
                lambda,
                Machine.architecture(),
                () -> Optional.of(types),
                shape,
                new Planted.One("vfs_read", ADDR),
                Optional.of(Entry.class.getName().replace('.', '/')),
                1));
        try (Arena arena = Arena.ofConfined()) {
            for (PrintFormat format : program.formats()) {
                new LineFormatter(format, _ -> List.of("")).format(arena.allocate(MOST_BYTES, Long.BYTES));
            }
        }
    }

    private static Optional<KernelObject> kernelObject(Object captured) {
        return captured instanceof RingBuffer<?>
                ? Optional.of(new KernelObject.Ring("events", EventLayout.of(Event.class), 1 << 20))
                : Optional.empty();
    }

    private static byte[] types() {
        var out = new BtfWriter();
        int number = out.integer("int", Integer.BYTES, true);
        int longNumber = out.integer("unsigned long", Long.BYTES, false);
        int memory = out.struct("mm_struct", Long.BYTES, List.of(new Member("total_vm", longNumber, 0, 0)));
        out.struct(
                "task_struct",
                2 * Long.BYTES,
                List.of(new Member("mm", out.pointer(memory), 0, 0), new Member("pid", number, Long.SIZE, 0)));
        return out.toBytes();
    }
}
