package org.kprobe4j.bpf.usersymbols;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes that are made of files. */
class UserSymbolsTest {
    private static final int PID = 77;
    private static final String STAT = "77 (a) b (c) S 1 77 77 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %s 1 1 1 %s 2 3 0\n";

    @TempDir
    Path proc;

    private Path process;
    private UserSymbols symbols;

    @BeforeEach
    void makeProcess() throws IOException {
        process = Files.createDirectories(proc.resolve("77"));
        Files.createDirectories(process.resolve("root/tmp"));
        Files.createDirectories(process.resolve("root/lib"));
        symbols = UserSymbols.of(proc);
        stat("1000", "4096");
        Files.writeString(process.resolve("status"), "Name:\tx\nNSpid:\t77\t5\n");
    }

    private void stat(String startTime, String startCode) throws IOException {
        Files.writeString(process.resolve("stat"), STAT.formatted(startTime, startCode));
    }

    private void maps(String... lines) throws IOException {
        Files.writeString(process.resolve("maps"), String.join("\n", lines) + "\n");
    }

    private String library(String name, String function) throws IOException {
        Path file = process.resolve("root/lib/" + name);
        Files.write(
                file,
                ElfFileBuilder.x86(0x5000)
                        .symbol(function, ElfFileBuilder.FUNC, ElfFileBuilder.GLOBAL, 0x5010, 0x20)
                        .build());
        return Files.getAttribute(file, "unix:ino").toString();
    }

    private List<String> names(long... addresses) {
        return symbols.symbolize(PID, addresses).stream()
                .map(UserSymbol::toString)
                .toList();
    }

    @Test
    void addressesOfALibraryWhereverItIsLoaded() throws IOException {
        String inode = library("lib a.so", "work");
        maps(
                "55d000000000-55d000001000 r-xp 00001000 fd:00 " + inode + "          /lib/lib a.so",
                "7f0000000000-7f0000001000 rw-p 00000000 00:00 0",
                "7f0000001000-7f0000002000 rw-p 00000000 00:00 0   [heap]",
                "7f0000002000-7f0000003000 r--p 00000000 00:00 9   /lib/absent.so");
        assertThat(names(
                        0x55d000000010L,
                        0x55d00000002fL,
                        0x55d000000030L,
                        0x7f0000000010L,
                        0x7f0000001010L,
                        0x7f0000002010L,
                        0x10))
                .containsExactly(
                        "work+0x0 (/lib/lib a.so)",
                        "work+0x1f (/lib/lib a.so)",
                        "0x55d000000030 (/lib/lib a.so+0x5030)",
                        "0x7f0000000010",
                        "0x7f0000001010 ([heap])",
                        "0x7f0000002010 (/lib/absent.so)",
                        "0x10");
    }

    @Test
    void librariesThatComeLaterAreFound() throws IOException {
        maps("1000-2000 r-xp 00001000 fd:00 1 /lib/none.so");
        assertThat(names(0x7f0000000010L)).containsExactly("0x7f0000000010");
        maps("7f0000000000-7f0000001000 r-xp 00001000 fd:00 " + library("b.so", "late") + " /lib/b.so");
        // A reading in vain is not repeated at once; another address does not change that.
        assertThat(names(0x7f0000000010L)).containsExactly("0x7f0000000010");
        symbols = UserSymbols.of(proc);
        assertThat(symbols.remember(PID)).isTrue();
        maps("7f0000005000-7f0000006000 r-xp 00001000 fd:00 " + library("b.so", "late") + " /lib/b.so");
        assertThat(names(0x7f0000005018L)).containsExactly("late+0x8 (/lib/b.so)");
    }

    @Test
    void processThatIsGoneKeepsWhatWasReadBefore() throws IOException {
        maps("1000-2000 r-xp 00001000 fd:00 " + library("b.so", "work") + " /lib/b.so");
        assertThat(names(0x1010)).containsExactly("work+0x0 (/lib/b.so)");
        Files.delete(process.resolve("maps"));
        Files.delete(process.resolve("stat"));
        assertThat(names(0x1011, 0x9999)).containsExactly("work+0x1 (/lib/b.so)", "0x9999");
        symbols = UserSymbols.of(proc);
        assertThat(symbols.remember(PID)).isFalse();
        assertThat(names(0x1011, -1)).containsExactly("0x1011", "0xffffffffffffffff");
    }

    @Test
    void anotherProcessOfTheSameNumberAndAnotherProgramOfTheSameProcessAreNotMixedUp() throws IOException {
        maps("1000-2000 r-xp 00001000 fd:00 " + library("a.so", "before") + " /lib/a.so");
        assertThat(names(0x1010)).containsExactly("before+0x0 (/lib/a.so)");
        maps("1000-2000 r-xp 00001000 fd:00 " + library("b.so", "after") + " /lib/b.so");
        assertThat(names(0x1010)).containsExactly("before+0x0 (/lib/a.so)");
        stat("1000", "8192");
        assertThat(names(0x1010)).containsExactly("after+0x0 (/lib/b.so)");
        maps("1000-2000 r-xp 00001000 fd:00 " + library("c.so", "reborn") + " /lib/c.so");
        stat("2000", "8192");
        assertThat(names(0x1010)).containsExactly("reborn+0x0 (/lib/c.so)");
    }

    @Test
    void processIsNamedByWhatItHadMappedWhenItWasSeen() throws IOException {
        assertThat(symbols.process(PID + 1, 0x1010)).isNull();
        maps("1000-2000 r-xp 00001000 fd:00 " + library("a.so", "before") + " /lib/a.so");
        UserProcess first = Objects.requireNonNull(symbols.process(PID, 0x1010));
        assertThat(first.pid()).isEqualTo(PID);
        // A library that it loads later is seen when an address lies in it.
        maps(
                "1000-2000 r-xp 00001000 fd:00 " + library("a.so", "before") + " /lib/a.so",
                "5000-6000 r-xp 00001000 fd:00 " + library("b.so", "late") + " /lib/b.so");
        assertThat(symbols.process(PID, 0x5010)).isSameAs(first);
        maps("1000-2000 r-xp 00001000 fd:00 " + library("c.so", "after") + " /lib/c.so");
        stat("1000", "8192");
        symbols.remember(PID);
        UserProcess second = Objects.requireNonNull(symbols.process(PID, 0x1010));
        assertThat(second).isNotSameAs(first);
        assertThat(second.symbolize(0x1010)).extracting(UserSymbol::name).containsExactly("after");
        maps("8000-9000 r-xp 00001000 fd:00 " + library("d.so", "executed") + " /lib/d.so");
        stat("1000", "12288");
        UserProcess third = Objects.requireNonNull(symbols.process(PID, 0x8010));
        assertThat(third.symbolize(0x8010)).extracting(UserSymbol::name).containsExactly("executed");
        Files.delete(process.resolve("maps"));
        Files.delete(process.resolve("stat"));
        assertThat(first.symbolize(0x1010, 0x5011))
                .extracting(UserSymbol::toString)
                .containsExactly("before+0x0 (/lib/a.so)", "late+0x1 (/lib/b.so)");
    }

    @Test
    void fileOfAProcessThatIsGoneIsTheOneOfTheSameNumberHere() throws IOException {
        String inode = library("a.so", "work");
        Path file = process.resolve("root/lib/a.so");
        maps("1000-2000 r-xp 00001000 fd:00 " + inode + " " + file, "3000-4000 r-xp 00001000 fd:00 1 " + file);
        UserProcess seen = Objects.requireNonNull(symbols.process(PID, 0x1010));
        Files.delete(process.resolve("stat"));
        assertThat(seen.symbolize(0x1010, 0x3010))
                .extracting(UserSymbol::toString)
                .containsExactly("work+0x0 (" + file + ")", "0x3010 (" + file + ")");
    }

    @Test
    void replacedFileGivesNoWrongNames() throws IOException {
        String device = ElfCache.deviceText(((Number) Files.getAttribute(proc, "unix:dev")).longValue());
        String inode = library("a.so", "right");
        maps(
                "1000-2000 r-xp 00001000 " + device + " 1 /lib/a.so",
                "3000-4000 r-xp 00001000 " + device + " " + inode + " /lib/a.so",
                "5000-6000 r-xp 00001000 " + device + " " + inode + " /lib/a.so (deleted)");
        assertThat(names(0x1010, 0x3010, 0x5010))
                .containsExactly("0x1010 (/lib/a.so)", "right+0x0 (/lib/a.so)", "0x5010 (/lib/a.so (deleted))");
        // The kernel's link leads to the file itself, whatever has become of its name.
        Files.createDirectories(process.resolve("map_files"));
        Files.createSymbolicLink(process.resolve("map_files/5000-6000"), process.resolve("root/lib/a.so"));
        symbols = UserSymbols.of(proc);
        assertThat(names(0x5010)).containsExactly("right+0x0 (/lib/a.so (deleted))");
    }

    @Test
    void compiledCodeHasItsNameFromTheMapInTheProcessesOwnTmp() throws IOException {
        maps(
                "7f0000000000-7f0000100000 rwxp 00000000 00:00 0",
                "7f0000100000-7f0000200000 rwxp 00000000 00:00 0 //anon");
        Path map = process.resolve("root/tmp/perf-5.map");
        Files.writeString(
                map, "7f0000000000 40 Interpreter\n0x7f0000000040 10 int Foo::bar(long)\n7f0000000100 8 unfinis");
        assertThat(names(0x7f0000000003L, 0x7f0000000044L, 0x7f0000000104L))
                .containsExactly(
                        "Interpreter+0x3 (/tmp/perf-5.map)",
                        "int Foo::bar(long)+0x4 (/tmp/perf-5.map)",
                        "0x7f0000000104");
        Files.writeString(
                map, "7f0000000000 40 old\n7f0000100100 8 finished\n7f0000000000 40 new\nnonsense\n-1 -1 x\n");
        Files.setLastModifiedTime(map, FileTime.from(Instant.ofEpochSecond(5)));
        assertThat(names(0x7f0000100104L, 0x7f0000000003L))
                .containsExactly("finished+0x4 (/tmp/perf-5.map)", "new+0x3 (/tmp/perf-5.map)");
    }

    @Test
    void perfMapMustBeAFileOfTheProcess() throws IOException {
        maps("1000-2000 rwxp 00000000 00:00 0");
        Path other = proc.resolve("secret");
        Files.writeString(other, "1000 40 secret\n");
        Files.createSymbolicLink(process.resolve("root/tmp/perf-5.map"), other);
        assertThat(names(0x1000)).containsExactly("0x1000");
        assertThat(PerfMap.read(other, 12345, null) == null)
                .isEqualTo((int) Files.getAttribute(other, "unix:uid") != 0);
        assertThat(PerfMap.read(proc, 0, null)).isNull();
    }

    @Test
    void devicesAreWrittenAsTheKernelDoes() {
        assertThat(ElfCache.deviceText(0xfe00)).isEqualTo("fe:00");
        assertThat(ElfCache.deviceText(0x100_002bL)).isEqualTo("00:102b");
        assertThat(ElfCache.deviceText(0x1_0305)).isEqualTo("103:05");
    }
}
