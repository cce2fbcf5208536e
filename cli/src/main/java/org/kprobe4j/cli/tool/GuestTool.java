package org.kprobe4j.cli.tool;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.kprobe4j.cli.KernelChoice;
import org.kprobe4j.cli.KprobeException;
import org.kprobe4j.cli.KprobeMain;
import org.kprobe4j.cli.VmRun;
import org.kprobe4j.cli.output.Destination;
import org.kprobe4j.cli.output.Terminal;

/** The same command line in a VM. What is written with {@code -o} comes back through the folder that both sides share. */
final class GuestTool {
    private static final String CONTENT = "output";

    private GuestTool() {}

    static int run(RunOptions choices, OutputOptions outputs, Invocation invocation) {
        KernelChoice kernel = choices.kernel();
        VmRun run = VmRun.of(kernel);
        List<String> options = new ArrayList<>();
        Terminal.known().ifPresent(size -> options.add("-D" + Terminal.PROPERTY + "=" + size));
        List<String> words = new ArrayList<>(List.of(KprobeMain.class.getName()));
        words.addAll(invocation.forGuest());
        Path file = choices.dryRun().isWanted() ? null : outputs.file().orElse(null);
        if (file == null) {
            run.announce(kernel);
            return run.run(options, words);
        }
        // A file that cannot be written is said before anything is booted.
        Destination to = outputs.open();
        run.announce(kernel);
        options.add("-D" + OutputOptions.EXCHANGED + "=" + VmRun.EXCHANGE + "/" + CONTENT);
        try {
            Path folder = Files.createTempDirectory("kprobe4j-output-");
            try {
                int status = run.run(options, words, folder);
                fetch(folder.resolve(CONTENT), to);
                return status;
            } finally {
                Files.deleteIfExists(folder.resolve(CONTENT));
                Files.deleteIfExists(folder);
            }
        } catch (IOException e) {
            throw new KprobeException("cannot take %s out of the VM: %s".formatted(file, e.getMessage()));
        }
    }

    private static void fetch(Path content, Destination to) throws IOException {
        try (var _ = to.stream()) {
            if (Files.exists(content)) {
                to.takeFrom(content);
            }
        }
    }
}
