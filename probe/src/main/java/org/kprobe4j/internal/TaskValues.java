package org.kprobe4j.internal;

import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.Assembler;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.Instruction;
import org.kprobe4j.asm.Reg;
import org.kprobe4j.asm.Width;
import org.kprobe4j.bpf.BpfBtf;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.BpfProgram;
import org.kprobe4j.bpf.MapSpec;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.ProgramSpec;
import org.kprobe4j.bpf.ProgramType;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.btf.BtfWriter;
import org.kprobe4j.compiler.KernelObject;

/**
 * Values that tasks have: kept by the kernel with the task where programs of kprobes can use that, else in a hash that drops what
 * was not used for long, the values of tasks that have ended before all.
 */
public final class TaskValues implements AutoCloseable {
    /** As many tasks as a small machine has at most: the default of kernel.pid_max. */
    private static final int HASHED_TASKS = 1 << 15;

    private final BpfMap map;
    private final boolean storage;

    private TaskValues(BpfMap map, boolean storage) {
        this.map = map;
        this.storage = storage;
        Shutdown.opened(this);
    }

    /**
     * Makes them, for values of a size.
     *
     * @throws BpfException if the kernel refuses both kinds
     */
    public static TaskValues make(String name, int valueBytes) {
        BpfMap storage = storage(name, valueBytes);
        if (storage != null) {
            return new TaskValues(storage, true);
        }
        return hashed(name, valueBytes);
    }

    /** In a hash, whatever the kernel can do. */
    static TaskValues hashed(String name, int valueBytes) {
        return new TaskValues(
                BpfMap.create(MapType.LRU_HASH, name, KernelObject.TaskLocal.KEY_BYTES, valueBytes, HASHED_TASKS, 0),
                false);
    }

    /** Task storage that a program of a kprobe can use; null if there is none. Since kernel: 5.13. */
    private static @Nullable BpfMap storage(String name, int valueBytes) {
        var types = new BtfWriter();
        int integer = types.integer("int", Integer.BYTES, true);
        int value = types.array(types.integer("char", 1, false), integer, valueBytes);
        BpfMap map;
        try (BpfBtf btf = BpfBtf.load(types.toBytes())) {
            map = BpfMap.create(MapSpec.of(MapType.TASK_STORAGE, name, Integer.BYTES, valueBytes, 0, BpfMap.NO_PREALLOC)
                    .withBtf(btf, integer, value));
        } catch (BpfException _) {
            return null;
        }
        if (isUsable(map)) {
            return map;
        }
        map.close();
        return null;
    }

    /** Loads a program that reads the current task's value. */
    private static boolean isUsable(BpfMap map) {
        byte[] code = Assembler.assemble(List.of(
                        new Instruction.CallHelper(Helper.GET_CURRENT_TASK_BTF.id()),
                        new Instruction.AluReg(AluOp.MOV, Width.W64, Reg.of(2), Reg.of(0)),
                        new Instruction.LoadMap(Reg.of(1), "values"),
                        new Instruction.AluImm(AluOp.MOV, Width.W64, Reg.of(3), 0),
                        new Instruction.AluImm(AluOp.MOV, Width.W64, Reg.of(4), 0),
                        new Instruction.CallHelper(Helper.TASK_STORAGE_GET.id()),
                        new Instruction.AluImm(AluOp.MOV, Width.W64, Reg.of(0), 0),
                        new Instruction.Exit()))
                .link(_ -> map.fd(), ByteOrder.nativeOrder());
        var spec = ProgramSpec.builder(ProgramType.KPROBE, "taskvalue", code)
                .license("GPL")
                .kernVersion(KernelVersion.running().code())
                .build();
        try (BpfProgram _ = BpfProgram.load(spec)) {
            return true;
        } catch (BpfException _) {
            return false;
        }
    }

    /** Whether the kernel keeps them with the tasks. */
    public boolean isStorage() {
        return storage;
    }

    /** The map's descriptor. */
    public int fd() {
        return map.fd();
    }

    @Override
    public void close() {
        map.close();
        Shutdown.closed(this);
    }
}
