package org.kprobe4j.compiler.internal.lower;

import java.util.Optional;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.Size;
import org.kprobe4j.btf.Field;
import org.kprobe4j.compiler.KernelBtf;

/** Reads the current task's fields as the verifier allows it where it knows the task's type: a load for each, and no copying helper. */
final class TaskLowering {
    /** Source: TASK_COMM_LEN in include/linux/sched.h. */
    private static final int COMM_BYTES = 16;

    private final LirBuilder out;
    private final KernelBtf btf;

    TaskLowering(LirBuilder out, KernelBtf btf) {
        this.out = out;
        this.btf = btf;
    }

    /**
     * Copies the task's name, with whatever stands behind its NUL, to an address.
     *
     * @return false if only a helper can
     */
    boolean comm(int base, int offset) {
        Optional<Integer> from = btf.currentTask()
                .flatMap(types -> types.struct("task_struct")
                        .flatMap(task -> types.field(task, "comm"))
                        .filter(field -> types.sizeOf(field.typeId()) == COMM_BYTES)
                        .map(Field::byteOffset));
        if (from.isEmpty()) {
            return false;
        }
        int task = out.call(Helper.GET_CURRENT_TASK_BTF, 0);
        for (int i = 0; i < COMM_BYTES; i += Long.BYTES) {
            int word = out.load(Size.DW, task, from.get() + i);
            out.add(new Lir.Store(Size.DW, base, offset + i, word));
        }
        return true;
    }
}
