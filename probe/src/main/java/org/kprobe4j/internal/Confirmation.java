package org.kprobe4j.internal;

import java.util.List;
import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.Failure;
import org.kprobe4j.bpf.perf.ProbeLocation;
import org.kprobe4j.bpf.symbols.Kallsyms;
import org.kprobe4j.bpf.symbols.KprobesList;
import org.kprobe4j.bpf.symbols.PlantedProbe;
import org.kprobe4j.bpf.symbols.Symbol;

/**
 * Whether a probe that the kernel has planted by a name is where it was wanted: an offset may lead into another function, and
 * register_kprobe() of some kernels returns 0 although arming failed. Source: register_kprobe() in kernel/kprobes.c, debugfs
 * kprobes/list.
 */
public final class Confirmation {
    private static final String OPERATION = "attach kprobe";
    /** How far the kernel moves a probe behind a landing pad. */
    private static final int FARTHEST_MOVE_BYTES = 16;

    private Confirmation() {}

    /**
     * Looks for the probe, as far as the kernel tells.
     *
     * @param target what was asked for
     * @param location where the kernel says it is
     * @throws AttachException if it is not there
     */
    public static void require(Target target, ProbeLocation location) {
        if (location.confirmed() && location.symbol().equals(target.symbol())) {
            return;
        }
        if (target.offset() != 0 && isElsewhere(target, location.addr())) {
            throw new AttachException(
                    Failure.of(OPERATION, target.toString(), Errno.EINVAL).because("behind the function's end"));
        }
        if (!location.confirmed() && isUnlisted(location.addr())) {
            throw new AttachException(new Failure(
                    OPERATION,
                    target.toString(),
                    0,
                    "the kernel said yes and has not planted it: debugfs kprobes/list does not show it",
                    "see its log (dmesg)"));
        }
    }

    /** An alias has another name, too, but the same offset. */
    private static boolean isElsewhere(Target target, long addr) {
        if (addr == 0) {
            return false;
        }
        try {
            Symbol there = Kallsyms.running().symbolize(addr);
            long moved = there == null ? -1 : there.offset() - target.offset();
            return moved < 0 || moved > FARTHEST_MOVE_BYTES;
        } catch (BpfException e) {
            return false; // addresses are hidden
        }
    }

    private static boolean isUnlisted(long addr) {
        try {
            List<PlantedProbe> planted = KprobesList.read();
            boolean isHidden = !planted.isEmpty() && planted.stream().allMatch(probe -> probe.address() == 0);
            return addr != 0 && !isHidden && planted.stream().noneMatch(probe -> probe.address() == addr);
        } catch (BpfException e) {
            return false; // no debugfs, or no right to read it
        }
    }
}
