package org.kprobe4j.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.kprobe4j.lab.BootOptions;
import org.kprobe4j.lab.GuestCommand;
import org.kprobe4j.lab.KernelRow;
import org.kprobe4j.lab.Lab;
import org.kprobe4j.lab.LabException;

/** Runs a compiled program in a throwaway VM: the one class that needs the lab on the class path. */
public final class VmRun {
    /** The folder of the guest that a run may share with this machine. */
    public static final String EXCHANGE = BootOptions.EXCHANGE_IN_GUEST;

    private final KernelRow kernel;

    private VmRun(KernelRow kernel) {
        this.kernel = kernel;
    }

    /**
     * The run of a command that does not work with this machine's kernel.
     *
     * @param choice which one it is
     * @return a run in a VM
     */
    public static VmRun of(KernelChoice choice) {
        if (!HostKernel.hasLab()) {
            throw new KprobeException(HostKernel.NO_LAB);
        }
        return under(choice.version());
    }

    /**
     * Says on standard error which kernel it is, and why.
     *
     * @param choice what was asked for
     */
    public void announce(KernelChoice choice) {
        System.err.println((choice.asksForVm() ? "kprobe: " : "kprobe: this machine's kernel has no kprobes; ")
                + "running in a throwaway VM with Linux " + kernelVersion());
    }

    /** A run under the kernel of this version, or under the standard one if the version is empty. */
    static VmRun under(String version) {
        try {
            return new VmRun(version.isEmpty() ? KernelRow.standard() : KernelRow.of(version));
        } catch (LabException e) {
            throw new KprobeException(String.valueOf(e.getMessage()));
        }
    }

    /** The kernel's version. */
    public String kernelVersion() {
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
    public int run(List<String> options, List<String> program) {
        return run(options, program, BootOptions.of(kernel));
    }

    /**
     * Starts a JVM in the VM that shares a folder with this machine.
     *
     * @param options of the JVM besides the usual ones
     * @param program the main class and its arguments
     * @param folder what the guest sees as {@link #EXCHANGE}
     * @return the exit status
     */
    public int run(List<String> options, List<String> program, Path folder) {
        return run(options, program, BootOptions.of(kernel).exchange(folder));
    }

    private int run(List<String> options, List<String> program, BootOptions boot) {
        try {
            List<String> words = new ArrayList<>(jvm());
            words.addAll(1, options);
            words.addAll(program);
            return Lab.run(kernel, boot, GuestCommand.of(words));
        } catch (LabException e) {
            throw new KprobeException(String.valueOf(e.getMessage()));
        }
    }
}
