package org.kprobe4j.bpf.symbols;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
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
        blacklist
                .lines()
                .map(ForbiddenRange::parse)
                .filter(range -> range != null)
                .forEach(ranges::add);
        ranges.sort(Comparator.comparing(ForbiddenRange::start, Long::compareUnsigned));
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
     * All of them.
     *
     * @return by rising address
     */
    public List<ForbiddenRange> all() {
        return ranges;
    }
}
