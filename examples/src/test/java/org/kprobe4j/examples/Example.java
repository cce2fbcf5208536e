package org.kprobe4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * A run of an example in a JVM of its own, as users start it.
 *
 * @param status exit status
 * @param out lines of standard output, the command's among them
 * @param err lines of standard error
 */
record Example(int status, List<String> out, List<String> err) {
    /**
     * Runs one to its end.
     *
     * @param name of its file
     * @param arguments as on the command line, the command behind {@code --}
     */
    static Example run(String name, String... arguments) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED"));
        command.addAll(classes());
        command.add(name);
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).start();
        process.getOutputStream().close();
        CompletableFuture<List<String>> err = CompletableFuture.supplyAsync(() -> lines(process.getErrorStream()));
        List<String> out = lines(process.getInputStream());
        return new Example(process.waitFor(), out, err.join());
    }

    /** Where its classes are: loaded already, as far as the cache of {@code ./kprobe} goes, if the tests were told of that. */
    private static List<String> classes() {
        String own = System.getProperty("java.class.path");
        String jars = System.getProperty("kprobe4j.program.path");
        if (jars == null) {
            return List.of("-Xshare:auto", "-cp", own);
        }
        Path cache = Path.of(jars.substring(0, jars.indexOf(':')))
                .resolveSibling("start-%s.aot".formatted(Runtime.version()));
        return List.of(
                "-XX:AOTCache=" + cache,
                "-Xlog:disable",
                "-XX:-UsePerfData",
                "-Djdk.reflect.useNativeAccessorOnly=true",
                "-cp",
                jars + ":" + own);
    }

    private static List<String> lines(InputStream stream) {
        try (stream) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** The same, of a run that went well. */
    Example succeeded() {
        assertThat(status).as("status; standard error: %s", err).isZero();
        return this;
    }

    /** The lines of standard output that match a pattern as a whole. */
    Stream<String> matching(String pattern) {
        return out.stream().filter(line -> line.matches(pattern));
    }
}
