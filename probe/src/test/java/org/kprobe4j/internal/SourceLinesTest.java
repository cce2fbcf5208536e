package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the text of a Java line is looked for, and when none is shown. */
class SourceLinesTest {
    private static final String COMMAND = "sun.java.command";

    private final String commandBefore = System.getProperty(COMMAND, "");

    @TempDir
    private Path folder;

    @AfterEach
    void restore() {
        System.clearProperty(SourceLines.FOLDERS);
        System.setProperty(COMMAND, commandBefore);
    }

    private void write(String path, String text) throws IOException {
        Files.createDirectories(folder.resolve(path).getParent());
        Files.writeString(folder.resolve(path), text);
    }

    private SourceLines beside(String... packages) throws IOException {
        var loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, null);
        return SourceLines.of(loader, Set.of(packages));
    }

    @Test
    void beside_the_classes() throws IOException {
        write("app/Opens.java", "package app;\n\n    return 0;  \n");
        SourceLines lines = beside("app/", "org/kprobe4j/");
        assertThat(lines.text("Opens.java", 3)).contains("return 0;");
        assertThat(lines.text("Opens.java", 2)).isEmpty();
        assertThat(lines.text("Opens.java", 4)).isEmpty();
        assertThat(lines.text("Opens.java", 0)).isEmpty();
        assertThat(lines.text("Other.java", 1)).isEmpty();
    }

    @Test
    void a_name_that_two_packages_have_says_nothing() throws IOException {
        write("a/Common.java", "one\n");
        write("b/Common.java", "two\n");
        assertThat(beside("a/", "b/").text("Common.java", 1)).isEmpty();
        assertThat(beside("b/").text("Common.java", 1)).contains("two");
    }

    @Test
    void in_the_folders_of_the_property() throws IOException {
        write("src/app/Opens.java", "one\ntwo\n");
        System.setProperty(SourceLines.FOLDERS, folder.resolve("none") + ":" + folder.resolve("src"));
        assertThat(SourceLines.of(ClassLoader.getPlatformClassLoader(), Set.of("app/"))
                        .text("Opens.java", 2))
                .contains("two");
    }

    @Test
    void the_file_of_the_source_launcher() throws IOException {
        write("Opens.java", "one\ntwo\n");
        System.setProperty(
                COMMAND,
                "jdk.compiler/com.sun.tools.javac.launcher.SourceLauncher " + folder.resolve("Opens.java") + " a b");
        SourceLines lines = SourceLines.of(ClassLoader.getPlatformClassLoader(), Set.of(""));
        assertThat(lines.text("Opens.java", 1)).contains("one");
        assertThat(lines.text("pens.java", 1)).isEmpty();
    }
}
