package org.kprobe4j.cli;

import java.util.ArrayList;
import java.util.List;
import org.kprobe4j.lab.GuestCommand;
import org.kprobe4j.lab.KernelRow;
import org.kprobe4j.lab.Lab;
import org.kprobe4j.lab.LabException;

/** Runs a compiled program in a throwaway VM: the one class that needs the lab on the class path. */
final class VmRun {
    private final KernelRow kernel;

    private VmRun(KernelRow kernel) {
        this.kernel = kernel;
    }

    /** A run under the kernel of this version, or under the standard one if the version is empty. */
    static VmRun under(String version) {
        try {
            return new VmRun(version.isEmpty() ? KernelRow.standard() : KernelRow.of(version));
        } catch (LabException e) {
            throw new KprobeException(String.valueOf(e.getMessage()));
        }
    }

    String kernelVersion() {
        return kernel.id();
    }

    private List<String> jvm() {
        if (kernel.foreign()) {
            return GuestJvm.commandOf(Lab.javaHome(kernel));
        }
        StartCache.provide(kernel);
        return GuestJvm.command();
    }

    /**
     * Starts a JVM in the VM.
     *
     * @param options of the JVM besides the usual ones
     * @param program the main class and its arguments
     * @return the exit status
     */
    int run(List<String> options, List<String> program) {
        try {
            List<String> words = new ArrayList<>(jvm());
            words.addAll(1, options);
            words.addAll(program);
            return Lab.run(kernel, GuestCommand.of(words));
        } catch (LabException e) {
            throw new KprobeException(String.valueOf(e.getMessage()));
        }
    }
}
