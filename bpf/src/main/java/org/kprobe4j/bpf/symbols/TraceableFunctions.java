package org.kprobe4j.bpf.symbols;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Which functions of an index ftrace can trace. Its list, {@code available_filter_functions}, has names without addresses, but by
 * rising address for the kernel and for each module, so it is followed beside the index: that tells functions of one name apart.
 * Immutable after it was made.
 *
 * <p>Source: t_show() in kernel/trace/ftrace.c; ftrace_process_locs() sorts the places.
 */
public final class TraceableFunctions {
    /** How many functions that ftrace does not trace may stand between two that it does, before the next line must agree. */
    private static final int NEAR = 256;

    /** So many lines may be looked for in all of the index, the others in so many entries: a list that does not fit costs no more. */
    private static final int LONG_SEARCHES = 50;

    private static final int FAR = 1 << 12;
    /** What ftrace lists for the place of a weak function that another one replaced. */
    private static final byte[] INVALID = {'_', '_', 'f', 't', 'r', 'a', 'c', 'e', '_', 'i', 'n', 'v'};

    private final FunctionIndex index;
    private final BitSet listed;
    private final BitSet unknown = new BitSet();

    /** The entry of the line before. */
    private int at = -1;
    /** An entry far behind it that the line before may mean; -1 for none. */
    private int far = -1;

    private int searches;
    private String module = "";
    private int number;
    private int moduleFrom;
    private int moduleTo;

    TraceableFunctions(FunctionIndex index) {
        this.index = index;
        this.listed = new BitSet(index.size());
        this.moduleTo = index.size();
    }

    /** Follows one line of the list. */
    boolean see(SymbolLine line) {
        byte[] bytes = line.bytes();
        int from = line.nameFrom();
        int to = line.nameTo();
        if (to - from > INVALID.length
                && Arrays.equals(bytes, from, from + INVALID.length, INVALID, 0, INVALID.length)) {
            return true;
        }
        if (line.hasModule()) {
            enter(String.valueOf(line.module()));
        }
        int near = find(bytes, from, to, at, NEAR);
        if (near < 0 && far >= 0) {
            near = find(bytes, from, to, far, NEAR);
            if (near >= 0) {
                mark(far);
            }
        }
        if (near >= 0) {
            far = -1;
            mark(near);
        } else {
            // Believed when the next line is near it.
            far = find(bytes, from, to, at, searches++ < LONG_SEARCHES ? index.size() : FAR);
        }
        return true;
    }

    /** What is listed of a module begins anew. */
    private void enter(String name) {
        if (name.equals(module)) {
            return;
        }
        far = -1;
        module = name;
        number = index.moduleNumber(name);
        moduleFrom = 0;
        while (moduleFrom < index.size() && (number == 0 || index.moduleNumber(moduleFrom) != number)) {
            moduleFrom++;
        }
        moduleTo = index.size();
        while (moduleTo > moduleFrom && index.moduleNumber(moduleTo - 1) != number) {
            moduleTo--;
        }
        at = moduleFrom - 1;
    }

    private int find(byte[] bytes, int from, int to, int behind, int limit) {
        int end = (int) Math.min(moduleTo, (long) behind + 1 + limit);
        for (int i = behind + 1; i < end; i++) {
            if (index.moduleNumber(i) == number && index.isNamed(i, bytes, from, to, (char) 0)) {
                return i;
            }
        }
        return -1;
    }

    /** One of the same name behind the line before, passed over now, cannot be told from that line's. */
    private void mark(int found) {
        listed.set(found);
        for (int i = at + 1; at >= moduleFrom && i < found; i++) {
            if (index.isSameName(i, at) && index.address(i) != index.address(at)) {
                unknown.set(i);
                unknown.set(at);
            }
        }
        at = found;
    }

    /**
     * Whether ftrace lists exactly this symbol: of several names of a function it lists one.
     *
     * @param entry of the index
     * @return whether it is listed
     */
    public boolean isListed(int entry) {
        return listed.get(entry);
    }

    /**
     * Whether ftrace lists one of several functions of this name that the list does not tell apart.
     *
     * @param entry of the index
     * @return true if nothing can be said
     */
    public boolean isUnknown(int entry) {
        return unknown.get(entry);
    }

    /**
     * How many functions ftrace lists.
     *
     * @return those that the index has
     */
    public int size() {
        return listed.cardinality();
    }
}
