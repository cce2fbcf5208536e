package org.kprobe4j.compiler.internal.emit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.AtomicOp;
import org.kprobe4j.asm.Instruction;
import org.kprobe4j.asm.JmpOp;
import org.kprobe4j.asm.Label;
import org.kprobe4j.asm.Reg;
import org.kprobe4j.asm.Size;
import org.kprobe4j.asm.Width;
import org.kprobe4j.compiler.internal.lower.Lir;
import org.kprobe4j.compiler.internal.lower.LirBlock;
import org.kprobe4j.compiler.internal.lower.LirProgram;

/** From {@link Lir} on machine registers to instructions: blocks in a row, jumps only where the next block is not the one meant. */
public final class Emitter {
    private final List<Instruction> out = new ArrayList<>();
    private final Map<LirBlock, Label> labels = new HashMap<>();
    private final List<LirBlock> order;

    private Emitter(LirProgram program) {
        this.order = program.blocks();
    }

    /** The instructions of a program whose registers are assigned. */
    public static List<Instruction> emit(LirProgram program) {
        var emitter = new Emitter(program);
        emitter.run();
        return emitter.out;
    }

    private Label label(LirBlock block) {
        return labels.computeIfAbsent(block, b -> new Label("b" + b.id()));
    }

    private void run() {
        for (int i = 0; i < order.size(); i++) {
            LirBlock block = order.get(i);
            LirBlock next = i + 1 < order.size() ? order.get(i + 1) : null;
            out.add(new Instruction.Mark(label(block)));
            for (Lir instruction : block.code()) {
                if (instruction instanceof Lir.Branch branch) {
                    branch(branch, block, next);
                } else {
                    emit(instruction);
                }
            }
            if (block.successors().size() == 1 && block.successors().getFirst() != next) {
                out.add(new Instruction.Jump(label(block.successors().getFirst())));
            }
        }
    }

    private void branch(Lir.Branch branch, LirBlock block, @Nullable LirBlock next) {
        LirBlock yes = block.successors().getFirst();
        LirBlock no = block.successors().getLast();
        boolean invert = yes == next && branch.op() != JmpOp.JSET;
        var op = invert ? branch.op().negated() : branch.op();
        LirBlock taken = invert ? no : yes;
        LirBlock other = invert ? yes : no;
        out.add(
                branch.b() == Lir.NONE
                        ? new Instruction.JumpImm(op, branch.width(), reg(branch.a()), branch.imm(), label(taken))
                        : new Instruction.JumpReg(op, branch.width(), reg(branch.a()), reg(branch.b()), label(taken)));
        if (other != next) {
            out.add(new Instruction.Jump(label(other)));
        }
    }

    private static Reg reg(int number) {
        return Reg.of(number);
    }

    private void emit(Lir instruction) {
        switch (instruction) {
            case Lir.Move(int dst, int src) ->
                out.add(new Instruction.AluReg(AluOp.MOV, Width.W64, reg(dst), reg(src)));
            case Lir.Const(int dst, long value, boolean wide) -> constant(reg(dst), value, wide);
            case Lir.Alu(AluOp op, Width width, int dst, int src) ->
                out.add(new Instruction.AluReg(op, width, reg(dst), reg(src)));
            case Lir.AluImm(AluOp op, Width width, int dst, int imm) ->
                out.add(new Instruction.AluImm(op, width, reg(dst), imm));
            case Lir.Negate(Width width, int dst) -> out.add(new Instruction.Neg(width, reg(dst)));
            case Lir.MapAddress(int dst, String map) -> out.add(new Instruction.LoadMap(reg(dst), map));
            case Lir.MapValue(int dst, String map, int offset) ->
                out.add(new Instruction.LoadMapValue(reg(dst), map, offset));
            case Lir.PlaceNumber(int dst) -> out.add(new Instruction.LoadPlace(reg(dst)));
            case Lir.PlaceValue(int dst, String map, int rowBytes, int offset) ->
                out.add(new Instruction.LoadPlaceValue(reg(dst), map, rowBytes, offset));
            case Lir.FrameAddress(int dst, int offset) -> {
                out.add(new Instruction.AluReg(AluOp.MOV, Width.W64, reg(dst), Reg.FP));
                out.add(new Instruction.AluImm(AluOp.ADD, Width.W64, reg(dst), offset));
            }
            case Lir.Load(Size size, int dst, int base, int offset) ->
                out.add(new Instruction.Load(size, reg(dst), reg(base), offset));
            case Lir.Store(Size size, int base, int offset, int src) ->
                out.add(new Instruction.StoreReg(size, reg(base), offset, reg(src)));
            case Lir.StoreImm(Size size, int base, int offset, int imm) ->
                out.add(new Instruction.StoreImm(size, reg(base), offset, imm));
            case Lir.AtomicAdd(Size size, int base, int offset, int src) ->
                out.add(new Instruction.Atomic(AtomicOp.ADD, size, false, reg(base), offset, reg(src)));
            case Lir.CompareExchange(int base, int offset, int src) ->
                out.add(new Instruction.Atomic(AtomicOp.CMPXCHG, Size.DW, true, reg(base), offset, reg(src)));
            case Lir.Exchange(int base, int offset, int value) ->
                out.add(new Instruction.Atomic(AtomicOp.XCHG, Size.DW, true, reg(base), offset, reg(value)));
            case Lir.AsNumber(int dst) -> out.add(new Instruction.ByteSwap(false, Long.SIZE, reg(dst)));
            case Lir.Call call ->
                out.add(new Instruction.CallHelper(call.helper().id()));
            case Lir.Exit() -> out.add(new Instruction.Exit());
            case Lir.At(String file, int line) -> {
                if (file != null) {
                    out.add(new Instruction.Line(file, line));
                }
            }
            case Lir.Branch _ -> throw new IllegalStateException("a branch ends its block");
        }
    }

    private void constant(Reg dst, long value, boolean wide) {
        if (!wide) {
            out.add(new Instruction.AluImm(AluOp.MOV, Width.W32, dst, (int) value));
        } else if (value == (int) value) {
            out.add(new Instruction.AluImm(AluOp.MOV, Width.W64, dst, (int) value));
        } else {
            out.add(new Instruction.LoadImm64(dst, value));
        }
    }
}
