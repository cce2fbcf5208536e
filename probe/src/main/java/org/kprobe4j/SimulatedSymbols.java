package org.kprobe4j;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.kprobe4j.bpf.symbols.Symbol;
import org.kprobe4j.internal.Target;

/** The functions of a simulated kernel, by their addresses. */
final class SimulatedSymbols {
    /** Where the kernel's functions begin. */
    static final long KERNEL = 0xffff_ffff_8100_0000L;

    /** Where a process's functions begin. */
    static final long PROCESS = 0x5555_5555_4000L;

    private static final int SIZE = 0x1000;

    private final Map<String, Long> addresses = new TreeMap<>();
    private final TreeMap<Long, String> names = new TreeMap<>();

    private final long first;

    SimulatedSymbols(long first) {
        this.first = first;
    }

    /** The address of a place in a function, which is made when it is first named. */
    long address(Target place) {
        long start = addresses.computeIfAbsent(place.symbol(), _ -> first + addresses.size() * (long) SIZE);
        names.put(start, place.symbol());
        return start + place.offset();
    }

    /** As the kernel prints addresses. */
    List<String> names(long[] asked) {
        return symbols(asked).stream().map(Symbol::toString).toList();
    }

    /** One for each address. */
    List<Symbol> symbols(long[] asked) {
        return Arrays.stream(asked)
                .mapToObj(address -> {
                    Map.Entry<Long, String> below = names.floorEntry(address);
                    return below == null || address - below.getKey() >= SIZE
                            ? new Symbol(address, null, 0, 0, null)
                            : new Symbol(address, below.getValue(), address - below.getKey(), SIZE, null);
                })
                .toList();
    }
}
