package org.kprobe4j.asm;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;
import org.kprobe4j.asm.Instruction.*;

/** Random programs of every instruction form. */
final class Programs {
    private static final List<Label> LABELS =
            IntStream.range(0, 4).mapToObj(i -> new Label("T" + i)).toList();

    private Programs() {}

    /** Up to 40 instructions, the labels spread among them, one instruction at least after the last. */
    static Arbitrary<List<Instruction>> programs() {
        var places = Arbitraries.integers().between(0, 39).list().ofSize(LABELS.size());
        return Combinators.combine(instructions().list().ofMinSize(1).ofMaxSize(40), places)
                .as((body, at) -> {
                    var program = new ArrayList<Instruction>(body);
                    for (int i = 0; i < LABELS.size(); i++) {
                        program.add(at.get(i) % body.size(), new Mark(LABELS.get(i)));
                    }
                    program.add(new Exit());
                    return program;
                });
    }

    static Arbitrary<Instruction> instructions() {
        return Arbitraries.oneOf(List.of(alu(), aluImm(), special(), wide(), memory(), atomic(), jumps(), calls()));
    }

    private static Arbitrary<Instruction> alu() {
        return Combinators.combine(binaryOp(), width(), writable(), reg()).as(AluReg::new);
    }

    private static Arbitrary<Instruction> aluImm() {
        return Combinators.combine(binaryOp(), width(), writable(), Arbitraries.integers())
                .as((op, width, dst, imm) -> {
                    int fitting = op.isShift() ? imm & width.bits() - 1 : op.isDivision() && imm == 0 ? 1 : imm;
                    return new AluImm(op, width, dst, fitting);
                });
    }

    private static Arbitrary<Instruction> special() {
        var bits = Arbitraries.of(16, 32, 64);
        var division = Arbitraries.of(AluOp.DIV, AluOp.MOD);
        var notZero = Arbitraries.integers().filter(i -> i != 0);
        var extension = Arbitraries.of(
                Tuple.of(Width.W32, 8),
                Tuple.of(Width.W32, 16),
                Tuple.of(Width.W64, 8),
                Tuple.of(Width.W64, 16),
                Tuple.of(Width.W64, 32));
        return Arbitraries.oneOf(List.of(
                Combinators.combine(width(), writable()).as(Neg::new),
                Combinators.combine(Arbitraries.of(true, false), bits, writable())
                        .as(ByteSwap::new),
                Combinators.combine(bits, writable()).as(Bswap::new),
                Combinators.combine(division, width(), writable(), reg()).as(SignedAluReg::new),
                Combinators.combine(division, width(), writable(), notZero).as(SignedAluImm::new),
                Combinators.combine(extension, writable(), reg())
                        .as((e, dst, src) -> new SignExtendMov(e.get1(), e.get2(), dst, src))));
    }

    private static Arbitrary<Instruction> wide() {
        var map = Arbitraries.of("fd3", "fd4711");
        var offset = Arbitraries.integers().greaterOrEqual(0);
        return Arbitraries.oneOf(List.of(
                Combinators.combine(writable(), Arbitraries.longs()).as(LoadImm64::new),
                Combinators.combine(writable(), map).as(LoadMap::new),
                Combinators.combine(writable(), map, offset).as(LoadMapValue::new),
                Combinators.combine(writable(), label()).as(LoadFunction::new),
                Combinators.combine(writable(), Arbitraries.integers(), Arbitraries.integers())
                        .as(LoadBtfId::new)));
    }

    private static Arbitrary<Instruction> memory() {
        return Arbitraries.oneOf(List.of(
                Combinators.combine(size(), writable(), reg(), off()).as(Load::new),
                Combinators.combine(Arbitraries.of(Size.B, Size.H, Size.W), writable(), reg(), off())
                        .as(LoadSigned::new),
                Combinators.combine(size(), reg(), off(), reg()).as(StoreReg::new),
                Combinators.combine(size(), reg(), off(), Arbitraries.integers())
                        .as(StoreImm::new),
                Combinators.combine(size(), writable(), reg(), off()).as(LoadAcquire::new),
                Combinators.combine(size(), reg(), off(), reg()).as(StoreRelease::new)));
    }

    private static Arbitrary<Instruction> atomic() {
        return Combinators.combine(
                        Arbitraries.of(AtomicOp.class),
                        Arbitraries.of(Size.W, Size.DW),
                        Arbitraries.of(true, false),
                        reg(),
                        off(),
                        writable())
                .as(Atomic::new);
    }

    private static Arbitrary<Instruction> jumps() {
        var op = Arbitraries.of(JmpOp.class);
        return Arbitraries.oneOf(List.of(
                label().map(Jump::new),
                label().map(LongJump::new),
                label().map(MayGoto::new),
                Combinators.combine(op, width(), reg(), reg(), label()).as(JumpReg::new),
                Combinators.combine(op, width(), reg(), Arbitraries.integers(), label())
                        .as(JumpImm::new)));
    }

    private static Arbitrary<Instruction> calls() {
        return Arbitraries.oneOf(List.of(
                Arbitraries.integers().greaterOrEqual(1).map(CallHelper::new),
                Combinators.combine(Arbitraries.integers(), off()).as(CallKfunc::new),
                label().map(CallLocal::new),
                Arbitraries.just(new Exit())));
    }

    private static Arbitrary<AluOp> binaryOp() {
        return Arbitraries.of(AluOp.class).filter(op -> op != AluOp.NEG);
    }

    private static Arbitrary<Width> width() {
        return Arbitraries.of(Width.class);
    }

    private static Arbitrary<Size> size() {
        return Arbitraries.of(Size.class);
    }

    private static Arbitrary<Reg> reg() {
        return Arbitraries.of(Reg.class);
    }

    private static Arbitrary<Reg> writable() {
        return reg().filter(reg -> reg != Reg.FP);
    }

    private static Arbitrary<Integer> off() {
        return Arbitraries.integers().between(Short.MIN_VALUE, Short.MAX_VALUE);
    }

    private static Arbitrary<Label> label() {
        return Arbitraries.of(LABELS);
    }
}
