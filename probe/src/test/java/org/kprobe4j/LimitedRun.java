package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.kprobe4j.asm.Instruction;
import org.kprobe4j.bpf.BpfProgram;
import org.kprobe4j.compiler.CompiledProgram;

/**
 * A run of {@link LimitedProgram} in a process that may not do all that root may.
 *
 * @param out lines of standard output
 * @param err lines of standard error
 */
record LimitedRun(List<String> out, List<String> err) {
    private static final List<String> BPF = List.of("+bpf", "+perfmon");

    /** As a user of no importance with CAP_BPF and CAP_PERFMON, and these capabilities beside. */
    static List<String> user(String... more) {
        return userWith(Stream.concat(BPF.stream(), Stream.of(more)).toArray(String[]::new));
    }

    /** As a user of no importance with these capabilities and no others. */
    static List<String> userWith(String... capabilities) {
        String list = String.join(",", capabilities);
        var words = new ArrayList<>(List.of("setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups"));
        words.addAll(
                list.isEmpty()
                        ? List.of("--inh-caps", "-all", "--bounding-set", "-all")
                        : List.of("--inh-caps", list, "--ambient-caps", list, "--bounding-set", "-all," + list));
        return words;
    }

    /** The same without the bound that kernels before 5.11 put on maps. */
    static List<String> unbounded(List<String> words) {
        return Stream.concat(Stream.of("prlimit", "--memlock=unlimited"), words.stream())
                .toList();
    }

    /** As root in a mount namespace where a shell script has changed what is mounted. */
    static List<String> mounted(String script) {
        return List.of("unshare", "-m", "sh", "-ec", script + "; exec \"$@\"", "sh");
    }

    /** Runs it to its end; it must end well, whatever its scenarios said. */
    static LimitedRun run(List<String> prefix, String... scenarios) throws IOException, InterruptedException {
        var command = new ArrayList<>(prefix);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "-ea",
                "--enable-native-access=ALL-UNNAMED"));
        command.addAll(classes());
        command.add(LimitedProgram.class.getName());
        command.addAll(List.of(scenarios));
        Process process = new ProcessBuilder(command).start();
        process.getOutputStream().close();
        CompletableFuture<List<String>> err = CompletableFuture.supplyAsync(() -> lines(process.getErrorStream()));
        // What a kernel does not tell is named by its own tests.
        List<String> out = lines(process.getInputStream()).stream()
                .map(line -> line.replaceAll(
                        "; not told here: missed \\(nmissed\\) before Linux 6.7, lost to recursion before Linux 6.7|; not told here: lost to recursion before Linux 6.7",
                        ""))
                .toList();
        var run = new LimitedRun(out, err.join());
        System.out.println(run);
        assertThat(process.waitFor()).as("status; %s", run).isZero();
        return run;
    }

    private static List<String> lines(InputStream stream) {
        try (stream) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where its classes are: loaded already, as far as the cache of {@code ./kprobe} goes, if the tests were told of that. */
    private static List<String> classes() {
        String jars = System.getProperty("kprobe4j.program.path");
        if (jars == null) {
            return List.of("-cp", classPath());
        }
        List<Path> built = Stream.of(jars.split(":")).map(Path::of).toList();
        Path folder = readable(built.getFirst().getParent());
        String quick = built.stream()
                .map(jar -> folder.resolve(jar.getFileName()).toString())
                .collect(Collectors.joining(":"));
        return List.of(
                "-XX:AOTCache=" + folder.resolve("start-%s.aot".formatted(Runtime.version())),
                "-Xlog:disable",
                "-Djdk.reflect.useNativeAccessorOnly=true",
                "-cp",
                quick + ":" + classPath());
    }

    /** What is needed to run it, where everybody can read it. */
    private static String classPath() {
        return Stream.of(Kprobe.class, Instruction.class, BpfProgram.class, CompiledProgram.class, LimitedProgram.class)
                .map(LimitedRun::location)
                .distinct()
                .map(LimitedRun::readable)
                .map(Path::toString)
                .collect(Collectors.joining(":"));
    }

    private static Path location(Class<?> type) {
        try {
            return Path.of(
                    type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Path readable(Path path) {
        return isPublic(path) ? path : published(path);
    }

    private static boolean isPublic(Path path) {
        for (Path at = path.toAbsolutePath(); at.getParent() != null; at = at.getParent()) {
            if (!permits(at)) {
                return false;
            }
        }
        return true;
    }

    private static boolean permits(Path path) {
        try {
            var permissions = Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS);
            return permissions.contains(PosixFilePermission.OTHERS_READ)
                    && (!Files.isDirectory(path) || permissions.contains(PosixFilePermission.OTHERS_EXECUTE));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A copy for everybody; the guest forgets it. */
    private static Path published(Path path) {
        Path copy = Path.of("/run/kprobe4j-limited", path.toString().replace('/', '_'));
        if (Files.exists(copy)) {
            return copy;
        }
        try {
            Files.createDirectories(copy.getParent());
            int status = new ProcessBuilder(
                            "sh",
                            "-ec",
                            "cp -rpL \"$1\" \"$2\"; chmod -R a+rX /run/kprobe4j-limited",
                            "sh",
                            path.toString(),
                            copy.toString())
                    .inheritIO()
                    .start()
                    .waitFor();
            assertThat(status).isZero();
            return copy;
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
