package org.kprobe4j.asm;

/**
 * The width of a memory access.
 *
 * <p>Source: RFC 9669, section 5.
 */
public enum Size {
    /** One byte ({@code BPF_B}). */
    B(1, 0x10),
    /** A half word, two bytes ({@code BPF_H}). */
    H(2, 0x08),
    /** A word, four bytes ({@code BPF_W}). */
    W(4, 0x00),
    /** A double word, eight bytes ({@code BPF_DW}). */
    DW(8, 0x18);

    private final int bytes;
    private final int code;

    Size(int bytes, int code) {
        this.bytes = bytes;
        this.code = code;
    }

    /**
     * How many bytes are read or written.
     *
     * @return 1, 2, 4 or 8
     */
    public int bytes() {
        return bytes;
    }

    int code() {
        return code;
    }

    /**
     * The access of so many bytes.
     *
     * @param bytes 1, 2, 4 or 8
     * @return the size
     * @throws IllegalArgumentException if there is no such access
     */
    public static Size ofBytes(int bytes) {
        return switch (bytes) {
            case 1 -> B;
            case 2 -> H;
            case 4 -> W;
            case 8 -> DW;
            default ->
                throw new IllegalArgumentException("no memory access of " + bytes + " bytes: 1, 2, 4 and 8 exist");
        };
    }

    static Size ofCode(int opcode) {
        return switch (opcode & 0x18) {
            case 0x10 -> B;
            case 0x08 -> H;
            case 0x00 -> W;
            default -> DW;
        };
    }
}
