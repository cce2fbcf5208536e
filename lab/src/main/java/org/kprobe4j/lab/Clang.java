package org.kprobe4j.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * clang, unpacked with all its libraries in the cache and run by their own dynamic loader: the C compiler that kprobe4j's programs
 * are measured against. Nothing is installed.
 */
public final class Clang {
    private static final String SUITE = "trixie";
    private static final String PACKAGE = "clang-19";
    private static final String FOLDER = "usr/lib/llvm-19";
    private static final String NAME = "clang";

    private final Tools tools;

    private Clang(Tools tools) {
        this.tools = tools;
    }

    /**
     * Downloads it, if it is not in the cache yet.
     *
     * @param progress where the steps are said
     * @return the compiler
     * @throws LabException if that fails
     */
    public static Clang provide(Progress progress) {
        Arch host = Arch.host();
        LabCache cache = LabCache.open(progress);
        Path entry = cache.entry("%s-1-%s".formatted(PACKAGE, host.debianName()), folder -> {
            PrivateApt apt =
                    PrivateApt.open(Files.createDirectory(folder.resolve("apt")), host, List.of(SUITE), progress);
            List<Path> debs = apt.downloadClosure(NAME, List.of(PACKAGE));
            progress.say("lab: unpacking " + NAME);
            Path root = folder.resolve("root");
            Tools.unpack(debs, root);
            prune(root);
            LabCache.deleteTree(folder.resolve("apt"));
        });
        return new Clang(Tools.at(entry.resolve("root")));
    }

    /** Keeps the compiler and the libraries: a third of the space. */
    private static void prune(Path root) throws IOException {
        for (String unused : List.of("usr/bin", "usr/sbin", "usr/include", "usr/share", "usr/libexec", "etc", "var")) {
            LabCache.deleteTree(root.resolve(unused));
        }
        List<Path> unused = new ArrayList<>();
        try (Stream<Path> list = Files.walk(root)) {
            list.filter(path -> path.toString().endsWith(".a")
                            || path.toString().endsWith(".o")
                            || path.getFileName().toString().equals("cc1")
                            || path.getFileName().toString().equals("lto1"))
                    .filter(Files::isRegularFile)
                    .forEach(unused::add);
        }
        for (Path file : unused) {
            Files.delete(file);
        }
    }

    /**
     * Compiles.
     *
     * @param source a C file
     * @param object where the object file goes
     * @param options such as {@code -O2 -target bpf}
     * @throws LabException if clang refuses, with its words
     */
    public void compile(Path source, Path object, List<String> options) {
        try {
            List<String> words = new ArrayList<>(tools.command(FOLDER + "/bin/clang"));
            words.addAll(options);
            // The dynamic loader is what /proc/self/exe names, so clang cannot start itself for -cc1.
            words.addAll(List.of("-fintegrated-cc1", "-c", source.toString(), "-o", object.toString()));
            HostTool.require("compiling " + source.getFileName(), "see clang's words", words);
        } catch (IOException e) {
            throw new LabException("lab: cannot run clang: " + e, e);
        }
    }
}
