package org.kprobe4j.handlers;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.Assembled;
import org.kprobe4j.asm.AtomicOp;
import org.kprobe4j.asm.Decoder;
import org.kprobe4j.asm.Instruction;
import org.kprobe4j.asm.JmpOp;
import org.kprobe4j.asm.Label;
import org.kprobe4j.asm.Reg;
import org.kprobe4j.asm.Size;
import org.kprobe4j.asm.Width;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.ScratchMemory;

/**
 * Runs a program in user space, from its bytes, exactly as the kernel's interpreter does, and refuses on the way what the
 * verifier refuses: registers and stack that were not written, pointers that are computed with, memory out of bounds.
 *
 * <p>Source: RFC 9669; kernel/bpf/core.c.
 */
final class Interpreter {
    static final int STACK_BYTES = 512;
    private static final int MAX_STEPS = 1_000_000;
    private static final int FP = 10;

    private final FakeKernel kernel;
    private final List<Instruction> program = new ArrayList<>();
    private final Map<Label, Integer> targets = new HashMap<>();
    private final List<String> maps = new ArrayList<>();
    private final Memory.Region account;
    private final Memory.Region scratch;
    private final int callBytes;

    private final long[] r = new long[11];
    private final boolean[] written = new boolean[11];
    private final boolean[] pointer = new boolean[11];
    private int steps;

    Interpreter(Assembled code, FakeKernel kernel, int accountSlots, int callBytes) {
        this(code, kernel, accountSlots, callBytes, 0);
    }

    Interpreter(Assembled code, FakeKernel kernel, int accountSlots, int callBytes, int scratchBytes) {
        this(kernel, accountSlots, callBytes, scratchBytes);
        take(Decoder.decode(
                code.link(this::fd, ByteOrder.LITTLE_ENDIAN, kernel.place), ByteOrder.LITTLE_ENDIAN, maps::get));
    }

    Interpreter(List<Instruction> code, FakeKernel kernel, int accountSlots, int callBytes) {
        this(kernel, accountSlots, callBytes, 0);
        take(code);
    }

    private Interpreter(FakeKernel kernel, int accountSlots, int callBytes, int scratchBytes) {
        this.kernel = kernel;
        this.scratch = kernel.memory.map("scratch", new byte[scratchBytes], true, true);
        this.callBytes = callBytes;
        this.account = kernel.memory.map("account", new byte[accountSlots * Long.BYTES], true, true);
        if (accountSlots > Account.ON) {
            switchTo(1);
        }
    }

    /** What a probe is switched to: 1 or 0. */
    void switchTo(int on) {
        kernel.memory.store(Size.DW, account.base() + (long) Account.ON * Long.BYTES, on);
    }

    private void take(List<Instruction> code) {
        for (Instruction instruction : code) {
            if (instruction instanceof Instruction.Mark(var label)) {
                targets.put(label, program.size());
            } else {
                program.add(instruction);
            }
        }
    }

    private int fd(String map) {
        if (!maps.contains(map)) {
            maps.add(map);
        }
        return maps.indexOf(map);
    }

    /** A counter of the program's account. */
    long count(int slot) {
        return kernel.memory.load(Size.DW, account.base() + (long) slot * Long.BYTES);
    }

    /** Instructions that the last run took. */
    int steps() {
        return steps;
    }

    /** One hit.
     *
     * @return r0 at the end
     */
    long run(byte[] context) {
        Arrays.fill(written, false);
        Arrays.fill(pointer, false);
        Memory.Region ctx = mapRegisters(context);
        Memory.Region stack = kernel.memory.map("stack", new byte[STACK_BYTES], true, false);
        set(Reg.of(1), ctx.base(), true);
        set(Reg.of(FP), stack.base() + STACK_BYTES, true);
        steps = 0;
        int at = 0;
        while (true) {
            if (++steps > MAX_STEPS) {
                throw new VerifierError("the program is too large: processed " + steps + " insn");
            }
            Instruction instruction = program.get(at);
            if (instruction instanceof Instruction.Exit) {
                break;
            }
            try {
                at = step(instruction, at + 1);
            } catch (VerifierError e) {
                throw new VerifierError("insn %d, %s: %s".formatted(at, instruction, e.getMessage()));
            }
        }
        kernel.memory.unmap(ctx);
        kernel.memory.unmap(stack);
        kernel.checkNothingReserved();
        return scalar(Reg.of(0));
    }

    /** Those of 32-bit Arm lie right below where their sp points, as at a return, where nothing else tells the stack pointer. */
    private Memory.Region mapRegisters(byte[] context) {
        var arm = Architecture.ARM;
        if (context.length == arm.registers().size() * arm.wordBytes()) {
            int sp = ByteBuffer.wrap(context)
                    .order(arm.byteOrder())
                    .getInt(arm.offset(arm.sp()).orElseThrow());
            long base = Integer.toUnsignedLong(sp) - Architecture.ARM_RETURN_REGISTERS_BYTES;
            if (base > 0) {
                return kernel.memory.mapAt(base, "ctx", context, false, true);
            }
        }
        return kernel.memory.map("ctx", context, false, true);
    }

    private int step(Instruction instruction, int next) {
        switch (instruction) {
            case Instruction.AluReg i -> alu(i);
            case Instruction.AluImm i -> aluImm(i);
            case Instruction.Neg(Width width, Reg dst) -> set(dst, narrow(width, -scalar(dst)), false);
            case Instruction.LoadImm64(Reg dst, long value) -> set(dst, value, false);
            case Instruction.LoadMap(Reg dst, String map) -> set(dst, fd(map), true);
            case Instruction.LoadMapValue(Reg dst, String map, int offset) -> {
                set(dst, (map.equals(Account.MAP) ? account.base() : kernel.cellAddress(map)) + offset, true);
            }
            case Instruction.Load(Size size, Reg dst, Reg base, int off) -> load(size, dst, base, off);
            case Instruction.StoreReg store -> store(store);
            case Instruction.StoreImm(Size size, Reg base, int off, int imm) ->
                kernel.memory.store(size, address(base) + off, imm);
            case Instruction.Atomic i
            when i.op() == AtomicOp.CMPXCHG -> {
                long at = address(i.base()) + i.off();
                long before = kernel.memory.load(i.size(), at);
                if (before == scalar(Reg.of(0))) {
                    kernel.memory.store(i.size(), at, scalar(i.src()));
                }
                set(Reg.of(0), before, false);
            }
            case Instruction.Atomic i
            when i.op() == AtomicOp.XCHG -> {
                long at = address(i.base()) + i.off();
                long before = kernel.memory.load(i.size(), at);
                kernel.memory.store(i.size(), at, scalar(i.src()));
                set(i.src(), before, false);
            }
            // Little endian already: what it was a pointer to is forgotten.
            case Instruction.ByteSwap(boolean toBigEndian, int bits, Reg dst)
            when !toBigEndian && bits == Long.SIZE -> set(dst, any(dst), false);
            case Instruction.Atomic i -> {
                long at = address(i.base()) + i.off();
                kernel.memory.store(i.size(), at, kernel.memory.load(i.size(), at) + scalar(i.src()));
            }
            case Instruction.Jump(Label target) -> {
                return target(target);
            }
            case Instruction.JumpReg(JmpOp op, Width width, Reg dst, Reg src, Label target) -> {
                return holds(op, width, compared(dst, width), compared(src, width)) ? target(target) : next;
            }
            case Instruction.JumpImm(JmpOp op, Width width, Reg dst, int imm, Label target) -> {
                long value = imm == 0 && width == Width.W64 ? any(dst) : compared(dst, width);
                return holds(op, width, value, imm) ? target(target) : next;
            }
            case Instruction.CallHelper(int id) -> call(id);
            case Instruction.CallKfunc(int btfId, int module)
            when btfId == FakeKernel.IS_RETURN && module == 0 -> {
                address(Reg.of(1));
                Arrays.fill(written, 0, 6, false);
                // A bool: the rest of the register is what happened to be there.
                set(Reg.of(0), 0x7fff_ff00L | (kernel.isReturn ? 1 : 0), false);
            }
            default -> throw new VerifierError("unknown opcode");
        }
        return next;
    }

    private int target(Label label) {
        return targets.get(label);
    }

    private long any(Reg reg) {
        if (!written[reg.code()]) {
            throw new VerifierError("R%d !read_ok".formatted(reg.code()));
        }
        return r[reg.code()];
    }

    private long scalar(Reg reg) {
        long value = any(reg);
        if (pointer[reg.code()]) {
            throw new VerifierError("R%d pointer arithmetic prohibited".formatted(reg.code()));
        }
        return value;
    }

    private long compared(Reg reg, Width width) {
        return width == Width.W64 ? any(reg) : scalar(reg);
    }

    private long address(Reg base) {
        long value = any(base);
        if (!pointer[base.code()]) {
            throw new VerifierError("R%d invalid mem access 'scalar'".formatted(base.code()));
        }
        return value;
    }

    private void set(Reg reg, long value, boolean isPointer) {
        r[reg.code()] = value;
        written[reg.code()] = true;
        pointer[reg.code()] = isPointer;
    }

    private static long narrow(Width width, long value) {
        return width == Width.W32 ? value & 0xffff_ffffL : value;
    }

    private void load(Size size, Reg dst, Reg base, int off) {
        long value = kernel.memory.load(size, address(base) + off);
        // What was spilled keeps its type.
        set(dst, value, size == Size.DW && kernel.memory.isPointer(address(base) + off));
    }

    private void store(Instruction.StoreReg store) {
        long at = address(store.base()) + store.off();
        kernel.memory.store(store.size(), at, any(store.src()));
        if (pointer[store.src().code()]) {
            kernel.memory.markPointer(at);
        }
    }

    private void alu(Instruction.AluReg i) {
        if (i.op() == AluOp.MOV && i.width() == Width.W64) {
            long value = any(i.src());
            set(i.dst(), value, pointer[i.src().code()]);
            return;
        }
        if (i.op() == AluOp.ADD && i.width() == Width.W64 && pointer[i.src().code()]) {
            set(i.dst(), scalar(i.dst()) + any(i.src()), true);
            return;
        }
        long b = scalar(i.src());
        if (i.op() == AluOp.ADD && i.width() == Width.W64 && pointer[i.dst().code()]) {
            set(i.dst(), any(i.dst()) + b, true);
            return;
        }
        if (i.op() == AluOp.MOV) {
            set(i.dst(), narrow(i.width(), b), false);
            return;
        }
        boolean moved = pointer[i.dst().code()] && i.op() == AluOp.ADD && i.width() == Width.W64;
        long a = moved ? any(i.dst()) : scalar(i.dst());
        set(i.dst(), compute(i.op(), i.width(), a, b), moved);
    }

    private void aluImm(Instruction.AluImm i) {
        if (i.op() == AluOp.MOV) {
            set(i.dst(), narrow(i.width(), i.imm()), false);
            return;
        }
        boolean moved = pointer[i.dst().code()] && i.op() == AluOp.ADD && i.width() == Width.W64;
        long a = moved ? any(i.dst()) : scalar(i.dst());
        set(i.dst(), compute(i.op(), i.width(), a, i.imm()), moved);
    }

    static long compute(AluOp op, Width width, long a, long b) {
        boolean wide = width == Width.W64;
        long x = narrow(width, a);
        long y = narrow(width, b);
        if ((op == AluOp.LSH || op == AluOp.RSH || op == AluOp.ARSH) && Long.compareUnsigned(y, width.bits()) >= 0) {
            throw new VerifierError("shift by " + y + " of " + width.bits() + " bits");
        }
        long result = switch (op) {
            case ADD -> x + y;
            case SUB -> x - y;
            case MUL -> x * y;
            case DIV -> y == 0 ? 0 : Long.divideUnsigned(x, y);
            case MOD -> y == 0 ? x : Long.remainderUnsigned(x, y);
            case OR -> x | y;
            case AND -> x & y;
            case XOR -> x ^ y;
            case LSH -> x << y;
            case RSH -> x >>> y;
            case ARSH -> wide ? x >> y : (int) x >> y;
            case MOV -> y;
            case NEG -> throw new VerifierError("NEG takes no operand");
        };
        return narrow(width, result);
    }

    private static boolean holds(JmpOp op, Width width, long a, long b) {
        long x = width == Width.W64 ? a : (int) a;
        long y = width == Width.W64 ? b : (int) b;
        // Both sign-extended: the unsigned order of two such numbers is that of their lower halves.
        return switch (op) {
            case JEQ -> x == y;
            case JNE -> x != y;
            case JSGT -> x > y;
            case JSGE -> x >= y;
            case JSLT -> x < y;
            case JSLE -> x <= y;
            case JGT -> Long.compareUnsigned(x, y) > 0;
            case JGE -> Long.compareUnsigned(x, y) >= 0;
            case JLT -> Long.compareUnsigned(x, y) < 0;
            case JLE -> Long.compareUnsigned(x, y) <= 0;
            case JSET -> (x & y) != 0;
        };
    }

    private void call(int id) {
        int arguments = switch (id) {
            case 5, 7, 8, 14, 15, 35, 80, 125, 158 -> 0;
            case 174 -> 1;
            case 1, 3, 16, 58, 88, 89, 132, 157 -> 2;
            case 27, 87, 112, 113, 114, 115, 131 -> 3;
            case 133, 134 -> 2;
            case 2, 67, 156 -> 4;
            default -> throw new VerifierError("unknown func#" + id);
        };
        for (int i = 1; i <= arguments; i++) {
            any(Reg.of(i));
        }
        long result;
        boolean isPointer = false;
        if (id == 131) {
            result = kernel.reserve(maps.get((int) address(Reg.of(1))), (int) scalar(Reg.of(2)));
            isPointer = result != 0;
        } else if (id == 132) {
            kernel.submit(address(Reg.of(1)));
            result = 0;
        } else if (id == 134) {
            result = kernel.query(maps.get((int) address(Reg.of(1))), scalar(Reg.of(2)));
        } else if (id == 133) {
            kernel.discard(address(Reg.of(1)));
            result = 0;
        } else if (id == 1 && maps.get((int) address(Reg.of(1))).equals(ScratchMemory.MAP)) {
            if (kernel.memory.load(Size.W, address(Reg.of(2))) != 0) {
                throw new VerifierError("the scratch memory has one entry");
            }
            result = scratch.base();
            isPointer = true;
        } else {
            boolean onMap = id <= 3 || (id >= 87 && id <= 89) || id == 156 || id == 157;
            String map = onMap ? maps.get((int) address(Reg.of(1))) : "";
            result = kernel.call(id, r, map, callBytes);
            isPointer = ((id == 1 || id == 156) && result != 0) || id == 158;
        }
        Arrays.fill(written, 0, 6, false);
        if (id != 132 && id != 133) {
            set(Reg.of(0), result, isPointer);
        }
    }
}
