package org.kprobe4j.internal.targets;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.symbols.SymbolLine;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfFunctions;
import org.kprobe4j.btf.ParameterType;

/** The names of the functions that take a type, of the kernel and of each module. */
final class TypedNames {
    private final NameTable kernel = new NameTable();
    private final List<OfModule> modules = new ArrayList<>();
    private boolean known;

    private record OfModule(String module, NameTable names) {}

    private TypedNames() {}

    /**
     * Reads them; none on a kernel without BTF.
     *
     * @param types the kernel's and its modules'
     * @param wanted what the functions take
     */
    static TypedNames of(KernelTypes types, ParameterType wanted) {
        TypedNames typed = new TypedNames();
        types.kernel().ifPresent(btf -> typed.add(btf, wanted, typed.kernel));
        for (String module : types.modules()) {
            types.module(module).ifPresent(btf -> {
                NameTable names = new NameTable();
                typed.add(btf, wanted, names);
                typed.modules.add(new OfModule(module, names));
            });
        }
        return typed;
    }

    private void add(Btf btf, ParameterType wanted, NameTable names) {
        known = known || wanted.existsIn(btf);
        BtfFunctions.forEachTaking(btf, wanted, (id, bytes, from, to) -> {
            int _ = names.add(bytes, from, to);
        });
    }

    /** Whether the kernel or a module knows the type at all. */
    boolean isKnown() {
        return known;
    }

    /** Whether a function takes the type: BTF has the name without what the compiler added, or with it. */
    boolean contains(SymbolLine line, int stemEnd) {
        NameTable names = kernel;
        if (line.hasModule()) {
            NameTable own = ofModule(line);
            if (own == null) {
                return false;
            }
            names = own;
        }
        return names.find(line.bytes(), line.nameFrom(), stemEnd) != NameTable.NONE
                || names.find(line.bytes(), line.nameFrom(), line.nameTo()) != NameTable.NONE;
    }

    private @Nullable NameTable ofModule(SymbolLine line) {
        for (OfModule module : modules) {
            if (module.module().equals(line.module())) {
                return module.names();
            }
        }
        return null;
    }
}
