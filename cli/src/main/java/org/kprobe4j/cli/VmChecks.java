package org.kprobe4j.cli;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.kprobe4j.cli.doctor.Check;
import org.kprobe4j.lab.KernelRow;
import org.kprobe4j.lab.Lab;

/** Whether a throwaway VM can be had. Needs the lab on the class path. */
final class VmChecks {
    private static final String NAME = "VM";

    private VmChecks() {}

    static Check check() {
        KernelRow kernel = KernelRow.standard();
        if (Lab.isSetUp(kernel)) {
            return Check.fine(NAME, "Linux %s is in the cache; kprobe doctor --vm tries it".formatted(kernel.id()));
        }
        List<String> missing = List.of("apt-get", "dpkg-deb").stream()
                .filter(program -> !isOnPath(program))
                .toList();
        return missing.isEmpty()
                ? Check.fine(
                        NAME,
                        "Linux %s and QEMU are downloaded at the first run; kprobe doctor --vm does it"
                                .formatted(kernel.id()))
                : Check.missing(
                        NAME,
                        "Linux %s is not in the cache, and %s not on this machine to download it"
                                .formatted(
                                        kernel.id(),
                                        String.join(" and ", missing) + (missing.size() == 1 ? " is" : " are")),
                        "use a Debian-like system, or copy the folder of KPROBE4J_CACHE from one");
    }

    private static boolean isOnPath(String program) {
        return Pattern.compile(File.pathSeparator, Pattern.LITERAL)
                .splitAsStream(System.getenv().getOrDefault("PATH", ""))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }
}
