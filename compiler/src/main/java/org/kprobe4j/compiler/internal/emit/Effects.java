package org.kprobe4j.compiler.internal.emit;

import java.util.function.IntConsumer;
import java.util.function.IntUnaryOperator;
import org.kprobe4j.asm.AluOp;
import org.kprobe4j.compiler.internal.lower.Lir;

/** Which registers an instruction reads and writes. */
final class Effects {
    /** r0 to r5 do not survive a call. */
    private static final int LAST_SCRATCH = 5;

    private Effects() {}

    static void forEachUse(Lir instruction, IntConsumer use) {
        switch (instruction) {
            case Lir.Move move -> accept(use, move.src());
            case Lir.Alu alu -> {
                accept(use, alu.src());
                if (alu.op() != AluOp.MOV) {
                    accept(use, alu.dst());
                }
            }
            case Lir.AluImm alu -> accept(use, alu.dst());
            case Lir.Negate negate -> accept(use, negate.dst());
            case Lir.Load load -> accept(use, load.base());
            case Lir.Store store -> {
                accept(use, store.base());
                accept(use, store.src());
            }
            case Lir.StoreImm store -> accept(use, store.base());
            case Lir.AtomicAdd add -> {
                accept(use, add.base());
                accept(use, add.src());
            }
            case Lir.CompareExchange exchange -> {
                use.accept(0);
                accept(use, exchange.base());
                accept(use, exchange.src());
            }
            case Lir.Exchange exchange -> {
                accept(use, exchange.base());
                accept(use, exchange.value());
            }
            case Lir.AsNumber number -> accept(use, number.dst());
            case Lir.Call call -> {
                for (int i = 1; i <= call.arguments(); i++) {
                    use.accept(i);
                }
            }
            case Lir.Exit _ -> use.accept(0);
            case Lir.Branch branch -> {
                accept(use, branch.a());
                accept(use, branch.b());
            }
            case Lir.Const _,
                    Lir.MapAddress _,
                    Lir.MapValue _,
                    Lir.PlaceNumber _,
                    Lir.PlaceValue _,
                    Lir.FrameAddress _,
                    Lir.At _ -> {}
        }
    }

    static void forEachDefinition(Lir instruction, IntConsumer definition) {
        if (instruction instanceof Lir.Call) {
            for (int i = 0; i <= LAST_SCRATCH; i++) {
                definition.accept(i);
            }
        } else {
            accept(definition, definition(instruction));
        }
    }

    /** The one register that it writes, or NONE; a call's are many. */
    static int definition(Lir instruction) {
        return switch (instruction) {
            case Lir.Move move -> move.dst();
            case Lir.Const c -> c.dst();
            case Lir.Alu alu -> alu.dst();
            case Lir.AluImm alu -> alu.dst();
            case Lir.Negate negate -> negate.dst();
            case Lir.MapAddress map -> map.dst();
            case Lir.MapValue map -> map.dst();
            case Lir.PlaceNumber place -> place.dst();
            case Lir.PlaceValue place -> place.dst();
            case Lir.FrameAddress frame -> frame.dst();
            case Lir.Load load -> load.dst();
            case Lir.CompareExchange _ -> 0;
            case Lir.Exchange exchange -> exchange.value();
            case Lir.AsNumber number -> number.dst();
            case Lir.Store _, Lir.StoreImm _, Lir.AtomicAdd _, Lir.Call _, Lir.Exit _, Lir.Branch _, Lir.At _ ->
                Lir.NONE;
        };
    }

    /** Whether it does more than to write the register that it defines. */
    static boolean changesMemory(Lir instruction) {
        return instruction instanceof Lir.CompareExchange || instruction instanceof Lir.Exchange;
    }

    /** Whether its result can be made anew wherever it is needed. */
    static boolean isRepeatable(Lir instruction) {
        return instruction instanceof Lir.Const
                || instruction instanceof Lir.MapAddress
                || instruction instanceof Lir.MapValue
                || instruction instanceof Lir.PlaceNumber
                || instruction instanceof Lir.PlaceValue
                || instruction instanceof Lir.FrameAddress;
    }

    private static void accept(IntConsumer consumer, int register) {
        if (register != Lir.NONE && register != Lir.FRAME) {
            consumer.accept(register);
        }
    }

    /** The same instruction on other registers. */
    static Lir rename(Lir instruction, IntUnaryOperator to) {
        return switch (instruction) {
            case Lir.Move(int dst, int src) -> new Lir.Move(to.applyAsInt(dst), to.applyAsInt(src));
            case Lir.Const(int dst, long value, boolean wide) -> new Lir.Const(to.applyAsInt(dst), value, wide);
            case Lir.Alu(var op, var width, int dst, int src) ->
                new Lir.Alu(op, width, to.applyAsInt(dst), to.applyAsInt(src));
            case Lir.AluImm(var op, var width, int dst, int imm) -> new Lir.AluImm(op, width, to.applyAsInt(dst), imm);
            case Lir.Negate(var width, int dst) -> new Lir.Negate(width, to.applyAsInt(dst));
            case Lir.MapAddress(int dst, var map) -> new Lir.MapAddress(to.applyAsInt(dst), map);
            case Lir.MapValue(int dst, var map, int offset) -> new Lir.MapValue(to.applyAsInt(dst), map, offset);
            case Lir.PlaceNumber(int dst) -> new Lir.PlaceNumber(to.applyAsInt(dst));
            case Lir.PlaceValue(int dst, var map, int rowBytes, int offset) ->
                new Lir.PlaceValue(to.applyAsInt(dst), map, rowBytes, offset);
            case Lir.FrameAddress(int dst, int offset) -> new Lir.FrameAddress(to.applyAsInt(dst), offset);
            case Lir.Load(var size, int dst, int base, int offset) ->
                new Lir.Load(size, to.applyAsInt(dst), to.applyAsInt(base), offset);
            case Lir.Store(var size, int base, int offset, int src) ->
                new Lir.Store(size, to.applyAsInt(base), offset, to.applyAsInt(src));
            case Lir.StoreImm(var size, int base, int offset, int imm) ->
                new Lir.StoreImm(size, to.applyAsInt(base), offset, imm);
            case Lir.AtomicAdd(var size, int base, int offset, int src) ->
                new Lir.AtomicAdd(size, to.applyAsInt(base), offset, to.applyAsInt(src));
            case Lir.CompareExchange(int base, int offset, int src) ->
                new Lir.CompareExchange(to.applyAsInt(base), offset, to.applyAsInt(src));
            case Lir.Exchange(int base, int offset, int value) ->
                new Lir.Exchange(to.applyAsInt(base), offset, to.applyAsInt(value));
            case Lir.AsNumber(int dst) -> new Lir.AsNumber(to.applyAsInt(dst));
            case Lir.Branch(var op, var width, int a, int b, int imm) ->
                new Lir.Branch(op, width, to.applyAsInt(a), b == Lir.NONE ? b : to.applyAsInt(b), imm);
            case Lir.Call _, Lir.Exit _, Lir.At _ -> instruction;
        };
    }
}
