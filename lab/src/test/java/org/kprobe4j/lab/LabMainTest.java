package org.kprobe4j.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LabMainTest {
    @ParameterizedTest
    @CsvSource({
        "'', what to do?",
        "fly, what is 'fly'?",
        "run, no command; it comes after --",
        "run --, no command; it comes after --",
        "run ls, unknown option ls; the command comes after --",
        "run --row -- ls, --row needs a value",
        "run --cpus x -- ls, '--cpus needs a positive whole number, not ''x'''",
        "junit --fast, unknown option --fast; JVM options come after --"
    })
    void wrongUseIsALineAndTheUsage(String words, String message) {
        assertThat(failure(2, words.isEmpty() ? new String[0] : words.split(" ")))
                .isEqualTo("lab: " + message + "\n" + LabMain.USAGE + "\n");
    }

    @ParameterizedTest
    @CsvSource({
        "run --row 1.0 -- ls, lab: no kernel '1.0'; there are",
        "run --icount --cpus 2 -- ls, 'lab: instructions can be counted on 1 processor only, not on 2'",
        "run --memory 1 -- ls, lab: a guest needs at least 128 MiB",
        "junit --class-path /nowhere, 'lab: not there, on the class path of the tests: [/nowhere]; build the tests first'",
        "junit --class-path /tmp, lab: junit-platform-launcher is not on the class path of the tests; add its jar"
    })
    void aFailureOfTheLabIsOneLine(String words, String message) {
        assertThat(failure(125, words.split(" "))).startsWith(message).hasLineCount(1);
    }

    @Test
    void theListMarksTheDefault() {
        PrintStream previous = System.out;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
            assertThat(LabMain.execute(new String[] {"list"})).isZero();
        } finally {
            System.setOut(previous);
        }
        assertThat(out.toString(StandardCharsets.UTF_8)).containsPattern("6\\.12 +amd64 +trixie +\\(default\\)");
    }

    private static String failure(int status, String... words) {
        PrintStream previous = System.err;
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        try {
            System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
            assertThat(LabMain.execute(words)).isEqualTo(status);
        } finally {
            System.setErr(previous);
        }
        return err.toString(StandardCharsets.UTF_8);
    }
}
