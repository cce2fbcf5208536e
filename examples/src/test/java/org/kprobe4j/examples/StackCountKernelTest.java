package org.kprobe4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("kernel")
class StackCountKernelTest {
    /** 300 seeks by one way, 200 by another; the last breath is long enough for the names of its functions to be read. */
    private static final String TWO_WAYS = """
            #include <fcntl.h>
            #include <unistd.h>
            static int null;
            static __attribute__((noinline)) long seek(void) {
                long result;
                __asm__ volatile("syscall" : "=a"(result) : "a"(8), "D"(null), "S"(0), "d"(0) : "rcx", "r11", "memory");
                return result;
            }
            static __attribute__((noinline)) long often(void) { long n = 0; for (int i = 0; i < 300; i++) n += seek(); return n; }
            static __attribute__((noinline)) long seldom(void) { long n = 0; for (int i = 0; i < 200; i++) n += seek(); return n; }
            int main(void) {
                null = open("/dev/null", O_RDONLY);
                long n = often() + seldom();
                usleep(3000000);
                return n != 0;
            }
            """;

    @TempDir
    private static Path folder;

    private static String program = "";

    @BeforeAll
    static void compile() throws Exception {
        Path source = Files.writeString(folder.resolve("ways.c"), TWO_WAYS);
        program = folder.resolve("ways").toString();
        Process gcc = new ProcessBuilder("gcc", "-O0", "-mno-omit-leaf-frame-pointer", "-o", program, source.toString())
                .inheritIO()
                .start();
        assertThat(gcc.waitFor()).isZero();
    }

    @Test
    void countsEachWayThroughProcessAndKernel() throws Exception {
        Example run = Example.run("StackCount", "func=null_lseek", "user=true", "folded=true", "--", program)
                .succeeded();
        List<String> ways = run.matching(".*;main;.*").toList();
        assertThat(ways).hasSize(2);
        assertThat(ways.get(0)).matches(".*main;often;seek;-;.*ksys_lseek.*null_lseek 300");
        assertThat(ways.get(1)).matches(".*main;seldom;seek;-;.*ksys_lseek.*null_lseek 200");
    }

    @Test
    void countsTheKernelsWayOnly() throws Exception {
        Example run = Example.run("StackCount", "func=null_lseek", "folded=true", "--", program)
                .succeeded();
        assertThat(run.out()).hasSize(1).first().asString().matches("[^ ]*ksys_lseek[^ ]*null_lseek 500");
    }

    @Test
    void showsTheMostFrequentFirst() throws Exception {
        Example run = Example.run("StackCount", "func=null_lseek", "user=true", "kernel=false", "top=1", "--", program)
                .succeeded();
        assertThat(run.out().getFirst()).matches("  seek\\+0x[0-9a-f]+ .*/ways\\)");
        assertThat(run.out().get(1)).matches("  often\\+0x[0-9a-f]+ .*/ways\\)");
        assertThat(run.matching(" +\\d+").map(String::strip)).containsExactly("300");
    }
}
