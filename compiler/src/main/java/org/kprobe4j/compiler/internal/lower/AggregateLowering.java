package org.kprobe4j.compiler.internal.lower;

import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.JmpOp;
import org.kprobe4j.asm.Size;
import org.kprobe4j.asm.Width;
import org.kprobe4j.compiler.SummaryRow;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.Value;

/**
 * Records values for each key, and in summaries. Most keys have a row already; one that has none gets it out of the way, unless
 * another CPU was faster.
 */
final class AggregateLowering {
    private final LirBuilder out;
    private final Lowering values;
    private final MapLowering maps;

    AggregateLowering(LirBuilder out, Lowering values, MapLowering maps) {
        this.out = out;
        this.values = values;
        this.maps = maps;
    }

    /** Counts a value in its key's row. */
    void count(Value.Operation operation, Opcode.RowCount count) {
        MapLowering.Place key = maps.key(operation, count.key());
        int value = copy(operation.argument(count.value()));
        int row = out.register();
        out.add(new Lir.Move(row, maps.lookup(count.map(), key)));
        LirBlock missing = out.block();
        LirBlock present = out.block();
        LirBlock done = out.block();
        out.branchImm(JmpOp.JEQ, Width.W64, row, 0, missing, present);
        out.place(present);
        new BucketLowering(out, count.buckets()).count(value, row);
        out.jump(done);
        out.aside(missing, () -> {
            maps.mapAndKey(count.map(), key);
            out.add(new Lir.MapValue(3, count.zeros(), 0));
            out.add(new Lir.Const(4, MapLowering.NOEXIST, true));
            // Whether this row is the key's or another CPU's, the next lookup finds it; or none, where there is no
            // room.
            out.add(new Lir.Call(Helper.MAP_UPDATE_ELEM, 4));
            maps.again(count.map(), key, row, present, done);
        });
        out.place(done);
    }

    /** Records a value in this CPU's row. A number of a CPU is below the number of rows; the mask is for the verifier. */
    void add(Value.Operation operation, Opcode.SummaryAdd summary) {
        int row = out.register();
        int value = copy(operation.argument(0));
        if (summary.rows() == 1) {
            out.add(new Lir.MapValue(row, summary.map(), 0));
        } else {
            int offset = out.program().pinnedRegister();
            out.add(new Lir.Call(Helper.GET_SMP_PROCESSOR_ID, 0));
            out.add(new Lir.Move(offset, 0));
            out.aluImm(AluOp.AND, Width.W64, offset, summary.rows() - 1);
            out.aluImm(AluOp.LSH, Width.W64, offset, Integer.numberOfTrailingZeros(SummaryRow.STRIDE));
            out.add(new Lir.MapValue(row, summary.map(), 0));
            out.alu(AluOp.ADD, Width.W64, row, offset);
        }
        LirBlock fresh = out.block();
        LirBlock begun = out.block();
        LirBlock done = out.block();
        int wanted = out.load(Size.DW, row, SummaryRow.WANTED);
        out.branch(JmpOp.JNE, Width.W64, out.load(Size.DW, row, SummaryRow.BEGUN), wanted, fresh, begun);
        out.place(begun);
        int count = out.load(Size.DW, row, SummaryRow.COUNT);
        widen(row, count, value, done);
        out.aside(fresh, () -> {
            begin(row, value);
            out.add(new Lir.Store(Size.DW, row, SummaryRow.BEGUN, wanted));
            out.jump(done);
        });
        out.place(done);
    }

    /** Records a value in this CPU's row of a key: there the kernel has zeros, if it was another CPU that made the entry. */
    void add(Value.Operation operation, Opcode.SummaryMapAdd add) {
        MapLowering.Place key = maps.key(operation, add.key());
        int value = copy(operation.argument(add.value()));
        int row = out.register();
        out.add(new Lir.Move(row, maps.lookup(add.map(), key)));
        LirBlock missing = out.block();
        LirBlock present = out.block();
        LirBlock fresh = out.block();
        LirBlock begun = out.block();
        LirBlock done = out.block();
        out.branchImm(JmpOp.JEQ, Width.W64, row, 0, missing, present);
        out.place(present);
        int count = out.load(Size.DW, row, SummaryRow.COUNT);
        out.branchImm(JmpOp.JEQ, Width.W64, count, 0, fresh, begun);
        out.place(begun);
        widen(row, count, value, done);
        out.aside(fresh, () -> {
            begin(row, value);
            out.jump(done);
        });
        out.aside(missing, () -> {
            MapLowering.Place first = maps.value(SummaryRow.BYTES);
            store(first, SummaryRow.SUM, value);
            store(first, SummaryRow.MIN, value);
            store(first, SummaryRow.MAX, value);
            out.add(new Lir.StoreImm(Size.DW, Lir.FRAME, first.offset() + SummaryRow.COUNT, 1));
            maps.insert(add.map(), key, first, row, present, done);
        });
        out.place(done);
    }

    private void store(MapLowering.Place room, int offset, int value) {
        out.add(new Lir.Store(Size.DW, Lir.FRAME, room.offset() + offset, value));
    }

    /** The first value of a row. Count last: whoever reads the row meanwhile sees it empty, or whole. */
    private void begin(int row, int value) {
        out.add(new Lir.Store(Size.DW, row, SummaryRow.SUM, value));
        out.add(new Lir.Store(Size.DW, row, SummaryRow.MIN, value));
        out.add(new Lir.Store(Size.DW, row, SummaryRow.MAX, value));
        out.add(new Lir.StoreImm(Size.DW, row, SummaryRow.COUNT, 1));
    }

    /** A further value of a row whose count was loaded. */
    private void widen(int row, int count, int value, LirBlock done) {
        out.aluImm(AluOp.ADD, Width.W64, count, 1);
        out.add(new Lir.Store(Size.DW, row, SummaryRow.COUNT, count));
        int sum = out.load(Size.DW, row, SummaryRow.SUM);
        out.alu(AluOp.ADD, Width.W64, sum, value);
        out.add(new Lir.Store(Size.DW, row, SummaryRow.SUM, sum));
        extreme(JmpOp.JSLT, row, SummaryRow.MIN, value);
        extreme(JmpOp.JSGT, row, SummaryRow.MAX, value);
        out.jump(done);
    }

    private void extreme(JmpOp beyond, int row, int offset, int value) {
        LirBlock further = out.block();
        LirBlock within = out.block();
        out.branch(beyond, Width.W64, value, out.load(Size.DW, row, offset), further, within);
        out.place(further);
        out.add(new Lir.Store(Size.DW, row, offset, value));
        out.jump(within);
        out.place(within);
    }

    private int copy(Value value) {
        int register = out.register();
        values.moveTo(register, value);
        return register;
    }
}
