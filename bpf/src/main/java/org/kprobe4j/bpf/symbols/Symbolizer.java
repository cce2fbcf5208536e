package org.kprobe4j.bpf.symbols;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.internal.KallsymsScan;

/**
 * Finds, for many addresses in one pass, the symbol that each lies in: the one with the highest address not above it.
 *
 * <p>The kernel's own symbols come in rising order, modules' do not. So the lines are seen as rising runs: within a run a line
 * costs one comparison, and a name is kept only when a run steps over an asked address. Of aliases the first wins, as in the
 * kernel's get_symbol_pos().
 */
final class Symbolizer {
    private final long[] asked;
    private final int digits;
    /** The addresses without duplicates, as unsigned numbers in rising order. */
    private final long[] sorted;
    /** Highest symbol not above each address; 0 for none yet. */
    private final long[] start;
    /** Lowest symbol above each address; 0 for none yet. */
    private final long[] next;

    private final @Nullable String[] names;

    /** The line before, which is judged when the next one shows how far it reaches. */
    private final byte[] previous = new byte[1 << 12];

    private int previousLength;
    private long previousSymbol;
    /** Index of the first address that is not below the previous symbol. */
    private int cursor;

    private boolean hidden = true;

    Symbolizer(long[] addresses, int digits) {
        this.asked = addresses.clone();
        this.digits = digits;
        this.sorted = Arrays.stream(addresses)
                .map(Symbolizer::flip)
                .sorted()
                .distinct()
                .map(Symbolizer::flip)
                .toArray();
        this.start = new long[sorted.length];
        this.next = new long[sorted.length];
        this.names = new String[sorted.length];
    }

    /** Turns unsigned order into signed order and back. */
    private static long flip(long address) {
        return address ^ Long.MIN_VALUE;
    }

    boolean line(byte[] bytes, int line, int end) {
        long symbol = KallsymsScan.address(bytes, line, digits);
        if (symbol == 0 || symbol == previousSymbol) {
            return true;
        }
        hidden = false;
        if (Long.compareUnsigned(symbol, previousSymbol) > 0) {
            settle(symbol);
        } else {
            settle(0);
            cursor = firstNotBelow(symbol);
            bound(symbol);
        }
        int name = line + KallsymsScan.nameOffset(digits);
        previousSymbol = symbol;
        previousLength = end - name;
        System.arraycopy(bytes, name, previous, 0, previousLength);
        return true;
    }

    /** Index of the first address that is not below the symbol. */
    private int firstNotBelow(long symbol) {
        int low = 0;
        int high = sorted.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Long.compareUnsigned(sorted[middle], symbol) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Gives the previous symbol the addresses from its own up to the limit (0: none), unless they have a higher one. */
    private void settle(long limit) {
        String name = null;
        int i = cursor;
        for (; i < sorted.length && (limit == 0 || Long.compareUnsigned(sorted[i], limit) < 0); i++) {
            if (Long.compareUnsigned(start[i], previousSymbol) < 0) {
                name = name == null ? new String(previous, 0, previousLength, StandardCharsets.UTF_8) : name;
                start[i] = previousSymbol;
                names[i] = name;
            }
            if (limit != 0 && (next[i] == 0 || Long.compareUnsigned(limit, next[i]) < 0)) {
                next[i] = limit;
            }
        }
        cursor = i;
    }

    /** A run begins: its first symbol bounds the addresses below it, down to one that already has a lower bound. */
    private void bound(long symbol) {
        for (int i = cursor - 1; i >= 0 && (next[i] == 0 || Long.compareUnsigned(symbol, next[i]) < 0); i--) {
            next[i] = symbol;
        }
    }

    /** Whether the kernel showed no address at all; to be asked after the last line. */
    boolean allHidden() {
        return hidden;
    }

    List<Symbol> symbols() {
        settle(0);
        List<Symbol> symbols = new ArrayList<>(asked.length);
        for (long address : asked) {
            symbols.add(symbol(address, firstNotBelow(address)));
        }
        return symbols;
    }

    private Symbol symbol(long address, int index) {
        String line = names[index];
        if (line == null) {
            return new Symbol(address, null, 0, 0, null);
        }
        int tab = line.indexOf('\t');
        String name = tab < 0 ? line : line.substring(0, tab);
        String module = tab < 0 ? null : line.substring(tab + 2, line.length() - 1);
        long size = next[index] == 0 ? 0 : next[index] - start[index];
        return new Symbol(address, name, address - start[index], size, module);
    }
}
