package org.kprobe4j.cli.manual;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kprobe4j.cli.KprobeMain;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

class ManualTest {
    @TempDir
    Path folder;

    private final CommandSpec top = KprobeMain.commandLine().getCommandSpec();

    @BeforeEach
    void write() throws IOException {
        ManualMain.write(top, folder, "1.2.3");
    }

    private record Outcome(int status, List<String> lines) {}

    private static Outcome run(String... words) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), text.lines().toList());
    }

    private static boolean isThere(String program) {
        return Stream.of(System.getenv("PATH").split(":", -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    /** What bash proposes for the last of the words. */
    private List<String> bash(String... words) throws IOException, InterruptedException {
        String script = """
                set -u; . "$1"; shift
                COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
                _kprobe
                printf '%s\\n' "${COMPREPLY[@]}"
                """;
        var command = new ArrayList<>(List.of("bash", "-c", script, "bash"));
        command.add(folder.resolve("bash-completion/completions/kprobe").toString());
        command.addAll(List.of(words));
        return run(command.toArray(String[]::new)).lines();
    }

    @Test
    void everyCommandHasAPageWithAllItsOptionsAndItsExitStatus() throws IOException {
        assertThat(folder.resolve("man/man1/kprobe.1")).exists();
        for (CommandSpec command : Words.commands(top)) {
            String page = Files.readString(folder.resolve("man/man1/kprobe-" + command.name() + ".1"));
            assertThat(page).contains(".SH \"NAME\"\nkprobe\\-" + command.name() + " \\- ");
            for (OptionSpec option : Words.options(command)) {
                assertThat(page).contains("\\fB" + option.longestName().replace("-", "\\-") + "\\fR");
            }
            assertThat(page).contains(".SH \"EXIT STATUS\"", ".SH \"EXAMPLES\"", "kprobe4j 1.2.3");
        }
    }

    @Test
    void groffFindsNothingWrongInThePages() throws Exception {
        assumeTrue(isThere("groff"), "groff is not installed");
        try (Stream<Path> pages = Files.list(folder.resolve("man/man1"))) {
            for (Path page : pages.toList()) {
                Outcome outcome = run("groff", "-man", "-Tutf8", "-ww", "-z", page.toString());
                assertThat(outcome).as(page.toString()).isEqualTo(new Outcome(0, List.of()));
            }
        }
    }

    @Test
    void commandsAndOptionsAreProposed() throws Exception {
        assertThat(bash("kprobe", "")).contains("run", "explain", "list", "doctor", "--help", "--version");
        assertThat(bash("kprobe", "doc")).containsExactly("doctor");
        assertThat(bash("kprobe", "list", "--pro")).containsExactly("--probeable");
        assertThat(bash("kprobe", "list", "--v")).contains("--vm", "--vm=");
        assertThat(bash("kprobe", "list", "--vm", "=", "5")).containsExactly("5.10");
    }

    @Test
    void functionsAreProposedFromTheRunningKernel() throws Exception {
        assumeTrue(
                Files.isReadable(Path.of("/proc/kallsyms"))
                        && Files.readString(Path.of("/proc/kallsyms")).contains(" vfs_readlink"),
                "this kernel shows no symbols");
        assertThat(bash("kprobe", "list", "vfs_readl")).containsExactly("vfs_readlink");
        assertThat(bash("kprobe", "explain", "vfs_write,!vfs_readl")).containsExactly("vfs_write,!vfs_readlink");
        assertThat(bash("kprobe", "list", "vfs_*")).containsExactly("");
    }

    @Test
    void programsAreProposedForRun() throws Exception {
        Path program = Files.writeString(folder.resolve("Mine.java"), "");
        Files.writeString(folder.resolve("Mine.txt"), "");
        assertThat(bash("kprobe", "run", folder.resolve("Mi").toString())).containsExactly(program.toString());
    }

    @Test
    void zshReadsItsCompletion() throws Exception {
        assumeTrue(isThere("zsh"), "zsh is not installed");
        Path script = folder.resolve("zsh/site-functions/_kprobe");
        assertThat(run("zsh", "-n", script.toString())).isEqualTo(new Outcome(0, List.of()));
        String defined = "autoload -Uz compinit; compinit -u -d \"$2\"; fpath=(${1:h} $fpath); autoload -Uz _kprobe; "
                + "_arguments() { print -l -- \"$@\"; [[ $1 != -C ]] || { state=argument; line=(list) } }; _kprobe";
        Outcome outcome = run(
                "zsh",
                "-fc",
                defined,
                "zsh",
                script.toString(),
                folder.resolve("dump").toString());
        assertThat(String.join("\n", outcome.lines())).contains("--probeable[", "*:TARGET:_kprobe_functions");
    }
}
