package org.kprobe4j.internal.targets;

import java.util.BitSet;
import java.util.List;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfFunctions;
import org.kprobe4j.btf.BtfType;

/** What many functions take and give, in one pass over a kernel's types. */
public final class Prototypes {
    private final Btf btf;
    private final NameTable names = new NameTable();
    private final BitSet known = new BitSet();
    private int commonId = -1;
    private String common = "";
    private boolean differ;

    private Prototypes(Btf btf) {
        this.btf = btf;
    }

    /**
     * Whether functions are declared alike: BTF knows each of them, with the same parameters by type and name and the same result.
     *
     * @param btf the kernel's types
     * @param functions their names
     */
    public static boolean areAlike(Btf btf, List<String> functions) {
        Prototypes prototypes = new Prototypes(btf);
        for (String function : functions) {
            int _ = prototypes.names.add(function);
        }
        BtfFunctions.forEach(btf, prototypes::see);
        return !prototypes.differ && prototypes.known.cardinality() == prototypes.names.size();
    }

    private void see(int id, byte[] bytes, int from, int to) {
        int number = differ ? NameTable.NONE : names.find(bytes, from, to);
        if (number == NameTable.NONE || known.get(number) || !(btf.type(id) instanceof BtfType.Function function)) {
            return;
        }
        known.set(number);
        // BTF has each prototype once, mostly; where it has it twice the text tells.
        if (function.proto() != commonId) {
            String prototype = btf.declare(id).replace(function.name() + "(", "(");
            differ = commonId >= 0 && !prototype.equals(common);
            commonId = function.proto();
            common = prototype;
        }
    }
}
