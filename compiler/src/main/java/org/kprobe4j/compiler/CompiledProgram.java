package org.kprobe4j.compiler;

import java.util.List;
import org.kprobe4j.asm.Assembled;

/**
 * A handler as an eBPF program, ready to be linked to its maps and loaded.
 *
 * @param code the instructions; maps are known by their symbolic names
 * @param formats the lines it may print
 * @param callBytes size of a call's value in the map {@link ProgramShape#CALLS_MAP}: its private data, at least eight
 * @param faultSites where it may stop; the index counts from {@link Account#FAULTS}
 */
public record CompiledProgram(Assembled code, List<PrintFormat> formats, int callBytes, List<FaultSite> faultSites) {
    /** Copies the lists. */
    public CompiledProgram {
        formats = List.copyOf(formats);
        faultSites = List.copyOf(faultSites);
    }

    /**
     * A place where Java would throw and the kernel cannot: the handler stops and the fault is counted.
     *
     * @param file source file
     * @param line line number
     * @param what for example {@code / by zero}
     */
    public record FaultSite(String file, int line, String what) {
        @Override
        public String toString() {
            return file + ":" + line + ": " + what;
        }
    }
}
