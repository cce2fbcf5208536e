package org.kprobe4j.bpf.usersymbols;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** This JVM, its libraries and its compiled code. */
class OwnProcessTest {
    private static final int PID = (int) ProcessHandle.current().pid();

    private final UserSymbols symbols = UserSymbols.running();

    private UserSymbol at(long address) {
        return symbols.symbolize(PID, address).getFirst();
    }

    @Test
    @SuppressWarnings("restricted")
    void functionsOfTheCLibrary() {
        for (String function : List.of("getpid", "malloc", "qsort", "write")) {
            long address =
                    Linker.nativeLinker().defaultLookup().findOrThrow(function).address();
            assertThat(at(address).name()).as(function).matches("(__|__libc_)?" + function);
            assertThat(at(address).offset()).isZero();
            assertThat(at(address).file()).contains("libc");
            assertThat(at(address + 3).toString()).matches("\\w*" + function + "\\+0x3 \\(/.*libc.*\\)");
        }
    }

    @Test
    @SuppressWarnings("restricted")
    void functionsOfTheJvm() {
        Path jvm = Path.of(System.getProperty("java.home"), "lib/server/libjvm.so");
        try (Arena arena = Arena.ofConfined()) {
            long address = SymbolLookup.libraryLookup(jvm, arena)
                    .findOrThrow("JNI_GetCreatedJavaVMs")
                    .address();
            assertThat(at(address + 1).toString())
                    .startsWith("JNI_GetCreatedJavaVMs+0x1 (")
                    .endsWith("libjvm.so)");
        }
    }

    @Test
    void vdsoIsReadFromMemory() throws IOException {
        List<MappedRange> ranges = MappedRange.parse(Files.readString(Path.of("/proc/self/maps")));
        MappedRange vdso = ranges.stream()
                .filter(range -> range.path().equals("[vdso]"))
                .findFirst()
                .orElseThrow();
        Set<String> names = new TreeSet<>();
        for (long address = vdso.start(); address < vdso.end(); address += 16) {
            UserSymbol symbol = at(address);
            assertThat(symbol.file()).isEqualTo("[vdso]");
            if (symbol.name() != null) {
                names.add(symbol.name());
            }
        }
        assertThat(names).anyMatch(name -> name.contains("clock_gettime"));
    }

    /** The JVM writes the names of its compiled code itself. */
    @Test
    void compiledJavaMethods() throws Exception {
        Path map = Path.of("/tmp/perf-" + PID + ".map");
        Path jcmd = Path.of(System.getProperty("java.home"), "bin/jcmd");
        Process command = new ProcessBuilder(jcmd.toString(), Integer.toString(PID), "Compiler.perfmap")
                .redirectErrorStream(true)
                .start();
        assertThat(new String(command.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .doesNotContain("xception");
        try {
            List<String> methods = new ArrayList<>();
            for (String line : Files.readAllLines(map)) {
                String[] words = line.split(" ", 3);
                UserSymbol symbol = at(Long.parseLong(words[0].replace("0x", ""), 16));
                if (words[2].equals(symbol.name())) {
                    methods.add(symbol.toString());
                }
            }
            assertThat(methods).anyMatch(each -> each.startsWith("Interpreter+0x0 (/tmp/perf-" + PID + ".map)"));
            assertThat(methods).anyMatch(each -> each.contains("java.lang.String"));
        } finally {
            Files.delete(map);
        }
    }

    @Test
    void processesThatAreNot() throws Exception {
        Process process = new ProcessBuilder("true").start();
        int pid = (int) process.pid();
        process.waitFor();
        assertThat(symbols.symbolize(pid, 0x1234, -4096).toString()).isEqualTo("[0x1234, 0xfffffffffffff000]");
    }
}
