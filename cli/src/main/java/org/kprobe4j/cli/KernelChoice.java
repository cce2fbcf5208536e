package org.kprobe4j.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * Under which kernel a command works: this machine's, or another in a throwaway VM. No method names {@link VmRun}: options are found by
 * reflection, which loads what methods name, and no cache of classes has what needs the lab.
 */
public final class KernelChoice {
    @Option(
            names = "--vm",
            arity = "0..1",
            fallbackValue = "",
            paramLabel = "VERSION",
            description =
                    "Run in a throwaway VM with this kernel (default 6.12), even if this machine's kernel has kprobes.")
    private @Nullable String vm;

    @Option(names = "--no-vm", description = "Never run in a VM: an error where this machine's kernel has no kprobes.")
    private boolean noVm;

    /** This machine's, if it has kprobes. */
    public KernelChoice() {}

    /** Whether it is this machine's kernel. */
    public boolean isHere() {
        return HostKernel.hasKprobes(Path.of("/")) && vm == null;
    }

    /** Whether a VM is asked for, whatever this machine's kernel has. */
    boolean asksForVm() {
        return vm != null;
    }

    /** Whether a VM is out of the question. */
    boolean refusesVm() {
        return noVm;
    }

    /** Refuses what contradicts itself. */
    public void check() {
        if (noVm && vm != null) {
            throw new KprobeException("--vm and --no-vm exclude each other");
        }
        if (noVm && !isHere()) {
            throw new KprobeException(
                    "this machine's kernel has no kprobes (CONFIG_KPROBES), and --no-vm forbids a VM");
        }
    }

    /** The version of the VM's kernel; empty for the usual one. */
    String version() {
        return vm == null ? "" : vm;
    }
}
