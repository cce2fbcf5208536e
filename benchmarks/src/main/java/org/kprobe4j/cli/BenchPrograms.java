package org.kprobe4j.cli;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.kprobe4j.lab.KernelRow;

/** Programs compiled and started as {@code ./kprobe} does it: what a user waits for is what is measured. */
public final class BenchPrograms {
    private BenchPrograms() {}

    /**
     * Makes the cache of classes for quick starts in a guest, if there is none yet.
     *
     * @param row the kernel that the guest is booted with
     */
    public static void provideQuickStarts(KernelRow row) {
        StartCache.provide(row);
    }

    /**
     * Compiles a program.
     *
     * @param source its file
     * @param folder where a folder with its name and its classes is made
     * @throws IOException if it cannot be made
     */
    public static void compile(Path source, Path folder) throws IOException {
        new ProgramCompiler(GuestJvm.programPath())
                .compile(source, Files.createDirectory(folder.resolve(nameOf(source))));
    }

    private static String nameOf(Path source) {
        return source.getFileName().toString().replace(".java", "");
    }

    /**
     * The command that runs a compiled program in a guest.
     *
     * @param folder where it was compiled to
     * @param name the program's name
     * @param arguments its own arguments
     * @return the words
     */
    public static List<String> command(Path folder, String name, List<String> arguments) {
        List<String> words = new ArrayList<>(GuestJvm.command());
        words.addAll(List.of(RunMain.class.getName(), folder.resolve(name).toString(), name));
        words.addAll(arguments);
        return words;
    }

    /**
     * The command that runs a class of the benchmarks in a guest, started as quickly as a program.
     *
     * @param main the class
     * @param options further options of the JVM
     * @param arguments its arguments
     * @return the words
     */
    public static List<String> command(Class<?> main, List<String> options, List<String> arguments) {
        List<String> words = new ArrayList<>(GuestJvm.command());
        // What is appended to the class path leaves the cache of classes as it is.
        words.add(words.removeLast() + File.pathSeparator + System.getProperty("java.class.path"));
        words.addAll(options);
        words.add(main.getName());
        words.addAll(arguments);
        return words;
    }

    /**
     * The command that starts the command line as the launcher of a package does it.
     *
     * @param repository where the launcher's functions lie
     * @param words of the command line
     * @return the words
     */
    public static List<String> launcher(Path repository, List<String> words) {
        List<String> all = new ArrayList<>(List.of(
                "bash",
                "-euc",
                ". \"$0\"; libraries=$1 java_home=$2; start_kprobe \"${@:3}\"",
                repository.resolve("cli/src/main/bash/launch.sh").toString(),
                GuestJvm.buildFolder().orElseThrow().toString(),
                System.getProperty("java.home")));
        all.addAll(words);
        return all;
    }

    /** Hands on to a guest's JVM what its programs' class path is. */
    public static String programPathOption() {
        return "-Dkprobe4j.program.path=" + GuestJvm.programPath();
    }
}
