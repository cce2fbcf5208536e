package org.kprobe4j.compiler;

import java.util.ArrayList;
import java.util.List;
import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.Assembled;
import org.kprobe4j.asm.Assembler;
import org.kprobe4j.asm.Instruction;
import org.kprobe4j.asm.JmpOp;
import org.kprobe4j.asm.Label;
import org.kprobe4j.asm.Reg;
import org.kprobe4j.asm.Width;

/**
 * A return probe's two programs as one, which the kernel runs at both ends of a call and which asks it at which end it is: a session. Each
 * half keeps its own account. Since kernel: 6.10; by a trampoline, 7.0. Source: bpf_session_is_return() in kernel/trace/bpf_trace.c.
 *
 * @param entry the half at the entry, of a shape that {@linkplain ProgramShape.Entry#decides() decides}, but by a trampoline
 * @param back the half at the return
 * @param code both
 */
public record JoinedProgram(CompiledProgram entry, CompiledProgram back, Assembled code) {
    /** The kernel's function that tells the two ends apart. */
    public static final String IS_RETURN = "bpf_session_is_return";

    /** Symbolic name of the return half's {@link Account#MAP}. */
    public static final String BACK_ACCOUNT = "return_account";

    /** Symbolic name of the return half's {@link Places#HITS_MAP}. */
    public static final String BACK_HITS = "return_hits";

    private static final Reg CONTEXT = Reg.of(1);
    private static final Reg SAVED = Reg.of(6);

    /**
     * Joins two programs. The context survives the call in a register of which each half makes its own use only afterwards.
     *
     * @param entry the half at the entry
     * @param back the half at the return
     * @param isReturn id of {@link #IS_RETURN} in the kernel's BTF
     * @return the program
     */
    public static JoinedProgram of(CompiledProgram entry, CompiledProgram back, int isReturn) {
        var returned = new Label("returned");
        var code = new ArrayList<Instruction>();
        code.add(move(SAVED, CONTEXT));
        code.add(new Instruction.CallKfunc(isReturn, 0));
        code.add(move(CONTEXT, SAVED));
        // The function returns a bool: what lies above its byte is not defined.
        code.add(new Instruction.AluImm(AluOp.AND, Width.W64, Reg.of(0), 0xff));
        if (entry.code().size() <= Short.MAX_VALUE) {
            code.add(new Instruction.JumpImm(JmpOp.JNE, Width.W64, Reg.of(0), 0, returned));
        } else {
            // Where there are sessions, there are long jumps, which have no condition.
            var entered = new Label("entered");
            code.add(new Instruction.JumpImm(JmpOp.JEQ, Width.W64, Reg.of(0), 0, entered));
            code.add(new Instruction.LongJump(returned));
            code.add(new Instruction.Mark(entered));
        }
        code.addAll(entry.code().instructions());
        code.add(new Instruction.Mark(returned));
        back.code().instructions().forEach(instruction -> code.add(renamed(instruction)));
        return new JoinedProgram(entry, back, Assembler.assemble(code));
    }

    private static Instruction move(Reg to, Reg from) {
        return new Instruction.AluReg(AluOp.MOV, Width.W64, to, from);
    }

    private static Instruction renamed(Instruction instruction) {
        return switch (instruction) {
            case Instruction.LoadMap(var dst, var map) -> new Instruction.LoadMap(dst, renamed(map));
            case Instruction.LoadMapValue(var dst, var map, var offset) ->
                new Instruction.LoadMapValue(dst, renamed(map), offset);
            case Instruction.LoadPlaceValue(var dst, var map, var bytes, var offset) ->
                new Instruction.LoadPlaceValue(dst, renamed(map), bytes, offset);
            default -> instruction;
        };
    }

    private static String renamed(String map) {
        return switch (map) {
            case Account.MAP -> BACK_ACCOUNT;
            case Places.HITS_MAP -> BACK_HITS;
            default -> map;
        };
    }

    /**
     * The program to be loaded; its account is the entry's.
     *
     * @return with the code and the scratch memory of both
     */
    public CompiledProgram whole() {
        return new CompiledProgram(
                code,
                List.of(),
                entry.callBytes(),
                Math.max(entry.scratchBytes(), back.scratchBytes()),
                entry.faultSites(),
                List.of(),
                entry.registers());
    }
}
