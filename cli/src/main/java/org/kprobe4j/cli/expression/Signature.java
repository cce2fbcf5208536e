package org.kprobe4j.cli.expression;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.internal.Machine;

/**
 * What a function takes and gives.
 *
 * @param function its name
 * @param types the BTF that declares it; null if none does, arguments have numbers only then
 * @param parameters in their order
 * @param result the type that it returns, 0 for void
 */
public record Signature(String function, @Nullable Btf types, List<Parameter> parameters, int result) {
    /** Takes a copy. */
    public Signature {
        parameters = List.copyOf(parameters);
    }

    /**
     * A parameter.
     *
     * @param name may be empty
     * @param type in the BTF
     * @param register the number of the register that it comes in; -1 if it comes in none, or in several
     */
    public record Parameter(String name, int type, int register) {}

    /** Of a function of the running kernel; the compiler's copies ({@code .isra.0}) have none that is known. */
    public static Signature of(String function) {
        Optional<Btf> types = Machine.btf()
                .filter(kernel -> kernel.function(function).isPresent())
                .or(() -> Machine.TYPES.moduleWithFunction(function));
        return types.map(btf -> of(btf, function, Machine.architecture())).orElseGet(() -> unknown(function));
    }

    /** Whether it is known to return nothing. */
    public boolean returnsNothing() {
        return types != null && result == 0;
    }

    /** Of a function whose types are not known. */
    public static Signature unknown(String function) {
        return new Signature(function, null, List.of(), 0);
    }

    /** As a kernel's types have it. */
    static Signature of(Btf btf, String function, Architecture machine) {
        BtfType.FunctionProto prototype = btf.prototype(btf.function(function).orElseThrow());
        var parameters = new ArrayList<Parameter>();
        int register = 0;
        for (BtfType.Param parameter : prototype.params()) {
            int words = words(btf, parameter.type(), machine);
            int first = words > 1 ? (register + 1) & -2 : register;
            boolean known =
                    register >= 0 && words == 1 && machine.argument(first).isPresent();
            parameters.add(new Parameter(parameter.name(), parameter.type(), known ? first : -1));
            register = register < 0 || words == 0 ? -1 : first + words;
        }
        return new Signature(function, btf, parameters, prototype.result());
    }

    /** How many registers an argument takes; 0 for what goes by rules of its own. */
    private static int words(Btf btf, int type, Architecture machine) {
        return switch (btf.resolve(type)) {
            case BtfType.Int _, BtfType.Enumeration _ -> {
                long bytes = btf.sizeOf(type);
                yield bytes > Long.BYTES ? 0 : bytes > machine.wordBytes() ? 2 : 1;
            }
            case BtfType.Pointer _ -> 1;
            default -> 0;
        };
    }
}
