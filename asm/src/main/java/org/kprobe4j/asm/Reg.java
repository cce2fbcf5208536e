package org.kprobe4j.asm;

/**
 * An eBPF register.
 *
 * <p>Source: RFC 9669, section 2.
 */
public enum Reg {
    /** The return value of calls and of the program. */
    R0(0),
    /** First argument of a call; the context at the program's entry. */
    R1(1),
    /** Second argument of a call. */
    R2(2),
    /** Third argument of a call. */
    R3(3),
    /** Fourth argument of a call. */
    R4(4),
    /** Fifth argument of a call. */
    R5(5),
    /** Kept across calls. */
    R6(6),
    /** Kept across calls. */
    R7(7),
    /** Kept across calls. */
    R8(8),
    /** Kept across calls. */
    R9(9),
    /** The read-only frame pointer: the end of this function's 512 bytes of stack. */
    R10(10);

    /** The frame pointer, {@link #R10}. */
    public static final Reg FP = R10;

    private static final Reg[] ALL = values();

    private final int code;

    Reg(int code) {
        this.code = code;
    }

    /**
     * The register's number in an instruction.
     *
     * @return 0 to 10
     */
    public int code() {
        return code;
    }

    /**
     * The register of a number.
     *
     * @param code 0 to 10
     * @return the register
     * @throws IllegalArgumentException if there is no such register
     */
    public static Reg of(int code) {
        if (code < 0 || code >= ALL.length) {
            throw new IllegalArgumentException("no register r" + code + ": eBPF has r0 to r10");
        }
        return ALL[code];
    }
}
