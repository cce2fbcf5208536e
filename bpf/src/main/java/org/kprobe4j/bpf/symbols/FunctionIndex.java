package org.kprobe4j.bpf.symbols;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The functions of a kernel and its modules by rising address, taken from /proc/kallsyms in one pass and kept in a few arrays: two words
 * for each symbol and the names, where {@code __pfx_vfs_read} and {@code vfs_read} share their bytes. Of variables only those are kept
 * that bound a function. What is made at run time, such as eBPF programs, is left out. Immutable, so safe for use by several threads.
 *
 * <pre>
 *   word 0             address
 *   word 1  bits 48..  number of the module: 0 for the kernel, FFFF for what is no function
 *           bits 32..  length of the name
 *           bits 16..  block of the name, below it the byte of the block
 * </pre>
 */
public final class FunctionIndex {
    static final int ENTRY_WORDS = 2;
    static final int NO_FUNCTION = 0xffff;
    static final int BLOCK_BITS = 16;
    private static final int BLOCK_MASK = (1 << BLOCK_BITS) - 1;
    static final int MAX_NAME_BYTES = 1 << 10;

    private final long[] entries;
    private final byte[][] names;
    private final List<String> modules;
    private final TextBounds bounds;
    private final int count;

    /** Of what a {@link FunctionIndexer} made; the arrays are kept, not copied. */
    FunctionIndex(long[] entries, byte[][] names, List<String> modules, TextBounds bounds) {
        this.entries = entries;
        this.names = names;
        this.modules = List.copyOf(modules);
        this.bounds = bounds;
        this.count = entries.length / ENTRY_WORDS;
    }

    /** What an entry says of its symbol beside the address. */
    static long symbol(int nameAt, int nameLength, int module) {
        return (long) module << 48 | (long) nameLength << 32 | Integer.toUnsignedLong(nameAt);
    }

    /**
     * How many symbols it has.
     *
     * @return functions, their other names, and what bounds them
     */
    public int size() {
        return count;
    }

    /**
     * What it takes.
     *
     * @return bytes, as good as all of them in a few arrays
     */
    public long sizeBytes() {
        long bytes = (long) entries.length * Long.BYTES;
        for (byte[] block : names) {
            bytes += block.length;
        }
        return bytes;
    }

    /**
     * Where the kernel's own text lies.
     *
     * @return its bounds, as far as the kernel's symbols tell
     */
    public TextBounds bounds() {
        return bounds;
    }

    /**
     * Where a symbol is.
     *
     * @param index from 0
     * @return its address
     */
    public long address(int index) {
        return entries[ENTRY_WORDS * index];
    }

    /**
     * Whether a symbol is a function.
     *
     * @param index from 0
     * @return false for what only bounds the function before it; it has no name here
     */
    public boolean isFunction(int index) {
        return moduleNumber(index) != NO_FUNCTION;
    }

    /** Those of one module have the same; 0 for the kernel itself. */
    int moduleNumber(int index) {
        return (int) (entries[ENTRY_WORDS * index + 1] >>> 48);
    }

    /**
     * The module that a symbol is of.
     *
     * @param index from 0
     * @return null for the kernel itself
     */
    public @Nullable String module(int index) {
        int number = moduleNumber(index);
        return number == 0 || number == NO_FUNCTION ? null : modules.get(number - 1);
    }

    int moduleNumber(String name) {
        return modules.indexOf(name) + 1;
    }

    int nameLength(int index) {
        return (int) (entries[ENTRY_WORDS * index + 1] >>> 32) & 0xffff;
    }

    private int nameAt(int index) {
        return (int) entries[ENTRY_WORDS * index + 1];
    }

    /** Whether two symbols have one name and are of one module. */
    boolean isSameName(int one, int other) {
        int length = nameLength(one);
        if (length != nameLength(other) || moduleNumber(one) != moduleNumber(other)) {
            return false;
        }
        int a = nameAt(one);
        int b = nameAt(other);
        int first = a & BLOCK_MASK;
        int second = b & BLOCK_MASK;
        return Arrays.equals(
                names[a >>> BLOCK_BITS], first, first + length, names[b >>> BLOCK_BITS], second, second + length);
    }

    /**
     * A symbol's name as a new string.
     *
     * @param index from 0
     * @return such as {@code vfs_read}
     */
    public String name(int index) {
        int at = nameAt(index);
        return new String(names[at >>> BLOCK_BITS], at & BLOCK_MASK, nameLength(index), StandardCharsets.UTF_8);
    }

    private int copyName(int index, byte[] into) {
        int at = nameAt(index);
        int length = nameLength(index);
        System.arraycopy(names[at >>> BLOCK_BITS], at & BLOCK_MASK, into, 0, length);
        return length;
    }

    /**
     * The first byte of a symbol's name.
     *
     * @param index from 0
     * @return the byte; 0 for what is no function
     */
    public byte firstByte(int index) {
        if (nameLength(index) == 0) {
            return 0;
        }
        int at = nameAt(index);
        return names[at >>> BLOCK_BITS][at & BLOCK_MASK];
    }

    /** Whether a name is these bytes and, if longer, goes on with a character; 0 for the end. */
    boolean isNamed(int index, byte[] bytes, int from, int to, char then) {
        int length = to - from;
        int own = nameLength(index);
        if (own != length && (then == 0 || own <= length)) {
            return false;
        }
        int at = nameAt(index);
        byte[] block = names[at >>> BLOCK_BITS];
        int start = at & BLOCK_MASK;
        // The last byte first: many functions of a part of the kernel begin alike.
        for (int i = length - 1; i >= 0; i--) {
            if (block[start + i] != bytes[from + i]) {
                return false;
            }
        }
        return own == length || block[start + length] == then;
    }

    /**
     * What {@link #show} uses again; not safe for several threads.
     *
     * @return a new one
     */
    public static SymbolLine.Holder holder() {
        return new SymbolLine.Holder(MAX_NAME_BYTES);
    }

    /**
     * A symbol as a line.
     *
     * @param index from 0
     * @param holder used again by the next call
     * @return the line that the holder has
     */
    public SymbolLine show(int index, SymbolLine.Holder holder) {
        int length = copyName(index, holder.name);
        holder.line.readEntry(holder.name, length, address(index), isFunction(index), module(index));
        return holder.line;
    }

    /**
     * The first symbol that is not before an address.
     *
     * @param address any
     * @return its index; {@link #size} if there is none
     */
    public int firstFrom(long address) {
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Long.compareUnsigned(address(middle), address) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /**
     * The next symbol with a name, or with a name of which the compiler made another by a dot and more, as {@code foo.isra.0}.
     *
     * @param name in UTF-8
     * @param from where to begin
     * @param variants whether names that go on with a dot count
     * @return its index; {@link #size} if there is none
     */
    public int next(byte[] name, int from, boolean variants) {
        for (int i = from; i < count; i++) {
            if (isNamed(i, name, 0, name.length, variants ? '.' : 0) && isFunction(i)) {
                return i;
            }
        }
        return count;
    }

    /**
     * Whether there is a function of a name.
     *
     * @param name such as {@code vfs_read}
     * @return whether the kernel or a module has one
     */
    public boolean has(String name) {
        return next(name.getBytes(StandardCharsets.UTF_8), 0, false) < count;
    }

    @Override
    public String toString() {
        return "%d symbols in %d bytes, modules %s".formatted(count, sizeBytes(), Arrays.toString(modules.toArray()));
    }
}
