package org.kprobe4j.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Starts JMH, its arguments passed on. The kernel's types are {@link SyntheticKernel}, written by this JVM so that the measured
 * ones have not seen the classes yet, or those of {@code -Dkprobe4j.btf=FILE}, a copy of a /sys/kernel/btf/vmlinux.
 */
public final class BenchmarkMain {
    static final String BTF = "kprobe4j.btf";

    private BenchmarkMain() {}

    /**
     * Runs the benchmarks and prints JMH's table.
     *
     * @param args of JMH
     * @throws IOException if the types cannot be written
     * @throws RunnerException if a benchmark fails
     * @throws CommandLineOptionException if JMH does not know an argument
     */
    public static void main(String[] args) throws IOException, RunnerException, CommandLineOptionException {
        String given = System.getProperty(BTF);
        Path file = given != null ? Path.of(given) : Files.createTempFile("synthetic", ".btf");
        try {
            if (given == null) {
                Files.write(file, SyntheticKernel.btf());
            }
            System.out.printf("types: %d bytes%n", Files.size(file));
            ClassCache.make(file);
            ChainedOptionsBuilder options =
                    new OptionsBuilder().parent(new CommandLineOptions(args)).shouldFailOnError(true);
            new Runner(options.jvmArgsPrepend("-D" + BTF + "=" + file.toAbsolutePath())
                            .build())
                    .run();
        } finally {
            Files.deleteIfExists(Path.of(ClassCache.FILE));
            if (given == null) {
                Files.delete(file);
            }
        }
    }
}
