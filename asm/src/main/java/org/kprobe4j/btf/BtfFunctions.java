package org.kprobe4j.btf;

/**
 * The functions of a BTF one by one, without an object for any of them. A module's types are those of the module alone, without the
 * kernel's.
 *
 * <p>BTF has one prototype for a name. Where several static functions share the name it may be that of any of them, and newer
 * kernels leave such functions out if they differ. Source: kernel/bpf/btf.c, btf_encoder.c of pahole.
 */
public final class BtfFunctions {
    private static final byte NO = 1;
    private static final byte YES = 2;
    private static final int FIRST_NAME_BYTES = 512;

    private BtfFunctions() {}

    /** Sees one function. */
    @FunctionalInterface
    public interface Visitor {
        /**
         * One function.
         *
         * @param id its type's
         * @param bytes hold the name, and the next function's after the call
         * @param from where it begins
         * @param to where it ends, exclusive
         */
        void function(int id, byte[] bytes, int from, int to);
    }

    /**
     * Shows all functions.
     *
     * @param btf a kernel's or a module's types
     * @param visitor sees each
     * @throws BtfException on damage
     */
    public static void forEach(Btf btf, Visitor visitor) {
        TypeSection types = btf.ownTypes();
        Shown shown = new Shown(btf, types, visitor);
        for (int id = types.firstId(); id < types.endId(); id++) {
            if (types.kind(id) == BtfKind.FUNC) {
                shown.show(id);
            }
        }
    }

    /**
     * Shows the functions that have a parameter of a type.
     *
     * @param btf a kernel's or a module's types
     * @param wanted the type
     * @param visitor sees each of them
     * @throws BtfException on damage
     */
    public static void forEachTaking(Btf btf, ParameterType wanted, Visitor visitor) {
        TypeSection types = btf.ownTypes();
        Shown shown = new Shown(btf, types, visitor);
        // By type: what is known of it. Few types stand for the parameters of all functions.
        byte[] known = new byte[btf.endId()];
        for (int id = types.firstId(); id < types.endId(); id++) {
            if (types.kind(id) == BtfKind.FUNC && takes(btf, types.sizeOrType(id), wanted, known)) {
                shown.show(id);
            }
        }
    }

    private static boolean takes(Btf btf, int proto, ParameterType wanted, byte[] known) {
        TypeSection types = btf.section(proto);
        if (types.kind(proto) != BtfKind.FUNC_PROTO) {
            throw new BtfException("type " + proto + " of a function is not a prototype");
        }
        int start = types.start(proto);
        int count = TypeSection.vlen(types.word(start + 1));
        for (int i = 0; i < count; i++) {
            int name = types.word(start + 3 + 2 * i);
            int type = types.word(start + 4 + 2 * i);
            boolean dots = name == 0 && type == 0;
            if (!dots && isWanted(btf, type, wanted, known)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isWanted(Btf btf, int type, ParameterType wanted, byte[] known) {
        if (type < 0 || type >= known.length) {
            throw new BtfException("type " + Integer.toUnsignedString(type) + " does not exist");
        }
        if (known[type] == 0) {
            known[type] = wanted.matches(btf, type) ? YES : NO;
        }
        return known[type] == YES;
    }

    /** Shows functions in an array that is used again. */
    private static final class Shown {
        private final Btf btf;
        private final TypeSection types;
        private final Visitor visitor;
        private byte[] name = new byte[FIRST_NAME_BYTES];

        Shown(Btf btf, TypeSection types, Visitor visitor) {
            this.btf = btf;
            this.types = types;
            this.visitor = visitor;
        }

        void show(int id) {
            int offset = types.nameOffset(id);
            StringSection strings = btf.strings(offset);
            int length = strings.read(offset, name);
            while (length < 0) {
                name = new byte[2 * name.length];
                length = strings.read(offset, name);
            }
            visitor.function(id, name, 0, length);
        }
    }
}
