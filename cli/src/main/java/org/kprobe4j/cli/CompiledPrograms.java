package org.kprobe4j.cli;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Programs that were compiled before, by what they were made of, since the compiler takes longer than all the rest of a start. They lie beside
 * the jars that they were compiled against. Only programs whose source files are all in one folder are kept; the key has the file's text
 * and name, size and time of change of each other source file there.
 */
final class CompiledPrograms {
    private static final String MAIN = "main-class";

    private final Path folder;

    private CompiledPrograms(Path folder) {
        this.folder = folder;
    }

    /** Those of this build; nothing if its jars are in no folder of their own. */
    static Optional<CompiledPrograms> ofThisBuild() {
        return GuestJvm.buildFolder().map(build -> in(build.resolve("programs")));
    }

    static CompiledPrograms in(Path folder) {
        return new CompiledPrograms(folder);
    }

    /** The program of a file, compiled if it was not yet. */
    Program provide(Path source, ProgramCompiler compiler, Path workspace) {
        try {
            Path kept = folder.resolve(key(source));
            Path main = kept.resolve(MAIN);
            if (Files.isReadable(main)) {
                return new Program(kept, Files.readString(main));
            }
            Program program = compiler.compile(source, workspace);
            keep(program, kept);
            return program;
        } catch (IOException e) {
            return compiler.compile(source, workspace);
        }
    }

    private static String key(Path source) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            Path file = source.toAbsolutePath().normalize();
            digest.update(Files.readAllBytes(file));
            digest.update(file.toString().getBytes(StandardCharsets.UTF_8));
            digest.update(Runtime.version().toString().getBytes(StandardCharsets.UTF_8));
            File[] beside = file.resolveSibling(".").toFile().listFiles((_, name) -> name.endsWith(".java"));
            if (beside == null) {
                throw new IOException("cannot list " + file.getParent());
            }
            Arrays.sort(beside);
            for (File other : beside) {
                digest.update("%s %d %d\n"
                        .formatted(other.getName(), other.length(), other.lastModified())
                        .getBytes(StandardCharsets.UTF_8));
            }
            return HexFormat.of().formatHex(digest.digest(), 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IOException(e);
        }
    }

    /** A cache that cannot be written is no error: the program is compiled each time. */
    private void keep(Program program, Path kept) {
        try {
            Files.createDirectories(folder);
            Path part = Files.createTempDirectory(folder, "part");
            try {
                if (copy(program.classes(), part)) {
                    Files.writeString(part.resolve(MAIN), program.mainClass());
                    Files.move(part, kept, StandardCopyOption.ATOMIC_MOVE);
                }
            } finally {
                delete(part);
            }
        } catch (IOException e) {
            if (RunMain.debugging()) {
                System.err.println("kprobe: the compiled program is not kept: " + e);
            }
        }
    }

    /** Copies the files of a folder; false if there are folders in it, so sources outside of the program's own folder. */
    private static boolean copy(Path from, Path to) throws IOException {
        File[] files = from.toFile().listFiles();
        if (files == null) {
            throw new IOException("cannot list " + from);
        }
        for (File file : files) {
            if (file.isDirectory()) {
                return false;
            }
            Files.copy(file.toPath(), to.resolve(file.getName()));
        }
        return true;
    }

    /** What is left of it, if it was not moved. */
    private static void delete(Path part) throws IOException {
        File[] files = part.toFile().listFiles();
        if (files != null) {
            for (File file : files) {
                Files.delete(file.toPath());
            }
            Files.delete(part);
        }
    }
}
