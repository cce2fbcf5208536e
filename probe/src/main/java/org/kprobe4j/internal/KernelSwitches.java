package org.kprobe4j.internal;

import java.util.Optional;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.symbols.KprobesList;

/** The switches that keep every probe of the kernel from hitting, and what to say of them. */
public final class KernelSwitches {
    private KernelSwitches() {}

    /** How a probe is reached. */
    public enum Way {
        /** By a trap in the place of an instruction, or a jump. */
        INSTRUCTION,
        /** By a call of the function tracer that is a kprobe all the same. */
        FTRACE,
        /** By the function tracer alone: one link for many functions, which are no kprobes. */
        LINK;

        /** Of a kprobe at an address. */
        public static Way of(long addr) {
            try {
                return addr != 0 && PlantedPlace.isFtraceSite(addr) ? FTRACE : INSTRUCTION;
            } catch (BpfException e) {
                return INSTRUCTION;
            }
        }
    }

    /** Whether kprobes are switched off; false if this process may not know. */
    public static boolean kprobesOff() {
        try {
            return !KprobesList.enabled();
        } catch (BpfException e) {
            return false;
        }
    }

    /** What keeps a probe that was just planted from hitting. */
    public static Optional<String> warning(String symbolName, Way way) {
        return warning(symbolName, way, kprobesOff(), !KprobesList.ftraceEnabled());
    }

    static Optional<String> warning(String symbolName, Way way, boolean kprobesOff, boolean ftraceOff) {
        if (kprobesOff && way != Way.LINK) {
            return Optional.of(
                    ("%s is planted but does not hit: kprobes are switched off (debugfs kprobes/enabled is 0); the kernel does not arm it "
                                    + "later either: echo 1 > /sys/kernel/debug/kprobes/enabled, then register it again")
                            .formatted(symbolName));
        }
        if (ftraceOff && way != Way.INSTRUCTION) {
            return Optional.of(
                    "%s is planted but does not hit: the function tracer, which reaches it, is switched off; sysctl kernel.ftrace_enabled=1"
                            .formatted(symbolName));
        }
        return Optional.empty();
    }

    /** Why a probe was not hit, for its account. */
    public static Optional<String> remark(Way way, boolean offWhenPlanted) {
        return remark(way, offWhenPlanted, kprobesOff(), !KprobesList.ftraceEnabled());
    }

    static Optional<String> remark(Way way, boolean offWhenPlanted, boolean kprobesOff, boolean ftraceOff) {
        if (way != Way.LINK && kprobesOff) {
            return Optional.of("kprobes are switched off: debugfs kprobes/enabled is 0");
        }
        if (way != Way.LINK && offWhenPlanted) {
            return Optional.of(
                    "kprobes were switched off when it was planted, so the kernel never armed it: register it again");
        }
        return way != Way.INSTRUCTION && ftraceOff
                ? Optional.of("the function tracer is switched off: kernel.ftrace_enabled is 0")
                : Optional.empty();
    }
}
