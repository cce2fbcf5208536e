package org.kprobe4j.benchmarks;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The cache of loaded and linked classes that ./kprobe starts its JVM with, made here for the benchmarks' own class path. */
final class ClassCache {
    /** Under the current folder, as the options of a benchmark are constants. */
    static final String FILE = "target/benchmark.aot";

    private static final String CLASS_PATH = "java.class.path";

    private static final Path CONFIGURATION = Path.of(FILE + ".conf");

    private ClassCache() {}

    /**
     * Makes the cache by compiling the sample once in another JVM. It is good for the jars of the class path only, so that folders
     * leave it, for the JVMs that JMH starts too.
     *
     * @param types file of the kernel's types
     * @throws IOException if it cannot be made
     */
    static void make(Path types) throws IOException {
        List<String> jars =
                new ArrayList<>(List.of(System.getProperty(CLASS_PATH).split(File.pathSeparator)));
        jars.removeIf(entry -> Files.isDirectory(Path.of(entry)));
        System.setProperty(CLASS_PATH, String.join(File.pathSeparator, jars));
        Files.createDirectories(Path.of(FILE).toAbsolutePath().getParent());
        try {
            java("-XX:AOTMode=record", types, CompileBenchmark.class.getName());
            java("-XX:AOTMode=create", types, "-XX:AOTCache=" + FILE);
        } finally {
            Files.deleteIfExists(CONFIGURATION);
        }
    }

    private static void java(String mode, Path types, String last) throws IOException {
        List<String> words = new ArrayList<>();
        words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        words.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xlog:disable", mode));
        words.add("-XX:AOTConfiguration=" + CONFIGURATION);
        words.add("-D" + BenchmarkMain.BTF + "=" + types.toAbsolutePath());
        words.addAll(List.of("-cp", System.getProperty(CLASS_PATH), last));
        Process process = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            if (process.waitFor() != 0) {
                throw new IOException("java " + mode + " failed");
            }
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
