package org.kprobe4j.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Programs of the Debian suite that a kernel comes from, unpacked with everything they need into a folder that a guest can {@code
 * chroot} into: what other people's tools do in the same guest. Nothing is installed.
 */
public final class DebianPrograms {
    /** Nothing in them is needed to run a program. */
    private static final List<String> UNUSED = List.of(
            "usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian", "usr/include", "usr/src");

    private DebianPrograms() {}

    /**
     * Downloads the programs, if they are not in the cache yet.
     *
     * @param row the kernel whose suite they are taken from
     * @param packages the Debian packages; what they depend on comes by itself
     * @param progress where the steps are said
     * @return the folder, to be read only
     * @throws LabException if that fails
     */
    public static Path provide(KernelRow row, List<String> packages, Progress progress) {
        LabCache cache = LabCache.open(progress);
        String suite = row.suites().getFirst();
        String name = "%s-1-%s-%s"
                .formatted(String.join("+", packages), suite, row.arch().debianName());
        Path entry = cache.entry(name, folder -> {
            String what = String.join(", ", packages);
            complete(Tools.unpackClosure(folder, row.arch(), row.suites(), what, packages, progress));
        });
        return entry.resolve("root");
    }

    /** What Debian's set-up scripts would make. */
    private static void complete(Path root) throws IOException {
        for (String unused : UNUSED) {
            LabCache.deleteTree(root.resolve(unused));
        }
        for (String link : List.of("bin", "sbin", "lib", "lib64")) {
            if (!Files.exists(root.resolve(link))) {
                Files.createSymbolicLink(root.resolve(link), Path.of("usr", link));
            }
        }
        for (String folder : List.of("proc", "sys", "dev", "tmp", "run", "root", "etc", "usr/sbin")) {
            Files.createDirectories(root.resolve(folder));
        }
    }
}
