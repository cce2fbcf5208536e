package org.kprobe4j.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.kprobe4j.cli.KprobeMain;

/**
 * A tool's run within this JVM.
 *
 * @param status exit status
 * @param lines of its results
 * @param err lines of standard error
 */
public record Ran(int status, List<String> lines, List<String> err) {
    /**
     * Runs a tool whose results go to a file.
     *
     * @param suffix says the form: {@code .txt}, {@code .json}, {@code .csv}
     * @param words the command line, the command behind {@code --}
     */
    public static Ran tool(String suffix, String... words) throws IOException {
        Path file = Files.createTempFile("kprobe4j-test-", suffix);
        try {
            var all = new ArrayList<>(List.of(words));
            all.addAll(1, List.of("-o", file.toString()));
            Ran ran = ran(all.toArray(String[]::new));
            return new Ran(ran.status(), Files.readAllLines(file), ran.err());
        } finally {
            Files.delete(file);
        }
    }

    /** Runs a tool that is not expected to have results. */
    public static Ran ran(String... words) {
        PrintStream before = System.err;
        var err = new ByteArrayOutputStream();
        System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
        try {
            int status = KprobeMain.execute(words);
            return new Ran(
                    status,
                    List.of(),
                    err.toString(StandardCharsets.UTF_8).lines().toList());
        } finally {
            System.setErr(before);
        }
    }

    /** The same, of a run that ended as it should. */
    public Ran ended(int expected) {
        assertThat(status).as("status; standard error: %s", err).isEqualTo(expected);
        return this;
    }
}
