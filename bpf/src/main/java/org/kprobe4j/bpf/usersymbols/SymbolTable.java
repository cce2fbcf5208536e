package org.kprobe4j.bpf.usersymbols;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Address ranges with names, in rising order; the names stay in the bytes that they were read from. */
final class SymbolTable {
    /** So many ranges that begin below an address are looked at: ranges may lie in each other. */
    private static final int MAX_NESTED = 64;

    private static final int MAX_NAME_BYTES = 4096;

    static final SymbolTable EMPTY = new Builder(new byte[0]).build();

    private final byte[] names;
    private final long[] starts;
    private final long[] ends;
    /** The highest end of a range and of all before it. */
    private final long[] reach;

    private final int[] nameOffsets;

    private SymbolTable(byte[] names, long[] starts, long[] ends, long[] reach, int[] nameOffsets) {
        this.names = names;
        this.starts = starts;
        this.ends = ends;
        this.reach = reach;
        this.nameOffsets = nameOffsets;
    }

    /** Index of the range that an address lies in, the innermost; -1 for none. */
    int find(long address) {
        int at = Arrays.binarySearch(starts, address);
        int first = at >= 0 ? at : -at - 2;
        for (int i = first; i >= 0 && i > first - MAX_NESTED && reach[i] > address; i--) {
            if (ends[i] > address) {
                return i;
            }
        }
        return -1;
    }

    long start(int index) {
        return starts[index];
    }

    int size() {
        return starts.length;
    }

    /** A name ends at a NUL or at the end of its line. What is not to be shown on a terminal is shown as '?'. */
    String name(int index) {
        int from = nameOffsets[index];
        int to = from;
        while (to < names.length && to - from < MAX_NAME_BYTES && names[to] != 0 && names[to] != '\n') {
            to++;
        }
        String name = new String(names, from, to - from, StandardCharsets.UTF_8);
        return name.chars().anyMatch(Character::isISOControl) ? name.replaceAll("\\p{Cntrl}", "?") : name;
    }

    /** Takes ranges in any order. */
    static final class Builder {
        private final byte[] names;
        private long[] starts = new long[256];
        private long[] ends = new long[256];
        private int[] nameOffsets = new int[256];
        private long[] ranks = new long[256];
        private int count;

        Builder(byte[] names) {
            this.names = names;
        }

        /**
         * Adds a range.
         *
         * @param end exclusive; negated if it is only the limit and the range ends at the next one's start
         * @param rank of the names of one address the one with the lowest rank is taken
         */
        void add(long start, long end, int nameOffset, long rank) {
            if (start < 0 || Math.abs(end) <= start || nameOffset < 0 || nameOffset >= names.length) {
                return; // no address of a process, or nonsense
            }
            if (count == starts.length) {
                starts = Arrays.copyOf(starts, 2 * count);
                ends = Arrays.copyOf(ends, 2 * count);
                nameOffsets = Arrays.copyOf(nameOffsets, 2 * count);
                ranks = Arrays.copyOf(ranks, 2 * count);
            }
            starts[count] = start;
            ends[count] = end;
            nameOffsets[count] = nameOffset;
            ranks[count++] = rank;
        }

        SymbolTable build() {
            Integer[] order = new Integer[count];
            Arrays.setAll(order, i -> i);
            Arrays.sort(order, (a, b) -> {
                int byStart = Long.compare(starts[a], starts[b]);
                return byStart != 0 ? byStart : Long.compare(ranks[a], ranks[b]);
            });
            long[] sorted = new long[count];
            long[] until = new long[count];
            int[] offsets = new int[count];
            int size = 0;
            for (int each : order) {
                if (size > 0 && sorted[size - 1] == starts[each]) {
                    until[size - 1] = longer(until[size - 1], ends[each]);
                    continue;
                }
                sorted[size] = starts[each];
                until[size] = ends[each];
                offsets[size++] = nameOffsets[each];
            }
            return new SymbolTable(
                    names,
                    Arrays.copyOf(sorted, size),
                    until,
                    bounded(sorted, until, size),
                    Arrays.copyOf(offsets, size));
        }

        /** Of two names for one address: an end that is known counts more than a limit. */
        private static long longer(long first, long second) {
            return first > 0 || second > 0 ? Math.max(first, second) : Math.min(first, second);
        }

        private static long[] bounded(long[] sorted, long[] until, int size) {
            long[] reach = new long[size];
            long highest = 0;
            for (int i = 0; i < size; i++) {
                if (until[i] < 0) {
                    until[i] = i + 1 < size ? Math.min(-until[i], sorted[i + 1]) : -until[i];
                }
                highest = Math.max(highest, until[i]);
                reach[i] = highest;
            }
            return reach;
        }
    }
}
