package org.kprobe4j.btf;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What many functions take and give, as C and by their names: one pass over the types finds them all, and how a type is written is found
 * out once. Not safe for use by several threads.
 */
public final class FunctionPrototypes {
    /** Stands for the name in what is kept; no name has it. */
    private static final String NAME = "\1";

    private final Btf btf;
    /** Of several functions of one name the first, as {@link Btf#function} finds it. */
    private final Map<String, Integer> ids = new HashMap<>();

    private final @Nullable Around[] types;
    private final @Nullable Around[] prototypes;

    /** What stands before and behind a name. */
    private record Around(String before, String after, String unnamed) {}

    private FunctionPrototypes(Btf btf) {
        this.btf = btf;
        this.types = new @Nullable Around[btf.endId()];
        this.prototypes = new @Nullable Around[btf.endId()];
    }

    /**
     * Of a kernel or a module.
     *
     * @param btf its types; of a module's only its own functions are found
     * @return the prototypes
     * @throws BtfException on damage
     */
    public static FunctionPrototypes of(Btf btf) {
        var made = new FunctionPrototypes(btf);
        BtfFunctions.forEach(
                btf,
                (id, bytes, from, to) ->
                        made.ids.putIfAbsent(new String(bytes, from, to - from, StandardCharsets.UTF_8), id));
        return made;
    }

    /**
     * A function's prototype, as {@link Btf#declare} writes it.
     *
     * @param name as in the symbol table
     * @return such as {@code void kfree(const void *object)}; empty if the types do not have the function
     * @throws BtfException on damage
     */
    public Optional<String> of(String name) {
        Integer id = ids.get(name);
        if (id == null || !(btf.type(id) instanceof BtfType.Function function)) {
            return Optional.empty();
        }
        Around around = prototype(function);
        return Optional.of(around.before() + name + around.after());
    }

    private Around prototype(BtfType.Function function) {
        int id = function.proto();
        Around known = id > 0 && id < prototypes.length ? prototypes[id] : null;
        if (known == null) {
            BtfType.FunctionProto proto = btf.prototype(function);
            Around result = around(proto.result());
            known = new Around(result.before(), parameters(proto) + result.after(), "");
            prototypes[id] = known;
        }
        return known;
    }

    private String parameters(BtfType.FunctionProto proto) {
        var text = new StringBuilder("(");
        for (BtfType.Param param : proto.params()) {
            text.append(text.length() > 1 ? ", " : "");
            Around type = around(param.type());
            if (param.name().isEmpty()) {
                text.append(type.unnamed());
            } else {
                text.append(type.before()).append(param.name()).append(type.after());
            }
        }
        if (proto.variadic()) {
            text.append(text.length() > 1 ? ", ..." : "...");
        }
        return text.append(text.length() > 1 ? ")" : "void)").toString();
    }

    private Around around(int type) {
        Around known = type >= 0 && type < types.length ? types[type] : null;
        if (known == null) {
            String text = new CDeclaration(btf).reference(type, NAME);
            int at = text.indexOf(NAME);
            known = new Around(text.substring(0, at), text.substring(at + NAME.length()), btf.nameOf(type));
            types[type] = known;
        }
        return known;
    }
}
