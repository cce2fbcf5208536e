package org.kprobe4j.bpf.symbols;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.internal.KallsymsScan;
import org.kprobe4j.bpf.internal.KprobesFolder;

/**
 * One line of a pass over the kernel's symbols. It is used again for the next line, so a visitor copies what it keeps. Not safe for
 * use by several threads.
 */
public final class SymbolLine {
    /** A line and the array for its name. Not safe for use by several threads. */
    public static final class Holder {
        final SymbolLine line = new SymbolLine();
        final byte[] name;

        Holder(int nameBytes) {
            this.name = new byte[nameBytes];
        }
    }

    private static final byte[] NOTHING = new byte[0];

    private byte[] bytes = NOTHING;
    private long address;
    private byte type = 't';
    private int nameFrom;
    private int nameTo;
    private int moduleFrom;
    private int moduleTo;
    /** The module that was asked for last, which is mostly the next line's, too. */
    private byte[] latestBytes = NOTHING;

    private String latest = "";
    /** The module of an index's entry, which has no text behind the name. */
    private @Nullable String indexed;

    SymbolLine() {}

    /** An entry of a {@link FunctionIndex}, in an array that only this line uses. */
    void readEntry(byte[] name, int length, long entryAddress, boolean function, @Nullable String module) {
        bytes = name;
        nameFrom = 0;
        nameTo = length;
        address = entryAddress;
        type = (byte) (function ? 't' : 'd');
        indexed = module;
        moduleTo = 0;
    }

    /** {@code ffffffff812a4b60 T vfs_read\t[module]}. */
    void readKallsyms(byte[] line, int from, int end, int digits) {
        bytes = line;
        address = KallsymsScan.address(line, from, digits);
        type = line[from + digits + 1];
        nameFrom = from + KallsymsScan.nameOffset(digits);
        nameTo = KallsymsScan.nameEnd(line, nameFrom, end);
        // A tab and a bracket stand between the names, a bracket behind.
        moduleFrom = nameTo < end ? nameTo + 2 : 0;
        moduleTo = nameTo < end ? end - 1 : 0;
    }

    /** {@code vfs_read [module]}, or {@code ffffffff812a4b64 vfs_read [module]}, flags behind it perhaps. */
    void readTraceable(byte[] line, int from, int end, boolean addresses) {
        bytes = line;
        int space = addresses ? indexOf(' ', from, end) : from - 1;
        address = addresses ? KprobesFolder.hex(text(from, space)) : 0;
        nameFrom = Math.min(space + 1, end);
        nameTo = indexOf(' ', nameFrom, end);
        boolean module = nameTo + 1 < end && line[nameTo + 1] == '[';
        moduleFrom = module ? nameTo + 2 : 0;
        moduleTo = module ? indexOf(']', moduleFrom, end) : 0;
    }

    private int indexOf(char wanted, int from, int end) {
        int at = from;
        while (at < end && bytes[at] != wanted) {
            at++;
        }
        return at;
    }

    private String text(int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.UTF_8);
    }

    /**
     * Where the symbol is.
     *
     * @return its address; 0 if the kernel hides it or the file does not tell
     */
    public long address() {
        return address;
    }

    /**
     * Whether it is a function, as far as the symbol's type tells.
     *
     * @return false for data
     */
    public boolean isFunction() {
        return KallsymsScan.isText(type);
    }

    /**
     * What holds the names.
     *
     * @return an array that is used again
     */
    public byte[] bytes() {
        return bytes;
    }

    /**
     * Where the name begins.
     *
     * @return an index of {@link #bytes}
     */
    public int nameFrom() {
        return nameFrom;
    }

    /**
     * Where the name ends.
     *
     * @return an index of {@link #bytes}, exclusive
     */
    public int nameTo() {
        return nameTo;
    }

    /**
     * Whether the symbol is a module's, or one that was made at run time, as the kernel's {@code [bpf]}.
     *
     * @return false for the kernel's own
     */
    public boolean hasModule() {
        return moduleTo > 0 || indexed != null;
    }

    /**
     * The name as a new string.
     *
     * @return such as {@code vfs_read}
     */
    public String name() {
        return text(nameFrom, nameTo);
    }

    /**
     * The module's name.
     *
     * @return null for the kernel's own symbols; the same string for lines of one module that follow one another
     */
    public @Nullable String module() {
        if (moduleTo == 0) {
            return indexed;
        }
        if (!Arrays.equals(bytes, moduleFrom, moduleTo, latestBytes, 0, latestBytes.length)) {
            latest = text(moduleFrom, moduleTo);
            latestBytes = Arrays.copyOfRange(bytes, moduleFrom, moduleTo);
        }
        return latest;
    }
}
