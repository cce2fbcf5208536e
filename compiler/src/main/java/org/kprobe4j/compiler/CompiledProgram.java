package org.kprobe4j.compiler;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.kprobe4j.asm.Assembled;

/**
 * A handler as an eBPF program, ready to be linked to its maps and loaded.
 *
 * @param code the instructions; maps are known by their symbolic names
 * @param formats the lines it may print
 * @param callBytes size of a call's value in the map {@link ProgramShape#CALLS_MAP}: its task, private data and kept arguments
 * @param scratchBytes size of the value of the map {@link ScratchMemory#MAP}, 0 if the program needs none
 * @param faultSites where it may stop; the index counts from {@link Account#FAULTS}
 * @param keptArguments argument registers that a return handler reads and the entry program must keep:
 *     {@link ProgramShape.Entry#kept()}
 * @param registers the registers of its context that the handler reads: names as in {@link Architecture#registers()}. Stacks of the
 *     kernel are walked from the instruction pointer and the stack pointer
 */
public record CompiledProgram(
        Assembled code,
        List<PrintFormat> formats,
        int callBytes,
        int scratchBytes,
        List<FaultSite> faultSites,
        List<Integer> keptArguments,
        Set<String> registers) {
    /** What is said of a place whose stacks found no room in the map of stacks. */
    public static final String STACK_LOST =
            "stack lost: its place in the map of stacks is taken, or there is no more room; make the map for more entries";

    /** What is said of a place that had the function return without having run. */
    public static final String OVERRIDDEN = "call overridden: the function returned without having run";

    /** Copies the collections. */
    public CompiledProgram {
        formats = List.copyOf(formats);
        faultSites = List.copyOf(faultSites);
        keptArguments = List.copyOf(keptArguments);
        registers = Set.copyOf(registers);
    }

    /**
     * Where it may have the function return without having run.
     *
     * @return the first such place, if there is one
     */
    public Optional<FaultSite> override() {
        return faultSites.stream()
                .filter(site -> site.what().equals(OVERRIDDEN))
                .findFirst();
    }

    /**
     * A place where Java would throw and the kernel cannot: the fault is counted and the handler stops, unless an accessor names a
     * value to go on with.
     *
     * @param file source file
     * @param line line number
     * @param what for example {@code / by zero}
     * @param stops whether the handler stops here
     */
    public record FaultSite(String file, int line, String what, boolean stops) {
        @Override
        public String toString() {
            return file + ":" + line + ": " + what;
        }
    }
}
