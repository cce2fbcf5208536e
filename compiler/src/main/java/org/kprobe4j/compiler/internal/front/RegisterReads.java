package org.kprobe4j.compiler.internal.front;

import java.util.List;
import java.util.Map;
import org.kprobe4j.asm.Size;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.RecordLayout;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.Value;

/** The registers at the probe: one of them, all of them, and the names of the flags in one. */
final class RegisterReads {
    private RegisterReads() {}

    /** What a handler asks its registers. */
    static Operand call(CallSite site) {
        return switch (site.name()) {
            case "args" -> ArgumentValues.ofRegisters(site);
            case "flagNames" -> flagNames(site);
            case "toString", "equals", "hashCode" ->
                throw new Refusal(
                        "a handler can print the registers, send them in an event, or read them one by one; it cannot call PtRegs."
                                + site.name());
            default -> named(site);
        };
    }

    /** A word of {@code struct pt_regs}, by the neutral name or the machine's own. */
    private static Operand named(CallSite site) {
        Architecture machine = machine(site);
        String register = switch (site.name()) {
            case "ip" -> site.owner().equals(Api.REGISTERS) ? machine.ip() : "ip";
            case "sp" -> machine.sp();
            case "returnValue" -> machine.returnValue();
            case "arg" -> argumentRegister(site, machine);
            case "x", "r" -> site.name() + constant(site, 1);
            default -> site.name();
        };
        boolean signed = site.name().equals("returnValue") || site.name().equals("arg");
        return new Operand.Scalar(read(site, register, signed));
    }

    private static Architecture machine(CallSite site) {
        return site.translation().request().architecture();
    }

    /** The one place where a register is read: a word as a LONG, what is declared as an int as an INT. */
    private static Value read(CallSite site, String register, boolean signed) {
        Architecture machine = machine(site);
        int offset = machine.offset(register)
                .orElseThrow(() -> new Refusal("%s has no register %s; it has %s"
                        .formatted(
                                machine.registerSet(),
                                register,
                                machine.registers().keySet())));
        GraphBuilder builder = site.builder();
        Value after = new RegisterValues(site.translation()).afterInstruction(register);
        if (machine.sizeBytes(register) == Long.BYTES) {
            return after == null ? builder.append(Kind.LONG, new Opcode.Context(offset, Size.DW)) : after;
        }
        Value word =
                after == null ? builder.append(Kind.INT, new Opcode.Context(offset, Size.W)) : builder.truncate(after);
        if (machine.wordBytes() == Long.BYTES) {
            return word;
        }
        return signed ? builder.extend(word) : builder.zeroExtend(word);
    }

    private static String argumentRegister(CallSite site, Architecture machine) {
        int index = argumentNumber(site);
        return machine.argument(index).orElseThrow(() -> noArgument(index, machine));
    }

    /** An argument that is not in a register. */
    static Refusal noArgument(int index, Architecture machine) {
        return new Refusal("arg(%d) is not in a register on %s; name the registers yourself or read the stack"
                .formatted(index, machine.registerSet()));
    }

    /** The number that {@code arg} is given. */
    static int argumentNumber(CallSite site) {
        return constant(site, 1);
    }

    private static int constant(CallSite site, int index) {
        if (site.argument(index) instanceof Operand.Scalar(Value.Constant(var kind, long value))) {
            return (int) value;
        }
        throw new Refusal("%s needs a constant number".formatted(site.name()));
    }

    // ---- all of them ----

    /** Whether a type is that of this machine's registers; those of another are not here. */
    static boolean isOwnSet(CallSite site, Class<?> type) {
        if (type.getName().replace('.', '/').equals(ownSet(site))) {
            return true;
        }
        if (type.getName().replace('.', '/').startsWith(Api.REGISTERS + "$")) {
            throw new Refusal("these are the registers of %s, not PtRegs.%s; use a switch over the register sets"
                    .formatted(machine(site).registerSet(), type.getSimpleName()));
        }
        return false;
    }

    private static String ownSet(CallSite site) {
        return Api.REGISTERS + "$" + machine(site).registerSet();
    }

    /** The registers, each in eight bytes, as the record of their set lies in memory. */
    static void all(CallSite site, int offset, List<Opcode.Field> fields, List<Value> values) {
        Architecture machine = machine(site);
        var changed = new RegisterValues(site.translation());
        int at = offset;
        for (Map.Entry<String, Integer> register : machine.registers().entrySet()) {
            Value after = changed.afterInstruction(register.getKey());
            if (after != null) {
                values.add(after);
                fields.add(new Opcode.Field.Scalar(at, Size.DW, values.size() - 1));
            } else {
                Size size = Size.ofBytes(machine.sizeBytes(register.getKey()));
                fields.add(new Opcode.Field.Register(at, register.getValue(), size));
            }
            at += Long.BYTES;
        }
    }

    /** Which of the sets a value is of. */
    static Class<? extends Record> set(
            CallSite site, Operand value, List<Class<? extends Record>> sets, RecordLayout.Component component) {
        String name = switch (value) {
            case Operand.Registers _ -> ownSet(site);
            case Operand.Host(Object object)
            when object != null -> object.getClass().getName().replace('.', '/');
            default -> "";
        };
        return sets.stream()
                .filter(set -> set.getName().replace('.', '/').equals(name))
                .findFirst()
                .orElseThrow(() ->
                        new Refusal("the component %s takes the handler's registers".formatted(component.name())));
    }

    // ---- flags ----

    /** {@code regs.flagNames()} of the registers at the probe, or {@code PtRegs.X86.flagNames(long)} of a number. */
    static Operand flagNames(CallSite site) {
        if (site.isStatic()) {
            return new Operand.FlagNames(site.scalar(0), site.owner().substring(Api.REGISTERS.length() + 1));
        }
        Architecture machine = machine(site);
        return new Operand.FlagNames(read(site, machine.flags(), false), machine.registerSet());
    }

    static Refusal onlyPrinted() {
        return new Refusal(
                "names of flags are made outside: a handler can print them; in an event send the registers, or the number, and ask PtRegs.X86.flagNames(number) there");
    }
}
