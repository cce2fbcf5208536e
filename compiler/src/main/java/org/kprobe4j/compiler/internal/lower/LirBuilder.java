package org.kprobe4j.compiler.internal.lower;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.JmpOp;
import org.kprobe4j.asm.Size;
import org.kprobe4j.asm.Width;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.internal.ir.Position;

/** Appends instructions to the current block of a program. */
final class LirBuilder {
    private final LirProgram program = new LirProgram();
    private LirBlock current = program.block(0);
    private final Deque<Runnable> asides = new ArrayDeque<>();
    private final List<Runnable> last = new ArrayList<>();
    /** What the current block has loaded since its last call, constants and addresses; their registers are never written again. */
    private final Map<Object, Integer> loaded = new HashMap<>();

    private @Nullable Position position;

    LirBuilder() {
        program.blocks().add(current);
    }

    LirProgram program() {
        return program;
    }

    LirBlock current() {
        return current;
    }

    int register() {
        return program.register();
    }

    void add(Lir instruction) {
        current.code().add(instruction);
        if (instruction instanceof Lir.Call) {
            loaded.clear();
        }
    }

    /** Notes the source line of what follows; a class compiled without line numbers has line 0 everywhere. */
    void at(Position where) {
        if (where.line() > 0 && !where.equals(position)) {
            position = where;
            add(new Lir.At(where.file(), where.line()));
        }
    }

    /** A block for later use. */
    LirBlock block() {
        return program.block(current.loopDepth());
    }

    /** Puts a block into the program's order and goes on in it. */
    void place(LirBlock block) {
        program.blocks().add(block);
        current = block;
        loaded.clear();
        if (position != null) {
            add(new Lir.At(position.file(), position.line()));
        }
    }

    /** Fills a block that is seldom reached; it comes after all others, so that what follows here falls through to the next. */
    void aside(LirBlock block, Runnable content) {
        Position here = position;
        asides.add(() -> {
            position = here;
            place(block);
            content.run();
        });
    }

    /** Fills a block that stands behind everything else and belongs to no line of the handler. */
    void last(LirBlock block, Runnable content) {
        last.add(() -> {
            position = null;
            place(block);
            content.run();
        });
    }

    /** Places what was put aside; the program is complete then. */
    void finish() {
        while (!asides.isEmpty()) {
            asides.removeFirst().run();
        }
        last.forEach(Runnable::run);
    }

    void jump(LirBlock target) {
        current.successors().add(target);
    }

    void branch(JmpOp op, Width width, int a, int b, LirBlock yes, LirBlock no) {
        add(new Lir.Branch(op, width, a, b, 0));
        current.successors().add(yes);
        current.successors().add(no);
    }

    void branchImm(JmpOp op, Width width, int a, int imm, LirBlock yes, LirBlock no) {
        add(new Lir.Branch(op, width, a, Lir.NONE, imm));
        current.successors().add(yes);
        current.successors().add(no);
    }

    int copy(int src) {
        int dst = register();
        add(new Lir.Move(dst, src));
        return dst;
    }

    /** A register that holds a long, to be read only. */
    int constant(long value) {
        return loaded.computeIfAbsent(value, _ -> {
            int dst = register();
            add(new Lir.Const(dst, value, true));
            return dst;
        });
    }

    /** A register that holds a long, to be changed. */
    int constantCopy(long value) {
        int dst = register();
        add(new Lir.Const(dst, value, true));
        return dst;
    }

    void alu(AluOp op, Width width, int dst, int src) {
        add(new Lir.Alu(op, width, dst, src));
    }

    void aluImm(AluOp op, Width width, int dst, int imm) {
        add(new Lir.AluImm(op, width, dst, imm));
    }

    int load(Size size, int base, int offset) {
        int dst = register();
        add(new Lir.Load(size, dst, base, offset));
        return dst;
    }

    /** Calls a helper whose arguments are in place; the result in a fresh register. */
    int call(Helper helper, int arguments) {
        add(new Lir.Call(helper, arguments));
        return copy(0);
    }

    void exit() {
        exit(0);
    }

    /** Ends the program with a result. */
    void exit(int result) {
        add(new Lir.Const(0, result, false));
        add(new Lir.Exit());
    }

    /** A register that holds the address of a byte in an array map's value, to be read only. */
    int mapValue(String map, int offset) {
        return loaded.computeIfAbsent(map + '+' + offset, _ -> {
            int dst = register();
            add(new Lir.MapValue(dst, map, offset));
            return dst;
        });
    }

    /** Adds one to a slot of the account. */
    void count(int slot) {
        int address = mapValue(Account.MAP, slot * Long.BYTES);
        add(new Lir.AtomicAdd(Size.DW, address, 0, constant(1)));
    }
}
