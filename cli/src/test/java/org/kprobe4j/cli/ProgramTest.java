package org.kprobe4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A user's file from its source to what its main did, as a property of this JVM. */
class ProgramTest {
    private static final String SEEN = "kprobe4j.test.seen";

    @TempDir
    Path sources;

    @TempDir
    Path classes;

    private String seen(String name, String text, String... args) throws Exception {
        Program program = compile(name, text);
        System.clearProperty(SEEN);
        MainMethod.of(loader(), program.mainClass()).invoke(args);
        return System.getProperty(SEEN);
    }

    private Program compile(String name, String text) throws IOException {
        Path file = sources.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        return new ProgramCompiler(System.getProperty("java.class.path")).compile(file, classes);
    }

    @Test
    void sources_lie_beside_the_classes() throws IOException {
        Files.createDirectories(sources.resolve("app"));
        Files.writeString(sources.resolve("app/Other.java"), "package app; class Other { static class Inner {} }");
        String text = "package app; class Main { static void main(String[] a) { new Other.Inner(); } }";
        compile("app/program.java", text);
        assertThat(classes.resolve("app/program.java")).hasContent(text);
        assertThat(classes.resolve("app/Other.java")).content().contains("class Inner");
    }

    private ProgramLoader loader() {
        return ProgramLoader.of(classes.toFile());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "void main(String[] args) { SEE(args[0]); }",
                "void main() { SEE(\"a=b\"); }",
                "class X { public static void main(String[] args) { SEE(args[0]); } }",
                "class X { static void main() { SEE(\"a=b\"); } }",
                "class X { void main(String... args) { SEE(args[0]); } }",
                "class X { private static void main(String[] args) {} void main() { SEE(\"a=b\"); } }",
                "class X { static void main(String[] args) { SEE(args[0]); } void main() {} }",
                "class X extends Y {} class Y { void main() { SEE(getClass() == X.class ? \"a=b\" : \"\"); } }",
                "public class Named { public static void main(String[] args) { SEE(args[0]); } }",
                "record X() { static void main(String[] args) { SEE(args[0]); } }",
            })
    void findsMainAsTheJavaLauncherDoes(String text) throws Exception {
        String see = "System.setProperty(\"" + SEEN + "\", ";
        assertThat(seen("Some.java", text.replace("SEE(", see), "a=b")).isEqualTo("a=b");
    }

    @Test
    void filesBesideItAreCompiledWithIt() throws Exception {
        Files.createDirectories(sources.resolve("a/b"));
        Files.writeString(sources.resolve("a/b/Beside.java"), "package a.b; record Beside(String text) {}\n");
        String text = "package a.b; class Uses { static void main(String[] args) {" + " System.setProperty(\"" + SEEN
                + "\", new Beside(args[0]).text()); } }";
        assertThat(seen("a/b/Uses.java", text, "a=b")).isEqualTo("a=b");
    }

    @Test
    void anErrorInAFileBesideItNamesThatFile() throws Exception {
        Files.writeString(sources.resolve("Beside.java"), "class Beside { int x = \"\"; }\n");
        assertThatThrownBy(() -> compile("Uses.java", "void main() { new Beside(); }"))
                .isInstanceOf(CompilationException.class)
                .hasMessageStartingWith(sources.resolve("Beside.java") + ":1: incompatible types");
    }

    @Test
    void theLoaderGivesTheBytesOfItsClasses() throws Exception {
        Program program = compile("Some.java", "void main() {}");
        ProgramLoader loader = loader();
        Files.delete(classes.resolve("Some.class"));
        try (InputStream in = loader.getResourceAsStream("Some.class")) {
            assertThat(in).isNotNull();
            assertThat(in.readNBytes(4)).containsExactly(0xCA, 0xFE, 0xBA, 0xBE);
        }
        assertThat(loader.loadClass(program.mainClass()).getClassLoader()).isSameAs(loader);
    }

    @Test
    void anExceptionIsShownWithTheAuthorsFramesOnly() throws Exception {
        Program program = compile("Throws.java", """
                void main() {
                    try {
                        Integer.parseInt("x");
                    } catch (NumberFormatException e) {
                        throw new IllegalStateException("no number", e);
                    }
                }
                """);
        var bytes = new ByteArrayOutputStream();
        assertThatThrownBy(() -> MainMethod.of(loader(), program.mainClass()).invoke(new String[0]))
                .isInstanceOf(InvocationTargetException.class)
                .satisfies(e -> RunMain.report(
                        program.mainClass(), e.getCause(), new PrintStream(bytes, true, StandardCharsets.UTF_8)));
        List<String> lines = bytes.toString(StandardCharsets.UTF_8).lines().toList();
        assertThat(lines)
                .containsExactly(
                        "kprobe: Throws threw java.lang.IllegalStateException: no number",
                        "    at main (Throws.java:5)",
                        "  caused by java.lang.NumberFormatException: For input string: \"x\"",
                        "    at main (Throws.java:3)");
    }

    @Test
    void anAbstractClassWithAnInstanceMainIsRefused() throws Exception {
        compile("Some.java", "abstract class Some { void main() {} }");
        assertThatThrownBy(() -> MainMethod.of(loader(), "Some").invoke(new String[0]))
                .isInstanceOf(KprobeException.class)
                .hasMessageContaining("make main static");
    }
}
