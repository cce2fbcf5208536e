package org.kprobe4j.btf;

/**
 * The kinds of BTF types, in the order of their numbers.
 *
 * <p>Source: include/uapi/linux/btf.h, {@code BTF_KIND_*}.
 */
public enum BtfKind {
    /** Not a type. */
    UNKN(0),
    /** An integer, boolean or character. */
    INT(1),
    /** A pointer. */
    PTR(2),
    /** An array. */
    ARRAY(3),
    /** A struct. */
    STRUCT(4),
    /** A union. */
    UNION(5),
    /** An enumeration of up to 32 bits. */
    ENUM(6),
    /** A struct or union that is declared only. */
    FWD(7),
    /** Another name of a type. */
    TYPEDEF(8),
    /** A {@code volatile} type. */
    VOLATILE(9),
    /** A {@code const} type. */
    CONST(10),
    /** A {@code restrict} pointer. */
    RESTRICT(11),
    /** A function. */
    FUNC(12),
    /** A function's parameters and result. */
    FUNC_PROTO(13),
    /** A variable. */
    VAR(14),
    /** A section of variables. */
    DATASEC(15),
    /** A floating-point number. Since kernel: 5.13. */
    FLOAT(16),
    /** An attribute of a declaration. Since kernel: 5.16. */
    DECL_TAG(17),
    /** An attribute of a type. Since kernel: 5.17. */
    TYPE_TAG(18),
    /** An enumeration of up to 64 bits. Since kernel: 6.0. */
    ENUM64(19);

    private static final BtfKind[] ALL = values();

    private final int code;

    BtfKind(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }

    static BtfKind of(int code) {
        return ALL[code];
    }
}
