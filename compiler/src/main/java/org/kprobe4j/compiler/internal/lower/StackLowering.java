package org.kprobe4j.compiler.internal.lower;

import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.JmpOp;
import org.kprobe4j.asm.Size;
import org.kprobe4j.asm.Width;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.StackKind;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.Value;

/**
 * Walks of call stacks: helpers bpf_get_stack, bpf_get_stackid. The kernel compares all of a stack with the one that has its
 * place, since BPF_F_FAST_STACK_CMP is not asked for; nor is one replaced (BPF_F_REUSE_STACKID), for its number stands in keys.
 */
final class StackLowering {
    /** Source: include/uapi/linux/bpf.h. */
    private static final int USER_STACK = 1 << 8;

    private static final int EFAULT = 14;

    private final LirBuilder out;
    private final Lowering values;
    private final int context;

    StackLowering(LirBuilder out, Lowering values, int context) {
        this.values = values;
        this.out = out;
        this.context = context;
    }

    /** Writes the addresses to where r2 points, r1 being the context; gives the length. */
    int walk(Opcode.Field.Stack stack) {
        note(stack.kind());
        out.add(new Lir.Const(3, (long) stack.frames() * Long.BYTES, true));
        out.add(new Lir.Const(4, flags(stack.kind()), true));
        return out.call(Helper.GET_STACK, 4);
    }

    /** Puts the probed function in the place of the first frame, if there is one. */
    void replaceFirst(Value.Operation operation, Opcode.Field.Stack stack, int length, int base, int offset) {
        if (stack.innermost() == Opcode.Field.Stack.AS_WALKED) {
            return;
        }
        LirBlock replace = out.block();
        LirBlock done = out.block();
        out.branchImm(JmpOp.JSLT, Width.W64, length, Long.BYTES, done, replace);
        out.place(replace);
        int function = values.register(operation.argument(stack.innermost()));
        out.add(new Lir.Store(Size.DW, base, offset, function));
        out.jump(done);
        out.place(done);
    }

    /** That a task has no stack of a process is no loss. */
    int number(Opcode.StackNumber stack) {
        note(stack.kind());
        out.add(new Lir.Move(1, context));
        out.add(new Lir.MapAddress(2, stack.map()));
        out.add(new Lir.Const(3, flags(stack.kind()), true));
        int number = out.call(Helper.GET_STACKID, 3);
        LirBlock failed = out.block();
        LirBlock done = out.block();
        out.branchImm(JmpOp.JSLT, Width.W64, number, 0, failed, done);
        out.aside(failed, () -> {
            if (stack.kind() == StackKind.USER) {
                LirBlock lost = out.block();
                out.branchImm(JmpOp.JEQ, Width.W64, number, -EFAULT, done, lost);
                out.place(lost);
            }
            out.count(Account.FAULTS + stack.site());
            out.jump(done);
        });
        out.place(done);
        return number;
    }

    /** The kernel's stack is walked from the context's registers, a process's from those with which it entered the kernel. */
    private void note(StackKind kind) {
        if (kind == StackKind.KERNEL) {
            out.program().walksFromContext();
        }
    }

    private static int flags(StackKind kind) {
        return kind == StackKind.USER ? USER_STACK : 0;
    }
}
