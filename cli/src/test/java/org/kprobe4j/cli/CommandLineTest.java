package org.kprobe4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the command line refuses before anything is planted or booted. */
@Isolated("replaces System.err")
class CommandLineTest {
    @TempDir
    Path folder;

    private record Outcome(int status, List<String> err) {}

    private static Outcome kprobe(String... words) {
        PrintStream before = System.err;
        var err = new ByteArrayOutputStream();
        System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
        try {
            int status = KprobeMain.execute(words);
            return new Outcome(
                    status, err.toString(StandardCharsets.UTF_8).lines().toList());
        } finally {
            System.setErr(before);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "rnu,                       kprobe: unknown command rnu; nearest: run; see kprobe --help",
        "run --dration 3s x.java,   kprobe: unknown option --dration; nearest: --duration; see kprobe run --help",
        "run,                       kprobe: Missing required parameter: 'FILE.java'; see kprobe run --help",
        "run -- ls,                 kprobe: Missing required parameter: 'FILE.java'; see kprobe run --help",
        "run --vm --no-vm x.java,   kprobe: --vm and --no-vm exclude each other",
        "run --vm x.java ls,        kprobe: 'ls' is not name=value; a command comes after --",
        "run --vm x.java =y,        kprobe: '=y' is not name=value; a command comes after --",
        "run --vm x.java --,        kprobe: no command after --",
        "run --vm /nowhere/x.java,  kprobe: /nowhere/x.java: no such file",
        "run --vm /etc,             kprobe: /etc is a folder; give the .java file in it",
        "run --vm /etc/hostname,    kprobe: /etc/hostname is not a .java file",
        "explain,                   kprobe: Missing required parameter: 'TARGET'; see kprobe explain --help",
        "explain --vm --no-vm x,    kprobe: --vm and --no-vm exclude each other",
        "explain --vm x -- ls,      kprobe: explain runs no command; leave out what stands after --",
        "explain --al x,            kprobe: unknown option --al; nearest: --all; see kprobe explain --help",
        "cuont x,                   kprobe: unknown command cuont; nearest: count; see kprobe --help",
        "count,                     kprobe: Missing required parameter: 'TARGET'; see kprobe count --help",
        "count --jsno x,            kprobe: unknown option --jsno; nearest: --json; see kprobe count --help",
        "count --vm --no-vm x,      kprobe: --vm and --no-vm exclude each other",
        "count --vm --top 0 x,      kprobe: --top 0: at least 1",
        "count --vm --json --csv x, kprobe: --json and --csv exclude each other",
        "count --vm -o a.json --csv x, kprobe: -o a.json and --csv exclude each other",
        "count --vm -o results x,   'kprobe: -o results: its end says no form; there are .txt, .json, .csv, .jfr'",
        "count --vm -o a.html x,    'kprobe: -o a.html: this tool does not write .html; it writes .txt, .json, .csv, .jfr'",
        "count --vm -o /nowhere/a.csv x, kprobe: cannot write /nowhere/a.csv: no such folder",
        "count --vm --duration 0 x, 'kprobe: --duration 0: write a time such as 10s, 500ms or 2m'",
        "count --vm --duration 999999999h x, 'kprobe: --duration 999999999h: at most 876000h'",
        "count --vm --duration abc x, 'kprobe: --duration abc: write a time such as 10s, 500ms or 2m'",
        "count --vm --duration -1 x, 'kprobe: --duration -1: write a time such as 10s, 500ms or 2m'",
        "trace --vm --max-events 0 x, kprobe: --max-events 0: at least 1",
        "trace --vm --max-events y x, 'kprobe: Invalid value for option ''--max-events'': ''y'' is not a whole number; see kprobe trace --help'",
        "ret --vm --pid -5 x,       kprobe: --pid -5: not the number of a process",
        "ret --vm --tid 0 x,        kprobe: --tid 0: not the number of a thread",
        "stacks --vm -o /tmp --json x, kprobe: cannot write /tmp: it is a folder",
        "count --vm -i 1x x,        'kprobe: --interval 1x: write a time such as 10s, 500ms or 2m'",
        "count --vm --all x,        'kprobe: --all goes with a command after --; without one, whatever runs counts anyway'",
        "count --vm x --,           kprobe: no command after --",
        "count --vm --max-events 3 x, 'kprobe: --max-events: count shows no events; --duration ends it after a time, --top shortens the list'",
        "count --vm --emit asm x,   'kprobe: --emit asm shows the programs that would be loaded, instead of a run; add --dry-run'",
        "trace --vm --dry-run --emit c x, kprobe: --emit c: there is asm",
        "run --vm --emit asm x.java, 'kprobe: --emit asm shows the programs that would be loaded, instead of a run; add --dry-run'",
        "trace --vm -i 1s x,        'kprobe: -i: trace shows calls as they come; kprobe count shows numbers at intervals'",
        "trace --vm --buffer 3 x,   'kprobe: --buffer 3: 4k to 512M'",
        "trace --vm --buffer x x,   'kprobe: --buffer x: write a size such as 512k or 64M'",
        "stacks --vm --top 0 x,     kprobe: --top 0: at least 1",
        "stacks --vm --max-stacks 0 x, kprobe: --max-stacks 0: at least 1",
        "stacks --vm --max-events 3 x, 'kprobe: --max-events: stacks shows no events; --duration ends it after a time, --top shortens the list'",
        "stacks --vm --folded --json x, 'kprobe: --folded is a text of its own: it goes to standard output or to a file that ends in .txt'",
        "calls --vm --depth 17 x,   'kprobe: --depth 17: 0 to 16'",
        "calls --vm vfs_*,          'kprobe: calls vfs_*: the tree of one function is shown, by its plain name; kprobe trace shows calls of several'",
        "calls --vm --each -i 1s x, 'kprobe: -i: --each shows calls as they return; without it the tree is shown at intervals'",
        "lsit,                      kprobe: unknown command lsit; nearest: list; see kprobe --help",
        "list -s -e x,              kprobe: -s and -e exclude each other",
        "list --json --names,       kprobe: --json and --names exclude each other",
        "list --probeable -s x,     kprobe: --probeable is for functions; leave it out for -s and -e",
        "list x -- ls,              kprobe: list runs no command; leave out what stands after --",
        "list --probable,           kprobe: unknown option --probable; nearest: --probeable; see kprobe list --help",
        "doctor -- ls,              kprobe: doctor runs no command; leave out what stands after --",
        "doctor --jsn,              kprobe: unknown option --jsn; nearest: --json; see kprobe doctor --help",
    })
    void refusesInOneLine(String line, String expected) {
        Outcome outcome = kprobe(line.split(" "));
        assertThat(outcome.err()).containsExactly(expected);
        assertThat(outcome.status()).isEqualTo(125);
    }

    @Test
    void anUnknownKernelIsOneLineThatListsTheKnownOnes() throws Exception {
        Path file = Files.writeString(folder.resolve("Ok.java"), "void main() {}\n");
        Outcome outcome = kprobe("run", "--vm=9.9", file.toString());
        assertThat(outcome.err()).singleElement().asString().contains("no kernel '9.9'", "6.12");
        assertThat(outcome.status()).isEqualTo(125);
    }

    @Test
    void aFileThatDoesNotCompileIsALinePerError() throws Exception {
        Path file =
                Files.writeString(folder.resolve("Broken.java"), "void main() {\n    int x = \"a\";\n    foo(3);\n}\n");
        Outcome outcome = kprobe("run", "--vm", file.toString());
        assertThat(outcome.err())
                .containsExactly(
                        file + ":2: incompatible types: java.lang.String cannot be converted to int",
                        file + ":3: cannot find symbol; symbol: method foo(int); location: class Broken");
        assertThat(outcome.status()).isEqualTo(125);
    }

    @Test
    void aFileWithoutMainIsOneLine() throws Exception {
        Path file = Files.writeString(folder.resolve("NoMain.java"), "class NoMain { static void mian() {} }\n");
        Outcome outcome = kprobe("run", "--vm", file.toString());
        assertThat(outcome.err())
                .containsExactly("kprobe: NoMain has no main method; add: void main(String[] args) { ... }");
    }

    @Test
    void anEmptyFileIsOneLine() throws Exception {
        Path file = Files.writeString(folder.resolve("Empty.java"), "");
        Outcome outcome = kprobe("run", "--vm", file.toString());
        assertThat(outcome.err()).singleElement().asString().contains("declares no class and no method");
    }

    @ParameterizedTest
    @CsvSource({
        "--vm x.java,              --vm=|x.java",
        "--vm 6.12 x.java,         --vm=6.12|x.java",
        "--vm 6.12-arm64 x.java,   --vm=6.12-arm64|x.java",
        "--vm=5.10 x.java,         --vm=5.10|x.java",
        "x.java a=b --vm,          x.java|a=b|--vm=",
    })
    void theKernelsVersionMayFollowTheOption(String line, String expected) {
        assertThat(RunCommand.attachKernelVersion(List.of(line.split(" ")))).containsExactly(expected.split("\\|"));
    }
}
