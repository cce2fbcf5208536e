package org.kprobe4j.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.kprobe4j.handlers.ClassFileTarget;

/**
 * Jazzer damages inputs for a while, guided by what they reach, and finds nothing but documented outcomes.
 *
 * <p>{@code -Dkprobe4j.fuzz.seconds=600} for longer. A finding is kept beside the corpus, in the folder that the message names;
 * it becomes a regression test.
 */
@Tag("fuzz")
class FuzzTest {
    private static final int SECONDS = Integer.getInteger("kprobe4j.fuzz.seconds", 20);
    /** For a single input; also what a loop without end is found by. */
    private static final int INPUT_SECONDS = 120;

    private static final int MAX_INPUT_BYTES = 16_384;
    /** What Jazzer looks for besides, such as SQL injection, is not at stake here and costs time. */
    private static final String DISABLED_HOOKS = Stream.of(
                    "ClojureLangHooks",
                    "Deserialization",
                    "ExpressionLanguageInjection",
                    "FilePathTraversal",
                    "LdapInjection",
                    "NamingContextLookup",
                    "OsCommandInjection",
                    "ReflectiveCall",
                    "RegexInjection",
                    "ScriptEngineInjection",
                    "ServerSideRequestForgery",
                    "SqlInjection",
                    "TemplateInjection",
                    "UnsafeSanitizer",
                    "XPathInjection",
                    "XmlParserSsrfGuidance")
            .map(name -> "com.code_intelligence.jazzer.sanitizers." + name)
            .collect(Collectors.joining(":"));

    @Test
    void classFiles(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path folder) throws IOException, InterruptedException {
        fuzz(folder, ClassFileTarget.class, ClassFileTarget.seeds());
    }

    @Test
    void btf(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path folder) throws IOException, InterruptedException {
        fuzz(folder, BtfTarget.class, BtfTarget.seeds());
    }

    private static void fuzz(Path folder, Class<?> target, Map<String, byte[]> seeds)
            throws IOException, InterruptedException {
        Path corpus = Files.createDirectory(folder.resolve("corpus"));
        for (Map.Entry<String, byte[]> seed : seeds.entrySet()) {
            Files.write(corpus.resolve(seed.getKey()), seed.getValue());
        }
        Path log = folder.resolve("log");
        Process jazzer = new ProcessBuilder(command(folder, target, corpus))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            boolean ended = jazzer.waitFor(SECONDS + 120L, TimeUnit.SECONDS);
            List<String> lines = Files.readAllLines(log);
            assertThat(ended).as(() -> "still running; " + finding(lines)).isTrue();
            assertThat(jazzer.exitValue()).as(() -> finding(lines)).isZero();
            assertThat(lines).anyMatch(line -> line.matches("Done \\d+ runs in \\d+ second.*"));
            assertThat(runs(lines)).isGreaterThan(10 * seeds.size());
        } finally {
            jazzer.destroyForcibly();
        }
    }

    private static List<String> command(Path folder, Class<?> target, Path corpus) {
        var words = new ArrayList<String>();
        words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        words.addAll(List.of("-Xmx512m", "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path")));
        words.add("com.code_intelligence.jazzer.Jazzer");
        words.add("--target_class=" + target.getName());
        words.add("--instrumentation_includes=org.kprobe4j.**");
        words.add("--disabled_hooks=" + DISABLED_HOOKS);
        words.add("--reproducer_path=" + folder);
        words.add("-artifact_prefix=" + folder + "/");
        words.add("-max_total_time=" + SECONDS);
        words.add("-timeout=" + INPUT_SECONDS);
        words.add("-max_len=" + MAX_INPUT_BYTES);
        words.add(corpus.toString());
        return words;
    }

    private static long runs(List<String> lines) {
        return lines.stream()
                .filter(line -> line.startsWith("Done "))
                .mapToLong(line -> Long.parseLong(line.split(" ")[1]))
                .sum();
    }

    /** From the exception on; else the last lines. */
    private static String finding(List<String> lines) {
        int from = 0;
        while (from < lines.size() && !lines.get(from).startsWith("== ")) {
            from++;
        }
        List<String> told = from < lines.size()
                ? lines.subList(from, Math.min(lines.size(), from + 60))
                : lines.subList(Math.max(0, lines.size() - 20), lines.size());
        return String.join("\n", told);
    }
}
