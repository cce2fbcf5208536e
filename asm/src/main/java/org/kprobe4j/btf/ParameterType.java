package org.kprobe4j.btf;

import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * A type as someone writes it in C to ask which functions take it, such as {@code struct file *}. Qualifiers do not count.
 *
 * @param tag what stands before the name
 * @param name of the struct, union or enum; of a typedef or basic type as BTF spells it, such as {@code long unsigned int}
 * @param pointers how many {@code *} follow
 */
public record ParameterType(Tag tag, String name, int pointers) {
    private static final Set<String> BASIC = Set.of("unsigned", "signed", "long", "short", "int", "char");
    /** More lead nowhere: the kernel follows no longer chains. */
    private static final int MAX_DEPTH = 32;

    /**
     * Spells a basic type as most kernels' BTF does.
     *
     * @param tag what stands before the name
     * @param name perhaps {@code unsigned long}
     * @param pointers how many {@code *} follow
     */
    public ParameterType {
        name = tag == Tag.NONE ? canonical(name) : name;
    }

    /** {@code unsigned long} and {@code long unsigned int} are one type, and compilers spell it one way or the other. */
    static String canonical(String name) {
        List<String> words = Arrays.asList(name.split(" ", -1));
        if (!BASIC.containsAll(words)) {
            return name;
        }
        boolean unsigned = words.contains("unsigned");
        String sign = unsigned ? "unsigned " : "";
        if (words.contains("char")) {
            return (words.contains("signed") ? "signed " : sign) + "char";
        }
        int longs = Collections.frequency(words, "long");
        String size = words.contains("short") ? "short " : "long ".repeat(longs);
        return size + sign + "int";
    }

    /** The word before a type's name. */
    public enum Tag {
        /** {@code struct}. */
        STRUCT("struct "),
        /** {@code union}. */
        UNION("union "),
        /** {@code enum}. */
        ENUM("enum "),
        /** None: a typedef, a basic type, {@code void}. */
        NONE("");

        private final String word;

        Tag(String word) {
            this.word = word;
        }

        /**
         * What BTF may call such a type.
         *
         * @return kinds of types; a struct that is only declared is a {@link BtfKind#FWD}
         */
        public Set<BtfKind> kinds() {
            return switch (this) {
                case STRUCT -> EnumSet.of(BtfKind.STRUCT, BtfKind.FWD);
                case UNION -> EnumSet.of(BtfKind.UNION, BtfKind.FWD);
                case ENUM -> EnumSet.of(BtfKind.ENUM, BtfKind.ENUM64);
                case NONE -> EnumSet.of(BtfKind.TYPEDEF, BtfKind.INT, BtfKind.FLOAT);
            };
        }
    }

    /**
     * Whether these types know it at all.
     *
     * @param btf types of a kernel or a module
     * @return false if no type has this name
     */
    public boolean existsIn(Btf btf) {
        return isVoid()
                || btf.find(name, tag.kinds()).isPresent()
                || (tag == Tag.NONE
                        && btf.names(EnumSet.of(BtfKind.INT)).anyMatch(theirs -> hasName(theirs, BtfKind.INT)));
    }

    private boolean isVoid() {
        return tag == Tag.NONE && name.equals("void");
    }

    /** Whether a type is this one, perhaps under qualifiers and other names of it. */
    boolean matches(Btf btf, int id) {
        int at = id;
        for (int i = 0; i < pointers; i++) {
            at = btf.resolveId(at);
            if (at == 0 || btf.section(at).kind(at) != BtfKind.PTR) {
                return false;
            }
            at = btf.section(at).sizeOrType(at);
        }
        return isNamed(btf, at);
    }

    private boolean isNamed(Btf btf, int id) {
        int at = id;
        for (int depth = 0; depth < MAX_DEPTH; depth++) {
            if (at == 0) {
                return isVoid();
            }
            TypeSection section = btf.section(at);
            BtfKind kind = section.kind(at);
            if (tag.kinds().contains(kind)
                    && isThisUnion(section, at, kind)
                    && hasName(btf.string(section.nameOffset(at)), kind)) {
                return true;
            }
            switch (kind) {
                case TYPEDEF, CONST, VOLATILE, RESTRICT, TYPE_TAG -> at = section.sizeOrType(at);
                default -> {
                    return false;
                }
            }
        }
        return false;
    }

    private boolean hasName(String theirs, BtfKind kind) {
        return name.equals(kind == BtfKind.INT ? canonical(theirs) : theirs);
    }

    /** A declaration says by its flag whether it is a union's. */
    private boolean isThisUnion(TypeSection section, int id, BtfKind kind) {
        return kind != BtfKind.FWD || TypeSection.kindFlag(section.word(section.start(id) + 1)) == (tag == Tag.UNION);
    }

    /**
     * As C writes it.
     *
     * @return such as {@code struct file *}
     */
    @Override
    public String toString() {
        return tag.word + name + (pointers == 0 ? "" : " " + "*".repeat(pointers));
    }
}
