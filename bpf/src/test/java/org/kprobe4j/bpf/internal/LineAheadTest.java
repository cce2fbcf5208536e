package org.kprobe4j.bpf.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LineAheadTest {
    private static final String PATH = "/proc/kallsyms";
    private static final int LINES = 20_000;

    private final FakeKernel kernel = new FakeKernel();

    @AfterEach
    void nothingIsLeft() {
        assertThat(kernel.openNow()).isEmpty();
        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .doesNotContain("symbol-reader");
    }

    private static String lines() {
        var text = new StringBuilder();
        IntStream.range(0, LINES).forEach(i -> text.append("line ").append(i).append('\n'));
        return text.append("cut").toString();
    }

    @ParameterizedTest
    @ValueSource(ints = {7, 4096, 1 << 20})
    void linesComeInTheirOrder(int readBytes) {
        kernel.file(PATH, lines()).readBytes = readBytes;
        List<String> seen = new ArrayList<>();
        try (LineAhead ahead = new LineAhead(kernel, PATH, 1 << 17)) {
            long result = ahead.forEachLine(PATH, 1, (bytes, line, end) -> {
                seen.add(new String(bytes, line, end - line, StandardCharsets.UTF_8));
                return true;
            });
            assertThat(result).isZero();
        }
        assertThat(seen).hasSize(LINES).startsWith("line 0").endsWith("line " + (LINES - 1));
    }

    @Test
    void whoHasEnoughEndsTheReading() {
        kernel.file(PATH, lines());
        int[] seen = {0};
        try (LineAhead ahead = new LineAhead(kernel, PATH, 1)) {
            assertThat(ahead.forEachLine(PATH, 1, (_, _, _) -> ++seen[0] < 5)).isZero();
        }
        assertThat(seen[0]).isEqualTo(5);
        try (LineAhead _ = new LineAhead(kernel, PATH, 1)) {
            // Closed with everything still to be taken.
        }
    }

    @Test
    void errorsOfTheKernelAndOfTheVisitorComeThrough() {
        try (LineAhead ahead = new LineAhead(kernel, PATH, 1)) {
            assertThat(ahead.forEachLine(PATH, 1, (_, _, _) -> true)).isEqualTo(-FakeKernel.ENOENT);
        }
        kernel.file(PATH, lines());
        try (LineAhead ahead = new LineAhead(kernel, PATH, 1)) {
            assertThatThrownBy(() -> ahead.forEachLine(PATH, 1, (_, _, _) -> {
                        throw new IllegalStateException("enough");
                    }))
                    .hasMessage("enough");
        }
    }

    @Test
    void anInterruptIsKeptForLater() {
        kernel.file(PATH, lines());
        int[] seen = {0};
        Thread.currentThread().interrupt();
        try (LineAhead ahead = new LineAhead(kernel, PATH, 1)) {
            assertThat(ahead.forEachLine(PATH, 1, (_, _, _) -> ++seen[0] > 0)).isZero();
        }
        assertThat(Thread.interrupted()).isTrue();
        assertThat(seen[0]).isEqualTo(LINES);
    }
}
