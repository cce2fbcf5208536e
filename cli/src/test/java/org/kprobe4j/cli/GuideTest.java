package org.kprobe4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The examples of docs/handlers.md compile; those that test a handler also pass. */
class GuideTest {
    private static final Path GUIDE = Path.of("../docs/handlers.md");
    private static final String FRAME = """
            import java.time.Duration;
            import java.util.List;
            import org.kprobe4j.*;
            class Example {
            %s
                static void run() throws Exception {
            %s
                }
            }
            """;

    @TempDir
    private Path folder;

    static List<String> examples() throws IOException {
        return Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(GUIDE))
                .results()
                .map(found -> found.group(1))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("examples")
    void each_example_compiles(String example) {
        compile(example);
    }

    private void compile(String example) {
        var source = new SimpleJavaFileObject(URI.create("string:///Example.java"), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                // Sealed types cannot be declared in a method: an example that begins with one declares all its types
                // first.
                int members = example.startsWith("sealed ") ? example.indexOf("\n\n") : 0;
                return FRAME.formatted(example.substring(0, members), example.substring(members));
            }
        };
        var messages = new StringWriter();
        List<String> options = List.of(
                "-d",
                folder.toString(),
                "-classpath",
                Path.of("../probe/target/classes").toString());
        boolean compiled = Objects.requireNonNull(ToolProvider.getSystemJavaCompiler())
                .getTask(messages, null, null, options, null, List.of(source))
                .call();
        assertThat(compiled).as(messages.toString()).isTrue();
    }

    static List<String> tests() throws IOException {
        return examples().stream()
                .filter(text -> text.contains("SimulatedKernel"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("tests")
    void the_tests_of_handlers_pass(String example) throws IOException, ReflectiveOperationException {
        compile(example);
        try (var loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, GuideTest.class.getClassLoader())) {
            var run = loader.loadClass("Example").getDeclaredMethod("run");
            run.setAccessible(true);
            run.invoke(null);
        }
    }
}
