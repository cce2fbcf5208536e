package org.kprobe4j.internal;

import java.util.Optional;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.symbols.KprobesList;
import org.kprobe4j.bpf.symbols.PlantedProbe;

/** Finds a probe in the kernel's own list. */
public final class PlantedPlace {
    private PlantedPlace() {}

    /** Whether a function's entry that ftrace owns is at an address; false also where debugfs does not tell. */
    static boolean isFtraceSite(long addr) {
        try {
            return KprobesList.read().stream().anyMatch(probe -> probe.address() == addr && probe.ftrace());
        } catch (BpfException e) {
            return false;
        }
    }

    /** Where the kernel has planted a probe, as debugfs tells it. */
    public static Optional<PlantedProbe> of(Target target, boolean isReturn) {
        try {
            return KprobesList.read().stream()
                    .filter(probe ->
                            probe.isReturn() == isReturn && probe.symbol().equals(target.symbol()))
                    .filter(probe -> probe.offset() == target.offset() || target.offset() == 0)
                    .findFirst();
        } catch (BpfException e) {
            return Optional.empty(); // no debugfs, or no right to read it
        }
    }
}
