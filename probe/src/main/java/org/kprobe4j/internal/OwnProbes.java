package org.kprobe4j.internal;

import java.util.HashMap;
import java.util.Map;
import org.kprobe4j.bpf.symbols.PlantedProbe;

/** Where this process has probes at the moment, so that they are known among all others. Thread-safe. */
public final class OwnProbes {
    /** How many of one kind there are at a place. */
    private static final Map<At, Integer> PLANTED = new HashMap<>();

    /** A place is an address; of a probe that follows its module, the module and the function. */
    private record At(Object place, boolean isReturn) {}

    private OwnProbes() {}

    /** One was planted. Address 0 is not noted: it is hidden. */
    public static void planted(long addr, boolean isReturn) {
        if (addr != 0) {
            add(new At(addr, isReturn));
        }
    }

    /** One of them was removed. */
    public static void removed(long addr, boolean isReturn) {
        remove(new At(addr, isReturn));
    }

    /** One was defined that is planted whenever its module is loaded. */
    public static void following(String module, String symbol, boolean isReturn) {
        add(new At(name(module, symbol), isReturn));
    }

    /** One of them was removed. */
    public static void followsNoMore(String module, String symbol, boolean isReturn) {
        remove(new At(name(module, symbol), isReturn));
    }

    private static String name(String module, String symbol) {
        return module + ":" + symbol;
    }

    private static synchronized void add(At at) {
        PLANTED.merge(at, 1, Integer::sum);
    }

    private static synchronized void remove(At at) {
        PLANTED.computeIfPresent(at, (_, count) -> count == 1 ? null : count - 1);
    }

    /** Whether one of ours is where the kernel has one. */
    public static synchronized boolean isAt(PlantedProbe probe) {
        String module = probe.module();
        return PLANTED.containsKey(new At(probe.address(), probe.isReturn()))
                || (module != null && PLANTED.containsKey(new At(name(module, probe.symbol()), probe.isReturn())));
    }
}
