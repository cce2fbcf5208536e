package org.kprobe4j.compiler.internal.front;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.Size;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.btf.NearestNames;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.Planted;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.Value;

/** The probed function's own arguments: parameters by their names in its prototype, values by the calling convention. */
final class ArgumentValues {
    private record Prototype(Btf btf, BtfType.FunctionProto proto) {}

    private final Translation translation;
    private final List<Integer> kept = new ArrayList<>();
    private @Nullable Prototype prototype;

    ArgumentValues(Translation translation) {
        this.translation = translation;
    }

    /** The argument registers that a return handler reads, in the order in which the entry program keeps them. */
    List<Integer> kept() {
        return List.copyOf(kept);
    }

    /** {@code regs.args(T)}: what the registers hold at the function's first instruction. */
    static Operand ofRegisters(CallSite site) {
        switch (site.translation().request().shape()) {
            case ProgramShape.Return _ ->
                throw new Refusal(
                        "the argument registers hold other values by the time the function returns; use ri.args(%s), which are kept from its entry"
                                .formatted(type(site)));
            case ProgramShape.Post _ ->
                throw new Refusal(
                        "the argument registers may hold other values after the probed instruction; use regs.args(%s) in the pre handler"
                                .formatted(type(site)));
            case ProgramShape.Pre _, ProgramShape.Entry _ -> {}
        }
        requirePrototype(site);
        String symbol = site.translation().request().planted().symbolName();
        if (symbol.indexOf('+') >= 0 && site.translation().request().planted() instanceof Planted.One) {
            throw new Refusal(
                    "the argument registers hold the arguments at the function's first instruction only, and this probe is at %s; probe %s without an offset, or read the registers"
                            .formatted(symbol, symbol.substring(0, symbol.indexOf('+'))));
        }
        return new Operand.Arguments(site.typeArgument(1), false);
    }

    private static String type(CallSite site) {
        return Translation.javaName(site.typeArgument(1)) + ".class";
    }

    /** {@code ri.args(T)}: the same at the entry; at the return what was kept from there. */
    static Operand ofInstance(CallSite site) {
        boolean atReturn = site.translation().request().shape() instanceof ProgramShape.Return;
        requirePrototype(site);
        return new Operand.Arguments(site.typeArgument(1), atReturn);
    }

    /** {@code ri.arg(n)}: an argument register as it was at the entry. */
    static Operand ofInstanceByNumber(CallSite site) {
        Translation translation = site.translation();
        int register = RegisterReads.argumentNumber(site);
        Architecture machine = translation.request().architecture();
        if (machine.argument(register).isEmpty()) {
            throw RegisterReads.noArgument(register, machine);
        }
        ArgumentValues arguments = translation.arguments();
        boolean atReturn = translation.request().shape() instanceof ProgramShape.Return;
        Value word = atReturn ? arguments.fromEntry(register) : arguments.now(register);
        return new Operand.Scalar(
                word.kind() == Kind.LONG ? word : site.builder().extend(word));
    }

    private static void requirePrototype(CallSite site) {
        if (site.translation().request().planted() instanceof Planted.Many many
                && many.typesOf().isEmpty()) {
            throw new Refusal("the functions of %s do not all take the same arguments; read them by number%s"
                    .formatted(
                            many.symbolName(),
                            site.translation().request().shape() instanceof ProgramShape.Return
                                    ? " in the entry handler, regs.arg(0), and keep them in ri.data()"
                                    : ": regs.arg(0)"));
        }
    }

    /** A call on the arguments; null if it is a method with a body, to be compiled like any other. */
    @Nullable
    Operand call(CallSite site, Operand.Arguments receiver) {
        Accessor accessor = Accessor.called(site, receiver.type());
        if (accessor == null) {
            return null;
        }
        Prototype function = prototype();
        int index = index(function, accessor);
        BtfType.Param parameter = function.proto().params().get(index);
        var type = new KernelType(function.btf(), parameter.type());
        var wanted = new Wanted(accessor, "the parameter " + parameter.name());
        int register = register(function, index, wanted);
        var place = new Place.Register(receiver.kept() ? fromEntry(register) : now(register));
        KernelValues values = translation.kernelTypes().values();
        return accessor.isIndexed() ? values.indexed(site, place, type, wanted) : values.value(place, type, wanted);
    }

    /** The type that the function returns; of several, one that all return. */
    KernelType returned() {
        if (translation.request().planted() instanceof Planted.Many many
                && many.typesOf().isEmpty()) {
            throw new Refusal(
                    "the functions of %s do not all have the same prototype, so what they return has no one type; use regs.returnValue(), the whole register"
                            .formatted(many.symbolName()));
        }
        String name = function();
        Prototype known = prototype(
                "the kernel's BTF does not have the type that %s returns; use regs.returnValue(), the whole register"
                        .formatted(name));
        if (known.proto().result() == 0) {
            throw new Refusal("%s returns nothing (void)".formatted(name));
        }
        return new KernelType(known.btf(), known.proto().result());
    }

    private Prototype prototype() {
        return prototype("the kernel's BTF does not have the parameters of %s; read them with regs.arg(n)"
                .formatted(function()));
    }

    private Prototype prototype(String unknown) {
        Prototype known = prototype;
        if (known == null) {
            String name = function();
            Btf kernel = translation.kernelTypes().btf();
            Btf owner = kernel.function(name).isPresent()
                    ? kernel
                    : translation.request().btf().moduleWithFunction(name).orElseThrow(() -> new Refusal(unknown));
            known = new Prototype(owner, owner.prototype(owner.function(name).orElseThrow()));
            prototype = known;
        }
        return known;
    }

    private String function() {
        return switch (translation.request().planted()) {
            case Planted.One one -> one.symbolName();
            // Whoever has arguments to ask was not refused them.
            case Planted.Many many -> many.typesOf().orElseThrow();
        };
    }

    private int index(Prototype function, Accessor accessor) {
        List<String> names =
                function.proto().params().stream().map(BtfType.Param::name).toList();
        int index = names.indexOf(accessor.name());
        if (index < 0) {
            index = names.indexOf(KernelTypes.snakeCase(accessor.name()));
        }
        if (index < 0) {
            String wanted = KernelTypes.snakeCase(accessor.name());
            throw new Refusal("%s has no parameter %s%s; it has %s"
                    .formatted(
                            function(),
                            wanted,
                            KernelTypes.suggestion(NearestNames.nearest(wanted, names.stream(), 3)),
                            names.isEmpty() ? "none" : String.join(", ", names)));
        }
        return index;
    }

    /** The number of the register that a parameter is in: what comes before it takes one or more. */
    private int register(Prototype function, int index, Wanted wanted) {
        Architecture machine = translation.request().architecture();
        int register = 0;
        for (int i = 0; i < index; i++) {
            BtfType.Param before = function.proto().params().get(i);
            int words = words(new KernelType(function.btf(), before.type()), machine);
            if (words == 0) {
                throw wanted.refuse(
                        "comes after %s, a structure passed by value, so its register is not known; look it up and use regs.arg(n)"
                                .formatted(before.name()));
            }
            register = aligned(register, words) + words;
        }
        var type = new KernelType(
                function.btf(), function.proto().params().get(index).type());
        int words = words(type, machine);
        if (words == 0) {
            throw wanted.refuse("is %s, a structure passed by value; look up its registers and use regs.arg(n)"
                    .formatted(type.spelled()));
        }
        int first = aligned(register, words);
        int last = first + words - 1;
        if (machine.argument(last).isEmpty()) {
            throw wanted.refuse("is not in a register on %s; read the stack, from regs.sp() on, with Kernel.readLong"
                    .formatted(machine.registerSet()));
        }
        if (words > 1) {
            throw wanted.refuse("is %s, of 64 bits, and takes two registers of %s; use regs.arg(%d) and regs.arg(%d)"
                    .formatted(type.spelled(), machine.registerSet(), first, last));
        }
        return first;
    }

    /** A number of two registers starts at an even one. */
    private static int aligned(int register, int words) {
        return words > 1 ? (register + 1) & -2 : register;
    }

    /** How many registers an argument takes; 0 for what goes by rules of its own. */
    private static int words(KernelType type, Architecture machine) {
        return switch (type.target()) {
            case BtfType.Int _, BtfType.Enumeration _ -> {
                int bytes = type.sizeBytes();
                yield bytes > Long.BYTES ? 0 : bytes > machine.wordBytes() ? 2 : 1;
            }
            case BtfType.Pointer _ -> 1;
            default -> 0;
        };
    }

    private Value now(int register) {
        Architecture machine = translation.request().architecture();
        int offset = machine.argument(register).flatMap(machine::offset).orElseThrow();
        boolean wide = machine.wordBytes() == Long.BYTES;
        return translation
                .builder()
                .append(wide ? Kind.LONG : Kind.INT, new Opcode.Context(offset, wide ? Size.DW : Size.W));
    }

    private Value fromEntry(int register) {
        if (!kept.contains(register)) {
            kept.add(register);
        }
        GraphBuilder builder = translation.builder();
        int offset = translation.dataBytes() + kept.indexOf(register) * Long.BYTES;
        Value word = builder.append(Kind.LONG, new Opcode.DataLoad(offset, Size.DW, false));
        return translation.request().architecture().wordBytes() == Long.BYTES ? word : builder.truncate(word);
    }
}
