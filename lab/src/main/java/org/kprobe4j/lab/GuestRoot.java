package org.kprobe4j.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The programs of a guest of another architecture than this machine's, unpacked in the cache: a Java runtime, a shell and the small
 * tools. The guest sees them instead of this machine's own; all other files are this machine's.
 *
 * @param root the unpacked packages, what the guest has as {@code /usr} among them
 * @param arch the architecture they are built for
 */
record GuestRoot(Path root, Arch arch) {
    /** The version of Java that programs for such a guest are compiled for. */
    static final int JAVA = 25;

    private static final String SUITE = "trixie";
    private static final List<String> PACKAGES = List.of(
            "openjdk-%d-jre-headless".formatted(JAVA),
            "busybox-static",
            "bash",
            "coreutils",
            "dash",
            "findutils",
            "grep",
            "mount",
            "perl-base",
            "procps",
            "sed",
            "util-linux");
    /** Where programs have been since the merge of / and /usr; the unpacked packages know no other place. */
    private static final List<String> MERGED = List.of("bin", "sbin", "lib");

    private static final List<String> UNUSED =
            List.of("boot", "var", "usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info");

    static GuestRoot provide(LabCache cache, Arch arch, Progress progress) {
        String what = "the programs for " + arch.debianName();
        Path entry = cache.entry("root-1-" + arch.debianName(), folder -> {
            Path root = Files.createDirectories(folder.resolve("root"));
            for (String name : MERGED) {
                Files.createDirectories(root.resolve("usr").resolve(name));
                Files.createSymbolicLink(root.resolve(name), Path.of("usr", name));
            }
            prune(Tools.unpackClosure(folder, arch, List.of(SUITE), what, PACKAGES, progress));
        });
        return new GuestRoot(entry.resolve("root"), arch);
    }

    private static void prune(Path root) throws IOException {
        for (String folder : UNUSED) {
            LabCache.deleteTree(root.resolve(folder));
        }
    }

    /** A static shell and its small programs, for the boot. */
    Path busybox() {
        return root.resolve("usr/bin/busybox");
    }
}
