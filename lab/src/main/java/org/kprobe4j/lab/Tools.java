package org.kprobe4j.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * The emulator, the file server and a few small programs, unpacked with all their libraries in the cache. They are run by
 * their own dynamic loader, so neither the distribution's release nor what is installed matters.
 *
 * @param root the unpacked packages
 * @param loader the dynamic loader among them
 */
record Tools(Path root, Path loader) {
    /** QEMU 7.2 was seen to crash guests; the versions of this suite were not. */
    private static final String SUITE = "trixie";

    private static final List<String> KEPT_SHARES = List.of("qemu", "seabios");

    static Tools provide(LabCache cache, Arch guest, Progress progress) {
        Arch host = Arch.host();
        Path entry = cache.entry(entryName(guest), folder -> {
            List<String> packages = List.of(guest.qemuPackage(), "virtiofsd", "busybox-static", "zstd");
            prune(unpackClosure(folder, host, List.of(SUITE), "QEMU", packages, progress), guest);
        });
        return at(entry.resolve("root"));
    }

    static String entryName(Arch guest) {
        return "tools-1-%s-%s".formatted(Arch.host().debianName(), guest.qemuPackage());
    }

    /** Unpacked packages, the C library among them. */
    static Tools at(Path root) {
        return new Tools(root, findLoader(root));
    }

    /**
     * Downloads packages with all that they need and unpacks them.
     *
     * @param folder a new entry of the cache
     * @param what what they are, for the progress
     * @return {@code folder/root}, which may have been there before
     */
    static Path unpackClosure(
            Path folder, Arch arch, List<String> suites, String what, List<String> packages, Progress progress)
            throws IOException {
        Path lists = Files.createDirectory(folder.resolve("apt"));
        List<Path> debs = PrivateApt.open(lists, arch, suites, progress).downloadClosure(what, packages);
        progress.say("lab: unpacking " + what);
        Path root = folder.resolve("root");
        unpack(debs, root);
        LabCache.deleteTree(lists);
        return root;
    }

    static void unpack(List<Path> debs, Path root) {
        for (Path deb : debs) {
            HostTool.require(
                    "unpacking " + deb.getFileName(),
                    "free some disk space, then try again",
                    List.of("dpkg-deb", "-x", deb.toString(), root.toString()));
        }
    }

    /** Drops what no tool reads: two thirds of the space. */
    private static void prune(Path root, Arch guest) throws IOException {
        List<String> programs = new ArrayList<>(List.of("busybox", "zstd"));
        // One package may have the emulators of several architectures.
        Arrays.stream(Arch.values())
                .filter(arch -> arch.qemuPackage().equals(guest.qemuPackage()))
                .forEach(arch -> programs.add(arch.qemuBinary()));
        keepOnly(root.resolve("usr/bin"), programs);
        keepOnly(root.resolve("usr/share"), KEPT_SHARES);
        for (String unused : List.of("usr/sbin", "usr/include", "etc", "var")) {
            LabCache.deleteTree(root.resolve(unused));
        }
    }

    private static void keepOnly(Path folder, List<String> names) throws IOException {
        List<Path> content;
        try (Stream<Path> list = Files.list(folder)) {
            content = list.toList();
        }
        for (Path path : content) {
            if (!names.contains(path.getFileName().toString())) {
                LabCache.deleteTree(path);
            }
        }
    }

    private static Path findLoader(Path root) {
        for (String folder : List.of("usr/lib64", "usr/lib")) {
            if (!Files.isDirectory(root.resolve(folder))) {
                continue;
            }
            try (Stream<Path> list = Files.list(root.resolve(folder))) {
                var loader = list.filter(path -> path.getFileName().toString().startsWith("ld-linux"))
                        .findFirst();
                if (loader.isPresent()) {
                    return loader.get();
                }
            } catch (IOException e) {
                throw damaged(root, e);
            }
        }
        throw damaged(root, null);
    }

    private static LabException damaged(Path root, @org.jspecify.annotations.Nullable IOException cause) {
        String message = "lab: the cache " + root + " is damaged; delete it, then try again";
        return cause == null ? new LabException(message) : new LabException(message, cause);
    }

    /** The command line that runs a dynamically linked program of the tools. */
    List<String> command(String program) throws IOException {
        List<String> folders = new ArrayList<>();
        try (Stream<Path> list = Files.list(root.resolve("usr/lib"))) {
            list.filter(path -> path.getFileName().toString().contains("-linux-gnu"))
                    .forEach(path -> folders.add(path.toString()));
        }
        return List.of(
                loader.toString(),
                "--library-path",
                String.join(":", folders),
                root.resolve(program).toString());
    }

    /** A static shell and its small programs, for both sides. */
    Path busybox() {
        return root.resolve("usr/bin/busybox");
    }
}
