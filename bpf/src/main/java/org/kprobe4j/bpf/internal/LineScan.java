package org.kprobe4j.bpf.internal;

/** One pass over the lines of a file of the kernel, in a reused array: nothing is made per line. */
public final class LineScan {
    private static final int READ_BYTES = 1 << 16;
    /** Room for the beginning of a line that the previous read cut: longer than any line. */
    private static final int CARRY_BYTES = 1 << 12;

    private final String path;
    private final int leastBytes;
    private final LineVisitor visitor;
    private final byte[] bytes;
    private int carried;
    private boolean going = true;

    private LineScan(String path, int leastBytes, int readBytes, LineVisitor visitor) {
        this.path = path;
        this.leastBytes = leastBytes;
        this.visitor = visitor;
        this.bytes = new byte[CARRY_BYTES + readBytes];
    }

    /** For pieces that come from elsewhere, of at most {@code readBytes} each. */
    static LineScan of(String path, int leastBytes, int readBytes, LineVisitor visitor) {
        return new LineScan(path, leastBytes, readBytes, visitor);
    }

    /** Sees one line; the array is reused. */
    @FunctionalInterface
    public interface LineVisitor {
        /**
         * One line.
         *
         * @param bytes holds it
         * @param line where it begins
         * @param end of the line, where the newline is
         * @return whether to go on
         */
        boolean line(byte[] bytes, int line, int end);
    }

    /**
     * Makes one pass.
     *
     * @param calls the kernel
     * @param path the file
     * @param leastBytes of any line: so many are not searched for the newline
     * @param visitor sees every line until it has enough; a last one without newline it does not see
     * @return 0, or the negated errno
     */
    public static long run(SystemCalls calls, String path, int leastBytes, LineVisitor visitor) {
        LineScan scan = new LineScan(path, leastBytes, READ_BYTES, visitor);
        return new KernelFiles(calls).scan(path, READ_BYTES, scan::piece);
    }

    /** Hands over the lines that end in a piece; false when the visitor has enough. */
    boolean piece(byte[] read, int length) {
        System.arraycopy(read, 0, bytes, carried, length);
        int end = carried + length;
        int line = 0;
        int newline = nextNewline(line, end);
        while (newline >= 0) {
            if (!visitor.line(bytes, line, newline)) {
                going = false;
                return false;
            }
            line = newline + 1;
            newline = nextNewline(line, end);
        }
        carried = end - line;
        if (carried > CARRY_BYTES) {
            throw new IllegalStateException(path + " has a line of more than " + CARRY_BYTES + " bytes");
        }
        System.arraycopy(bytes, line, bytes, 0, carried);
        return going;
    }

    private int nextNewline(int line, int end) {
        for (int at = line + leastBytes; at < end; at++) {
            if (bytes[at] == '\n') {
                return at;
            }
        }
        return -1;
    }
}
