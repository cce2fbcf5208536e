package org.kprobe4j.cli.tool;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.kprobe4j.cli.expression.Signature;

/**
 * A file of an overlay whose lower layer is an overlay whose lower layer is a tmpfs: for each stat() of it {@link #FUNCTION} is called
 * twice, one within the other. A command that does so 20 times.
 */
final class NestedOverlay implements AutoCloseable {
    static final String FUNCTION = "ovl_getattr";

    private final Path root;

    /** Types of modules are there since 5.11. */
    private final String path = Signature.of(FUNCTION).types() == null ? "((struct path *) arg0)" : "path";

    NestedOverlay() throws IOException {
        root = Files.createTempDirectory(Path.of("/run"), "nested-");
        sh("""
                cd %s && mkdir low empty one two && echo x > low/file-of-20 &&
                mount -t overlay overlay -o lowerdir=$PWD/low:$PWD/empty one &&
                mount -t overlay overlay -o lowerdir=$PWD/one:$PWD/empty two""");
    }

    /** What tells the two overlays apart. */
    String mount() {
        return path + "->mnt";
    }

    private void sh(String script) throws IOException {
        Process process = new ProcessBuilder("sh", "-c", script.formatted(root))
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.onExit().join().exitValue() != 0) {
            throw new IOException(said);
        }
    }

    /** A tool's words, with the condition and the command behind them. */
    String[] with(String... words) {
        return Stream.of(
                        List.of(words),
                        List.of(
                                "--when",
                                "str(" + path + "->dentry->d_name.name) == \"file-of-20\"",
                                "--",
                                "perl",
                                "-e"),
                        List.of(
                                "for (1..20) { stat($ARGV[0]) or die }",
                                root.resolve("two/file-of-20").toString()))
                .flatMap(List::stream)
                .toArray(String[]::new);
    }

    @Override
    public void close() throws IOException {
        sh("cd %s && umount two && umount one && cd / && rm -r $OLDPWD");
    }
}
