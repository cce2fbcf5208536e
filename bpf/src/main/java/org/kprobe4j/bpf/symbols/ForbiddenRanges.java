package org.kprobe4j.bpf.symbols;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where the kernel forbids probes, for many questions: the whole of {@code kprobes/blacklist}, some hundred ranges. Immutable.
 *
 * <p>Source: kernel/kprobes.c, NOKPROBE_SYMBOL() in include/asm-generic/kprobes.h.
 */
public final class ForbiddenRanges {
    private final List<ForbiddenRange> ranges;
    /** The highest end of the ranges up to an index: ranges may lie in one another. */
    private final long[] ends;

    private volatile @Nullable Set<String> symbols;

    private ForbiddenRanges(List<ForbiddenRange> ranges) {
        this.ranges = ranges;
        this.ends = new long[ranges.size()];
        long highest = 0;
        for (int i = 0; i < ends.length; i++) {
            long end = ranges.get(i).end();
            highest = Long.compareUnsigned(end, highest) > 0 ? end : highest;
            ends[i] = highest;
        }
    }

    static ForbiddenRanges parse(String blacklist) {
        List<ForbiddenRange> ranges = new ArrayList<>();
        // Plain loops: it is read once, in a JVM that has just started.
        int line = 0;
        while (line < blacklist.length()) {
            int newline = blacklist.indexOf('\n', line);
            int end = newline < 0 ? blacklist.length() : newline;
            ForbiddenRange range = ForbiddenRange.parse(blacklist.substring(line, end));
            if (range != null) {
                ranges.add(range);
            }
            line = end + 1;
        }
        ranges.sort((a, b) -> Long.compareUnsigned(a.start(), b.start()));
        return new ForbiddenRanges(List.copyOf(ranges));
    }

    /**
     * The range that forbids a probe at an address.
     *
     * @param address any
     * @return one that covers it, or null if there is none
     */
    public @Nullable ForbiddenRange covering(long address) {
        int low = 0;
        int high = ends.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Long.compareUnsigned(ranges.get(middle).start(), address) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        for (int i = low - 1; i >= 0 && Long.compareUnsigned(address, ends[i]) < 0; i--) {
            if (ranges.get(i).covers(null, address)) {
                return ranges.get(i);
            }
        }
        return null;
    }

    /**
     * Whether a function is at the beginning of a range.
     *
     * @param symbol the function
     * @return whether it is forbidden by its name
     */
    public boolean begins(String symbol) {
        Set<String> known = symbols;
        if (known == null) {
            known = new HashSet<>();
            for (ForbiddenRange range : ranges) {
                known.add(range.symbol());
            }
            symbols = known;
        }
        return known.contains(symbol);
    }

    /**
     * All of them.
     *
     * @return by rising address
     */
    public List<ForbiddenRange> all() {
        return ranges;
    }
}
