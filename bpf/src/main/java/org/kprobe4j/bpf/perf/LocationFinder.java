package org.kprobe4j.bpf.perf;

import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.internal.KallsymsScan;
import org.kprobe4j.bpf.internal.KprobesFolder;
import org.kprobe4j.bpf.internal.SystemCalls;
import org.kprobe4j.bpf.symbols.PlantedProbe;

/** Finds where a probe was really planted: from {@code kprobes/list}, else from kallsyms. */
final class LocationFinder {
    /** ENDBR and BTI have 4 bytes; with a call-depth or patchable prologue before them the kernel moves no farther than this. */
    private static final int FARTHEST_MOVE_BYTES = 16;

    private final SystemCalls calls;
    private final ProbeTarget target;

    LocationFinder(SystemCalls calls, ProbeTarget target) {
        this.calls = calls;
        this.target = target;
    }

    /** With the address that the kernel told for this very probe, or 0. */
    ProbeLocation find(long told) {
        List<PlantedProbe> planted = planted();
        PlantedProbe ours = first(planted, probe -> told != 0 ? probe.address() == told : matches(probe));
        if (ours != null) {
            return confirmed(ours);
        }
        return told == 0 ? searched(planted) : named(told);
    }

    private static ProbeLocation confirmed(PlantedProbe probe) {
        return new ProbeLocation(probe.address(), probe.symbol(), probe.offset(), true);
    }

    /** Of the probes of our kind, the one that was moved least. */
    private @Nullable PlantedProbe first(List<PlantedProbe> planted, Predicate<PlantedProbe> wanted) {
        PlantedProbe best = null;
        for (PlantedProbe probe : planted) {
            boolean candidate = probe.isReturn() == target.isReturn() && !probe.gone() && wanted.test(probe);
            if (candidate && (best == null || probe.offset() < best.offset())) {
                best = probe;
            }
        }
        return best;
    }

    private List<PlantedProbe> planted() {
        try {
            return KprobesFolder.planted(calls);
        } catch (BpfException _) {
            return List.of(); // no debugfs, or no right to read it: the other sources remain
        }
    }

    private boolean matches(PlantedProbe probe) {
        if (target.symbol() == null) {
            return probe.address() == target.offsetOrAddress();
        }
        return probe.symbol().equals(target.symbol()) && isMoved(probe.offset() - target.offsetOrAddress());
    }

    /** The list names an alias by another name: so look where our name is, and what is planted there. */
    private ProbeLocation searched(List<PlantedProbe> planted) {
        if (target.symbol() == null) {
            return new ProbeLocation(target.offsetOrAddress(), "", 0, false);
        }
        long[] places = KallsymsScan.addressesOf(calls, target.symbol());
        if (places.length == 0 || places[0] == 0) {
            return new ProbeLocation(0, name(), offset(), false);
        }
        long asked = places[0] + offset();
        PlantedProbe alias = first(planted, probe -> isMoved(probe.address() - asked));
        return alias == null ? new ProbeLocation(asked, name(), offset(), false) : confirmed(alias);
    }

    /** The list cannot be read, or hides addresses: then kallsyms says how far the probe was moved. */
    private ProbeLocation named(long told) {
        if (target.symbol() != null) {
            for (long place : KallsymsScan.addressesOf(calls, target.symbol())) {
                if (isMoved(told - place - offset())) {
                    return new ProbeLocation(told, name(), told - place, true);
                }
            }
        }
        return new ProbeLocation(told, name(), offset(), true);
    }

    private static boolean isMoved(long bytes) {
        return bytes >= 0 && bytes <= FARTHEST_MOVE_BYTES;
    }

    private String name() {
        String symbol = target.symbol();
        return symbol == null ? "" : symbol;
    }

    private long offset() {
        return target.symbol() == null ? 0 : target.offsetOrAddress();
    }
}
