package org.kprobe4j.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.Assembler;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.Instruction;
import org.kprobe4j.asm.JmpOp;
import org.kprobe4j.asm.Label;
import org.kprobe4j.asm.Reg;
import org.kprobe4j.asm.Size;
import org.kprobe4j.asm.Width;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.BpfProgram;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.ProgramSpec;
import org.kprobe4j.bpf.ProgramType;

/**
 * Reads kernel memory by a small program, which this process runs itself: for kernels without /proc/kcore, and for what only the
 * running thread has. Since kernel: 5.10 (BPF_PROG_TEST_RUN of a raw tracepoint's program). One thread at a time.
 */
final class KernelMemory implements AutoCloseable {
    /** What one run reads. */
    static final int CHUNK_BYTES = 256;

    private static final String MAP = "memory";
    /** The first word of the map's value is the address, the rest what is there. */
    private static final int HEADER_BYTES = Long.BYTES;

    private final BpfMap map;
    private final BpfProgram program;

    private KernelMemory(BpfMap map, BpfProgram program) {
        this.map = map;
        this.program = program;
    }

    /**
     * Loads the program.
     *
     * @throws BpfException if the kernel refuses it
     */
    static KernelMemory open() {
        BpfMap map = BpfMap.create(MapType.ARRAY, MAP, Integer.BYTES, HEADER_BYTES + CHUNK_BYTES, 1, 0);
        try {
            byte[] code = Assembler.assemble(instructions()).link(_ -> map.fd(), ByteOrder.nativeOrder());
            return new KernelMemory(
                    map,
                    BpfProgram.load(ProgramSpec.builder(ProgramType.RAW_TRACEPOINT, "read_memory", code)
                            .build()));
        } catch (BpfException e) {
            map.close();
            throw e;
        }
    }

    /** Takes the address from the context; 0 stands for the running thread's task_struct. Gives the helper's result. */
    static List<Instruction> instructions() {
        var known = new Label("known");
        return List.of(
                new Instruction.Load(Size.DW, Reg.R6, Reg.R1, 0),
                new Instruction.JumpImm(JmpOp.JNE, Width.W64, Reg.R6, 0, known),
                new Instruction.CallHelper(Helper.GET_CURRENT_TASK.id()),
                new Instruction.AluReg(AluOp.MOV, Width.W64, Reg.R6, Reg.R0),
                new Instruction.Mark(known),
                new Instruction.LoadMapValue(Reg.R1, MAP, 0),
                new Instruction.StoreReg(Size.DW, Reg.R1, 0, Reg.R6),
                new Instruction.AluImm(AluOp.ADD, Width.W64, Reg.R1, HEADER_BYTES),
                new Instruction.AluImm(AluOp.MOV, Width.W64, Reg.R2, CHUNK_BYTES),
                new Instruction.AluReg(AluOp.MOV, Width.W64, Reg.R3, Reg.R6),
                new Instruction.CallHelper(Helper.PROBE_READ_KERNEL.id()),
                new Instruction.Exit());
    }

    /** The address of the running thread's task_struct. */
    long currentTask() throws IOException {
        return chunk(0).getLong(0);
    }

    /**
     * Some bytes of memory.
     *
     * @throws IOException if not all of them are mapped
     */
    byte[] read(long address, int count) throws IOException {
        byte[] bytes = new byte[count];
        for (int at = 0; at < count; at += CHUNK_BYTES) {
            chunk(address + at).get(HEADER_BYTES, bytes, at, Math.min(CHUNK_BYTES, count - at));
        }
        return bytes;
    }

    private ByteBuffer chunk(long address) throws IOException {
        try {
            // A raw tracepoint has up to twelve arguments of eight bytes, on every machine.
            byte[] context = ByteBuffer.allocate(12 * Long.BYTES)
                    .order(ByteOrder.nativeOrder())
                    .putLong(0, address)
                    .array();
            int result = program.testRunContext(context).returnValue();
            byte[] value = map.lookup(new byte[Integer.BYTES]);
            if (result != 0 || value == null) {
                throw new IOException("no memory is mapped at 0x%x (errno %d)".formatted(address, -result));
            }
            return ByteBuffer.wrap(value).order(ByteOrder.nativeOrder());
        } catch (BpfException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        program.close();
        map.close();
    }
}
