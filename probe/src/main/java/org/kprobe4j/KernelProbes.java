package org.kprobe4j;

import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.symbols.KprobesList;
import org.kprobe4j.bpf.symbols.PlantedProbe;
import org.kprobe4j.bpf.tracefs.DefinedEvent;
import org.kprobe4j.bpf.tracefs.KprobeEvents;
import org.kprobe4j.internal.OwnProbes;

/**
 * All probes of the running kernel, by whomever they were planted, and the switches that stop them all.
 *
 * <p>Reads debugfs {@code kprobes/} and tracefs {@code kprobe_events}, which root alone may read. Source: kernel/kprobes.c,
 * Documentation/trace/kprobes.rst, Documentation/trace/kprobetrace.rst. Thread-safe.
 */
public final class KernelProbes {
    private KernelProbes() {}

    /** What a probe is planted for. */
    public enum Kind {
        /** An instruction. */
        KPROBE,
        /** A function's return. */
        KRETPROBE
    }

    /**
     * A probe that is planted in the kernel.
     *
     * @param addr where; 0 if the kernel does not show it to this process
     * @param kind instruction or return
     * @param symbolName the function that it lies in; an address in hexadecimal if no function is there any more
     * @param offset bytes from the function's first
     * @param module the module, null for the kernel itself
     * @param gone its module was unloaded: it cannot hit
     * @param disabled the kernel has it switched off; {@link Kprobe#disable()} does not show here
     * @param optimized it is reached by a jump instead of a trap
     * @param ftrace it is reached by the function tracer
     * @param ours this process has a probe there; where others have one at the same place too, the kernel does not tell which is whose
     */
    public record Planted(
            long addr,
            Kind kind,
            String symbolName,
            long offset,
            @Nullable String module,
            boolean gone,
            boolean disabled,
            boolean optimized,
            boolean ftrace,
            boolean ours) {
        private static Planted of(PlantedProbe probe) {
            return new Planted(
                    probe.address(),
                    probe.isReturn() ? Kind.KRETPROBE : Kind.KPROBE,
                    probe.symbol(),
                    probe.offset(),
                    probe.module(),
                    probe.gone(),
                    probe.disabled(),
                    probe.optimized(),
                    probe.ftrace(),
                    OwnProbes.isAt(probe));
        }

        /**
         * The probe in one line.
         *
         * @return {@code kretprobe brd:brd_submit_bio+0x4 [FTRACE] (ours)}
         */
        @Override
        public String toString() {
            return (kind == Kind.KPROBE ? "kprobe " : "kretprobe ")
                    + (module == null ? "" : module + ":")
                    + symbolName
                    + (offset == 0 ? "" : "+0x" + Long.toHexString(offset))
                    + (gone ? " [GONE]" : "")
                    + (disabled ? " [DISABLED]" : "")
                    + (optimized ? " [OPTIMIZED]" : "")
                    + (ftrace ? " [FTRACE]" : "")
                    + (ours ? " (ours)" : "");
        }
    }

    /**
     * A kprobe event that is defined in tracefs: kprobe4j's return probes and probes that follow their module, and what others define
     * there, such as perf probe.
     *
     * @param group its group; kprobe4j's are {@code kprobe4j_PID_STARTTIME}
     * @param name its name in the group
     * @param kind instruction or return
     * @param place {@code [MOD:]SYM[+offs]} or an address, as it was written
     * @param pid the process of kprobe4j that it belongs to, in that process's PID namespace; 0 if it is another's
     * @param ours it belongs to this process
     */
    public record Event(String group, String name, Kind kind, String place, int pid, boolean ours) {
        private static Event of(DefinedEvent event) {
            return new Event(
                    event.group(),
                    event.name(),
                    event.isReturn() ? Kind.KRETPROBE : Kind.KPROBE,
                    event.place(),
                    event.pid(),
                    event.ours());
        }
    }

    /**
     * The probes that are planted: debugfs {@code kprobes/list}. What kprobe.multi plants, which is how a probe of many functions is
     * planted where the kernel can, is the function tracer's and does not stand there.
     *
     * @return in the kernel's order
     * @throws RegistrationException if debugfs is not mounted or may not be read
     */
    public static List<Planted> planted() {
        return asked(() -> KprobesList.read().stream().map(Planted::of).toList());
    }

    /**
     * The kprobe events of tracefs, with the processes of kprobe4j that they belong to.
     *
     * @return in the kernel's order
     * @throws RegistrationException if tracefs is not mounted or may not be read
     */
    public static List<Event> events() {
        return asked(() -> KprobeEvents.open().defined().stream().map(Event::of).toList());
    }

    /**
     * Whether kprobes hit at all: the kernel-wide switch, debugfs {@code kprobes/enabled}. Write 1 or 0 there to turn it; a probe that is
     * planted while it is off is not armed by turning it on.
     *
     * @return false if all kprobes are switched off
     * @throws RegistrationException if debugfs is not mounted or may not be read
     */
    public static boolean enabled() {
        return asked(KprobesList::enabled);
    }

    /**
     * Whether probes at functions' entries are reached, where the kernel uses the function tracer for that: the sysctl {@code
     * kernel.ftrace_enabled}.
     *
     * @return false if the function tracer is switched off
     */
    public static boolean ftraceEnabled() {
        return KprobesList.ftraceEnabled();
    }

    private static <T> T asked(Supplier<T> question) {
        try {
            return question.get();
        } catch (BpfException e) {
            throw new RegistrationException(String.valueOf(e.getMessage()), e.errno(), e);
        }
    }
}
