package org.kprobe4j.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.kprobe4j.cli.doctor.Check;
import org.kprobe4j.cli.doctor.DoctorMain;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kprobe doctor}: what this machine can do, or the kernel of a VM. */
@Command(
        name = "doctor",
        description = {
            "Says what this machine can do for probes, what is missing and how to get it. Each thing is tried: a kprobe and a kretprobe are planted by "
                    + "each mechanism on a harmless function, which is then called, and what they counted is looked at. Nothing stays planted.",
            "A line begins with ok; note: not there, and only costs; less: something falls away; FAIL: no probe works."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        customSynopsis = {"kprobe doctor [--vm[=VERSION]] [--no-vm] [--json]"},
        footerHeading = "%nExit status:%n",
        footer = {
            "  0    all is well",
            "  1    probes work, with less",
            "  2    this machine's kernel has no kprobes, and commands run in a VM",
            "  125  no probe works",
            "",
            "Examples:",
            "  kprobe doctor",
            "  kprobe doctor --json | grep -v '\"verdict\":\"fine\"'",
            "  kprobe doctor --vm=5.10"
        })
final class DoctorCommand implements Callable<Integer> {
    @Mixin
    private KernelChoice kernel = new KernelChoice();

    @Option(
            names = "--json",
            description =
                    "A JSON object for each check, one a line: check, verdict (fine, note, less, missing), found, and remedy "
                            + "where there is something to do.")
    private boolean json;

    private final List<String> command;

    /** The command line's tail from {@code --} on, or nothing. */
    DoctorCommand(List<String> command) {
        this.command = List.copyOf(command);
    }

    @Override
    public Integer call() {
        if (!command.isEmpty()) {
            throw new KprobeException("doctor runs no command; leave out what stands after --");
        }
        if (!kernel.asksForVm()) {
            return DoctorMain.examine(json, vm(), System.out);
        }
        kernel.check();
        VmRun run = VmRun.of(kernel);
        run.announce(kernel);
        List<String> words = new ArrayList<>(List.of(DoctorMain.class.getName(), Boolean.toString(json)));
        return run.run(List.of(), words);
    }

    /** What a VM would need. Only a machine that may need one has the lab on its class path. */
    private List<Check> vm() {
        if (HostKernel.hasKprobes(Path.of("/")) || kernel.refusesVm()) {
            return List.of();
        }
        return List.of(HostKernel.hasLab() ? VmChecks.check() : Check.note("VM", HostKernel.NO_LAB));
    }
}
