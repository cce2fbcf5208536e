package org.kprobe4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompiledProgramsTest {
    @TempDir
    Path folder;

    private Path sources;
    private Path file;
    private int workspaces;

    @BeforeEach
    void aProgram() throws Exception {
        sources = Files.createDirectories(folder.resolve("src"));
        file = Files.writeString(sources.resolve("Hello.java"), "void main() { System.exit(3); }\n");
    }

    private Program provide() throws Exception {
        return CompiledPrograms.in(folder.resolve("programs"))
                .provide(file, new ProgramCompiler(""), Files.createDirectory(folder.resolve("w" + workspaces++)));
    }

    private boolean isKept(Program program) {
        return program.classes().startsWith(folder.resolve("programs"));
    }

    @Test
    void theSecondTimeTheSameClassesAreThereAlready() throws Exception {
        Program first = provide();
        Program second = provide();
        assertThat(isKept(first)).isFalse();
        assertThat(isKept(second)).isTrue();
        assertThat(second.mainClass()).isEqualTo("Hello");
        assertThat(second.classes().resolve("Hello.class"))
                .hasSameBinaryContentAs(first.classes().resolve("Hello.class"));
        assertThat(second.classes().resolve("Hello.java")).hasSameTextualContentAs(file);
    }

    @Test
    void anotherTextIsAnotherProgramEvenWithTheSameTime() throws Exception {
        FileTime time = Files.getLastModifiedTime(file);
        provide();
        Files.writeString(file, "void main() { System.exit(4); }\n");
        Files.setLastModifiedTime(file, time);
        assertThat(isKept(provide())).isFalse();
        assertThat(isKept(provide())).isTrue();
    }

    @Test
    void aFileBesideThatChangesMakesItCompileAgain() throws Exception {
        Files.writeString(file, "void main() { Other.call(); }\n");
        Path other = Files.writeString(sources.resolve("Other.java"), "class Other { static void call() {} }\n");
        provide();
        assertThat(isKept(provide())).isTrue();
        Files.writeString(other, "class Other { static void call() { int more; } }\n");
        assertThat(isKept(provide())).isFalse();
        Files.delete(other);
        assertThatThrownBy(this::provide)
                .isInstanceOf(CompilationException.class)
                .hasMessageContaining("cannot find symbol");
    }

    @Test
    void whatHasSourcesInOtherFoldersIsNotKept() throws Exception {
        Files.writeString(file, "void main() { deep.Other.call(); }\n");
        Files.writeString(
                Files.createDirectory(sources.resolve("deep")).resolve("Other.java"),
                "package deep; public class Other { public static void call() {} }\n");
        provide();
        assertThat(isKept(provide())).isFalse();
        assertThat(folder.resolve("programs")).isEmptyDirectory();
    }

    @Test
    void aFolderThatCannotBeWrittenIsNoError() throws Exception {
        Files.writeString(folder.resolve("programs"), "a file is in the way");
        assertThat(provide().mainClass()).isEqualTo("Hello");
    }
}
