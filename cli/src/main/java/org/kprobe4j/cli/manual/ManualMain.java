package org.kprobe4j.cli.manual;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.kprobe4j.cli.KprobeMain;
import picocli.CommandLine.Model.CommandSpec;

/** Writes manual pages and completions: {@code ManualMain FOLDER VERSION}. */
public final class ManualMain {
    private ManualMain() {}

    /**
     * Writes them as they lie below {@code share}.
     *
     * @param args the folder, and the version that the pages tell
     * @throws IOException if one cannot be written
     */
    public static void main(String[] args) throws IOException {
        write(KprobeMain.commandLine().getCommandSpec(), Path.of(args[0]), args[1]);
    }

    static void write(CommandSpec top, Path folder, String version) throws IOException {
        List<CommandSpec> commands = new ArrayList<>(List.of(top));
        commands.addAll(Words.commands(top));
        for (CommandSpec command : commands) {
            write(folder, "man/man1/%s.1".formatted(ManualPage.name(command)), ManualPage.of(command, version));
        }
        write(folder, "bash-completion/completions/kprobe", Completion.bash(top));
        write(folder, "zsh/site-functions/_kprobe", Completion.zsh(top));
    }

    private static void write(Path folder, String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.resolveSibling("."));
        Files.writeString(file, text);
    }
}
