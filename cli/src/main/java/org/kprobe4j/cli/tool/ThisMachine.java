package org.kprobe4j.cli.tool;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.kprobe4j.cli.KprobeException;

/** What there is on the machine whose kernel is looked at: a filter that lets nothing through is a mistake. */
final class ThisMachine {
    private static final Path PROCESSES = Path.of("/proc");
    private static final Path CPUS = Path.of("/sys/devices/system/cpu/possible");

    /** Source: PROC_PID_INIT_INO in include/linux/proc_ns.h. */
    private static final String INITIAL_NAMESPACE = "pid:[" + 0xEFFF_FFFCL + "]";

    private ThisMachine() {}

    /** Refuses numbers of nobody. In a container /proc has other numbers than the kernel: nothing is known then. */
    static void require(String option, String what, List<Integer> numbers) {
        if (numbers.isEmpty() || !hasKernelsNumbers()) {
            return;
        }
        for (Integer number : numbers) {
            if (!Files.exists(PROCESSES.resolve(number.toString()))) {
                throw new KprobeException("%s %d: no such %s".formatted(option, number, what));
            }
        }
    }

    /** Whether this process is in the initial PID namespace. */
    static boolean hasKernelsNumbers() {
        try {
            Path namespace = Files.readSymbolicLink(PROCESSES.resolve("self/ns/pid"));
            return namespace.toString().equals(INITIAL_NAMESPACE);
        } catch (IOException e) {
            return false;
        }
    }

    /** Refuses processors that are not there. */
    static void requireCpus(List<Integer> wanted) {
        if (wanted.isEmpty()) {
            return;
        }
        try {
            String all = Files.readString(CPUS).strip();
            List<Integer> possible = Arrays.stream(all.split(","))
                    .flatMap(range -> Ranges.parse("--cpu", range).stream())
                    .toList();
            for (Integer cpu : wanted) {
                if (!possible.contains(cpu)) {
                    throw new KprobeException("--cpu %d: this machine has the processors %s".formatted(cpu, all));
                }
            }
        } catch (IOException e) {
            // Without sysfs nobody knows.
        }
    }
}
