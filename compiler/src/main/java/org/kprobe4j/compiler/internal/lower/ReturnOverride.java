package org.kprobe4j.compiler.internal.lower;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.JmpOp;
import org.kprobe4j.asm.Size;
import org.kprobe4j.asm.Width;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.internal.ir.Block;
import org.kprobe4j.compiler.internal.ir.Opcode;

/**
 * Has the probed function return without having run: helper bpf_override_return, called where the handler ends. Until then the wish
 * waits in the frame, so that the handler's registers stay what they were, and so that a handler that stops at a fault changes
 * nothing.
 *
 * <pre>
 *   0                8               16
 *   +----------------+----------------+
 *   | 1 + site, or 0 | return value   |
 *   +----------------+----------------+
 * </pre>
 */
final class ReturnOverride {
    private final LirBuilder out;
    private final int context;
    private final List<Integer> sites;
    private final int wish;

    private ReturnOverride(LirBuilder out, int context, List<Integer> sites) {
        this.out = out;
        this.context = context;
        this.sites = sites;
        this.wish = out.program().frame(2 * Long.BYTES);
    }

    /** Null where no operation asks for it. */
    static @Nullable ReturnOverride of(List<Block> order, LirBuilder out, int context) {
        List<Integer> sites = order.stream()
                .flatMap(block -> block.operations().stream())
                .filter(operation -> operation.opcode() instanceof Opcode.OverrideReturn)
                .map(operation -> ((Opcode.OverrideReturn) operation.opcode()).site())
                .distinct()
                .toList();
        return sites.isEmpty() ? null : new ReturnOverride(out, context, sites);
    }

    /** Before the handler. */
    void open() {
        out.add(new Lir.StoreImm(Size.DW, Lir.FRAME, wish, 0));
        out.add(new Lir.StoreImm(Size.DW, Lir.FRAME, wish + Long.BYTES, 0));
    }

    /** The last wish counts. */
    void choose(int site, int value) {
        out.add(new Lir.StoreImm(Size.DW, Lir.FRAME, wish, 1 + site));
        out.add(new Lir.Store(Size.DW, Lir.FRAME, wish + Long.BYTES, value));
    }

    /** After a handler that came to its end. */
    void carryOut() {
        int chosen = out.load(Size.DW, Lir.FRAME, wish);
        LirBlock override = out.block();
        LirBlock done = out.block();
        out.branchImm(JmpOp.JNE, Width.W64, chosen, 0, override, done);
        out.aside(override, () -> {
            out.add(new Lir.Move(1, context));
            out.add(new Lir.Load(Size.DW, 2, Lir.FRAME, wish + Long.BYTES));
            out.add(new Lir.Call(Helper.OVERRIDE_RETURN, 2));
            for (int site : sites.subList(0, sites.size() - 1)) {
                LirBlock counted = out.block();
                LirBlock next = out.block();
                out.branchImm(JmpOp.JEQ, Width.W64, chosen, 1 + site, counted, next);
                out.place(counted);
                out.count(Account.FAULTS + site);
                out.jump(done);
                out.place(next);
            }
            out.count(Account.FAULTS + sites.getLast());
            out.jump(done);
        });
        out.place(done);
    }
}
