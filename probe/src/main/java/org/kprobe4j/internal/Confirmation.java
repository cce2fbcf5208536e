package org.kprobe4j.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.perf.ProbeLocation;
import org.kprobe4j.bpf.symbols.Kallsyms;
import org.kprobe4j.bpf.symbols.KprobesList;
import org.kprobe4j.bpf.symbols.PlantedProbe;
import org.kprobe4j.bpf.symbols.Symbol;

/**
 * Whether a probe that the kernel has accepted is where it was wanted: an offset may lead into another function, and register_kprobe()
 * of some kernels returns 0 although arming failed. Source: register_kprobe() in kernel/kprobes.c, debugfs kprobes/list.
 */
public final class Confirmation {
    private static final Path FTRACE_ENABLED = Path.of("/proc/sys/kernel/ftrace_enabled");
    /** How far the kernel moves a probe behind a landing pad. */
    private static final int FARTHEST_MOVE_BYTES = 16;

    private Confirmation() {}

    /**
     * What is wrong with a planted probe.
     *
     * @param target what was asked for
     * @param location where the kernel says it is
     * @return in words; nothing if it is all right, or the kernel does not tell
     */
    public static Optional<String> doubt(Target target, ProbeLocation location) {
        if (location.symbol().equals(target.symbol()) && location.confirmed()) {
            return Optional.empty();
        }
        Optional<String> elsewhere = target.offset() == 0 ? Optional.empty() : elsewhere(target, location);
        return elsewhere.isPresent() || location.confirmed() ? elsewhere : unlisted(location);
    }

    /** An alias has another name, too, but the same offset. */
    private static Optional<String> elsewhere(Target target, ProbeLocation location) {
        if (location.addr() == 0) {
            return Optional.empty();
        }
        try {
            Symbol there = Kallsyms.running().symbolize(location.addr());
            long moved = there == null ? -1 : there.offset() - target.offset();
            return moved >= 0 && moved <= FARTHEST_MOVE_BYTES
                    ? Optional.empty()
                    : Optional.of("behind the function's end: this place is " + (there == null ? "in none" : there));
        } catch (BpfException e) {
            return Optional.empty();
        }
    }

    private static Optional<String> unlisted(ProbeLocation location) {
        try {
            List<PlantedProbe> planted = KprobesList.read();
            boolean hidden = location.addr() == 0
                    || (!planted.isEmpty() && planted.stream().allMatch(probe -> probe.address() == 0));
            return hidden || planted.stream().anyMatch(probe -> probe.address() == location.addr())
                    ? Optional.empty()
                    : Optional.of("the kernel said yes and has not planted it: it is not in kprobes/list");
        } catch (BpfException e) {
            return Optional.empty(); // no debugfs, or no right to read it
        }
    }

    /**
     * Why a probe at a place that ftrace owns would never be hit.
     *
     * @return in words; nothing if ftrace is switched on
     */
    public static Optional<String> ftraceIsOff() {
        try {
            // Not readString(): it asks for one byte first, which these files take for the whole.
            byte[] text = Files.readAllBytes(FTRACE_ENABLED);
            return text.length > 0 && text[0] == '0'
                    ? Optional.of("kernel.ftrace_enabled is 0, so that no probe at a function's entry is hit;"
                            + " sysctl kernel.ftrace_enabled=1")
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty(); // a kernel without ftrace
        }
    }
}
