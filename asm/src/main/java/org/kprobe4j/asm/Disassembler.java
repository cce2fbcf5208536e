package org.kprobe4j.asm;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.kprobe4j.asm.Instruction.*;

/**
 * Writes instructions in the notation of the verifier's log and of bpftool; jumps count slots from the next instruction.
 *
 * <p>Source: kernel/bpf/disasm.c.
 */
public final class Disassembler {
    private final Map<Label, Integer> slotOf = new HashMap<>();
    private final StringBuilder text = new StringBuilder();
    private int slot;

    private Disassembler() {}

    /**
     * A listing, one instruction a line with its slot, source lines as comments before it.
     *
     * @param program instructions and directives
     * @return text that ends with a newline, or the empty text
     */
    public static String disassemble(List<Instruction> program) {
        var disassembler = new Disassembler();
        disassembler.findLabels(program);
        for (var instruction : program) {
            disassembler.list(instruction);
        }
        return disassembler.text.toString();
    }

    /**
     * One instruction, without its slot; a jump names its label.
     *
     * @param instruction an instruction or directive
     * @return a line without its end
     */
    public static String format(Instruction instruction) {
        return new Disassembler().notation(instruction);
    }

    private void findLabels(List<Instruction> program) {
        int at = 0;
        for (var instruction : program) {
            if (instruction instanceof Mark(var label)) {
                slotOf.put(label, at);
            }
            at += instruction.slots();
        }
    }

    private void list(Instruction instruction) {
        switch (instruction) {
            case Mark _ -> {}
            case Line _ -> text.append(notation(instruction)).append('\n');
            default ->
                text.append("%4d: ".formatted(slot))
                        .append(notation(instruction))
                        .append('\n');
        }
        slot += instruction.slots();
    }

    private String notation(Instruction instruction) {
        return switch (instruction) {
            case AluReg i -> reg(i.width(), i.dst()) + " " + i.op().symbol() + " " + reg(i.width(), i.src());
            case AluImm i -> reg(i.width(), i.dst()) + " " + i.op().symbol() + " " + i.imm();
            case SignedAluReg i -> reg(i.width(), i.dst()) + " s" + i.op().symbol() + " " + reg(i.width(), i.src());
            case SignedAluImm i -> reg(i.width(), i.dst()) + " s" + i.op().symbol() + " " + i.imm();
            case SignExtendMov i -> reg(i.width(), i.dst()) + " = (s" + i.bits() + ")" + reg(i.width(), i.src());
            case Neg i -> reg(i.width(), i.dst()) + " = -" + reg(i.width(), i.dst());
            case ByteSwap i -> reg(i.dst()) + " = " + (i.toBigEndian() ? "be" : "le") + i.bits() + " " + reg(i.dst());
            case Bswap i -> reg(i.dst()) + " = bswap" + i.bits() + " " + reg(i.dst());
            case LoadImm64 i -> reg(i.dst()) + " = 0x" + Long.toHexString(i.value()) + " ll";
            case LoadMap i -> reg(i.dst()) + " = map[" + i.map() + "]";
            case LoadMapValue i -> reg(i.dst()) + " = map[" + i.map() + "][0]+" + i.offset();
            case LoadPlace i -> reg(Width.W32, i.dst()) + " = place";
            case LoadPlaceValue i ->
                reg(i.dst()) + " = map[" + i.map() + "][0]+" + i.offset() + "+" + i.rowBytes() + "*place";
            case LoadFunction i -> reg(i.dst()) + " = subprog[" + distance(i.target()) + "]";
            case LoadBtfId i -> reg(i.dst()) + " = btf[" + i.typeId() + "," + i.moduleBtfFd() + "]";
            case Line(var file, var line) -> "; " + file + ":" + line;
            case Mark(var label) -> label + ":";
            default -> memoryOrControl(instruction);
        };
    }

    private String memoryOrControl(Instruction instruction) {
        return switch (instruction) {
            case Load i -> reg(i.dst()) + " = *" + place("u", i.size(), i.base(), i.off());
            case LoadSigned i -> reg(i.dst()) + " = *" + place("s", i.size(), i.base(), i.off());
            case StoreReg i -> "*" + place("u", i.size(), i.base(), i.off()) + " = " + reg(i.src());
            case StoreImm i -> "*" + place("u", i.size(), i.base(), i.off()) + " = " + i.imm();
            case Atomic i -> atomic(i);
            case LoadAcquire i -> reg(i.dst()) + " = load_acquire(" + place("u", i.size(), i.base(), i.off()) + ")";
            case StoreRelease i ->
                "store_release(" + place("u", i.size(), i.base(), i.off()) + ", " + reg(i.src()) + ")";
            case Jump(var target) -> "goto " + distance(target);
            case LongJump(var target) -> "gotol " + distance(target);
            case MayGoto(var target) -> "may_goto " + distance(target);
            case JumpReg i -> condition(i.width(), i.dst(), i.op(), reg(i.width(), i.src()), i.target());
            case JumpImm i -> condition(i.width(), i.dst(), i.op(), Integer.toString(i.imm()), i.target());
            case CallHelper(var id) -> "call " + Helper.nameOf(id).orElse("unknown") + "#" + id;
            case CallKfunc(var id, var module) -> "call kfunc#" + id + (module == 0 ? "" : "@" + module);
            case CallLocal(var target) -> "call " + distance(target);
            case Exit _ -> "exit";
            default -> throw new IllegalStateException("no notation for " + instruction);
        };
    }

    private static String atomic(Atomic i) {
        var place = place("u", i.size(), i.base(), i.off());
        if (!i.fetch()) {
            return "lock *" + place + " " + i.op().symbol() + " " + reg(i.src());
        }
        var prefix = i.size() == Size.DW ? "atomic64_" : "atomic_";
        return switch (i.op()) {
            case CMPXCHG -> "r0 = " + prefix + "cmpxchg(" + place + ", r0, " + reg(i.src()) + ")";
            case XCHG -> reg(i.src()) + " = " + prefix + "xchg(" + place + ", " + reg(i.src()) + ")";
            default ->
                reg(i.src()) + " = " + prefix + "fetch_" + i.op().word() + "(" + place + ", " + reg(i.src()) + ")";
        };
    }

    private String condition(Width width, Reg dst, JmpOp op, String operand, Label target) {
        return "if " + reg(width, dst) + " " + op.symbol() + " " + operand + " goto " + distance(target);
    }

    private static String place(String sign, Size size, Reg base, int off) {
        return "(" + sign + size.bytes() * 8 + " *)(" + reg(base) + " " + (off < 0 ? "" : "+") + off + ")";
    }

    private static String reg(Reg reg) {
        return "r" + reg.code();
    }

    private static String reg(Width width, Reg reg) {
        return (width == Width.W32 ? "w" : "r") + reg.code();
    }

    private String distance(Label target) {
        Integer at = slotOf.get(target);
        if (at == null) {
            return "<" + target + ">";
        }
        int distance = at - slot - 1;
        return distance < 0 ? Integer.toString(distance) : "+" + distance;
    }
}
