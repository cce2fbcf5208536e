package org.kprobe4j.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How the JVM inside a VM is started, tuned for a quick start: this machine's own runtime, which the VM sees, or one that a VM of another
 * architecture has for itself.
 */
final class GuestJvm {
    /** The class path of programs and tools, without the lab; else this JVM's own. */
    private static final String PROGRAM_PATH = "kprobe4j.program.path";

    private static final List<String> OPTIONS = List.of(
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            "-Xms8m",
            "-Xmx256m",
            // Most of what runs in a start runs a few times only: not worth compiling.
            "-XX:CompileThresholdScaling=5",
            "-XX:C1MaxInlineSize=20",
            "-XX:C1MaxInlineLevel=4",
            // Reflection by method handles costs a tenth of a second before main.
            "-Djdk.reflect.useNativeAccessorOnly=true",
            // The cache of classes stays where it was made for, instead of being patched: a tenth of a second and ten
            // megabytes less.
            "-XX:+IgnoreUnrecognizedVMOptions",
            "-XX:+UnlockDiagnosticVMOptions",
            "-XX:ArchiveRelocationMode=0",
            "--enable-native-access=ALL-UNNAMED");

    private GuestJvm() {}

    static String programPath() {
        return System.getProperty(PROGRAM_PATH, System.getProperty("java.class.path"));
    }

    /** The folder of the jars of a build; nothing if the class path is none of a build's. */
    static Optional<Path> buildFolder() {
        String path = System.getProperty(PROGRAM_PATH);
        return path == null
                ? Optional.empty()
                : Optional.ofNullable(
                        Path.of(path.substring(0, path.indexOf(':'))).getParent());
    }

    /** Where the cache of loaded classes belongs: beside the jars, which it is good for. */
    static Optional<Path> startCache() {
        return buildFolder().map(folder -> folder.resolve("start-" + Runtime.version() + ".aot"));
    }

    /** The words up to the main class, using the cache if there is one. */
    static List<String> command() {
        @Nullable Path cache = startCache().filter(Files::exists).orElse(null);
        // A cache that does not fit is passed over; the JVM is not to say so on the program's standard output.
        return cache == null
                ? command(List.of("-Xshare:auto"))
                : command(List.of("-XX:AOTCache=" + cache, "-Xlog:disable"));
    }

    /** The words up to the main class for a runtime that only the VM can run: no cache of this side's fits it. */
    static List<String> commandOf(Path javaHome) {
        return command(javaHome, List.of("-Xshare:auto"));
    }

    /** The words up to the main class, with further options of the JVM. */
    static List<String> command(List<String> options) {
        List<String> all = new ArrayList<>(options);
        buildFolder().ifPresent(folder -> all.add("-Dkprobe4j.syscalls=" + folder.resolve("syscalls.so")));
        return command(Path.of(System.getProperty("java.home")), all);
    }

    private static List<String> command(Path javaHome, List<String> options) {
        List<String> words = new ArrayList<>();
        words.add(javaHome.resolve("bin/java").toString());
        words.addAll(OPTIONS);
        words.addAll(options);
        words.addAll(List.of("-cp", programPath()));
        return words;
    }
}
