package org.kprobe4j.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What people read, character for character. */
class TextOutputTest {
    private static final Schema COUNTS = Schema.of(
            "count",
            "Count",
            Column.of("time", Kind.TIME).forMachines(),
            Column.of("comm", Kind.TEXT),
            Column.ofExpression("file->f_pos", Kind.NUMBER),
            Column.of("duration_ns", Kind.DURATION));

    private static void addCounts(Output output) {
        try (Rows rows = output.table(COUNTS)) {
            rows.add(1L, "cat", 12_345_678L, 1_500_000L);
            rows.add(1L, "a-long-name\u001b[2J", 1L, null);
        }
    }

    private static Terminal terminal(int columns, int rows) {
        return new Terminal(columns, rows, true, false);
    }

    @Test
    void columnsOfATableAreAsWideAsTheyMustBe() {
        Written written = Written.in(Format.TEXT);
        addCounts(written.output());
        written.output().close();
        assertThat(written.take()).isEqualTo("""
                COMM                file->f_pos  DURATION
                cat                    12345678    1.50ms
                a-long-name\\x1b[2J            1         -
                """);
    }

    @Test
    void rowsThatComeOneByOneHaveColumnsOfAKnownWidth() {
        Written written = Written.in(Format.TEXT);
        Schema schema = Schema.of(
                "call",
                "Call",
                Column.of("time", Kind.TIME),
                Column.of("comm", Kind.TEXT).width(6),
                Column.of("duration_ns", Kind.DURATION),
                Column.of("args", Kind.VALUES));
        try (Rows rows = written.output().rows(schema)) {
            rows.add(1_250_000_001L, "cat", 1_500_000L, Map.of("fd", 3));
            rows.add(1_000_000_000L, "too-long-a-name", null, null);
        }
        written.output().flush();
        assertThat(written.take()).isEqualTo("""
                TIME             COMM     DURATION  ARGS
                03:04:05.250000  cat        1.50ms  fd=3
                03:04:05.000000  too-long-a-name          -  -
                """);
    }

    @Test
    void onATerminalOfTwentyColumnsTextsAreCutAndNumbersAreNot() {
        Written written = Written.on(terminal(20, 24));
        try (Rows rows = written.output()
                .table(Schema.of("x", "X", Column.of("function", Kind.TEXT), Column.of("count", Kind.NUMBER)))) {
            rows.add("do_sys_openat2_with_a_long_name", 123_456L);
            rows.add("字字字字字字字字", 1L);
        }
        written.output().flush();
        assertThat(written.take().lines())
                .allMatch(line -> Width.of(line) <= 20)
                .containsExactly("FUNCTION       COUNT", "do_sys_open…  123456", "字字字字字…        1");
    }

    @Test
    void coloursAreForTerminals() {
        Written written = Written.on(new Terminal(80, 24, true, true));
        try (Rows rows = written.output()
                .table(Schema.of("x", "X", Column.of("function", Kind.TEXT), Column.of("time_ns", Kind.DURATION)))) {
            rows.add("a", 5L);
        }
        written.output().flush();
        assertThat(written.take())
                .isEqualTo("\u001b[1mFUNCTION\u001b[0m  \u001b[1mTIME\u001b[0m\na          \u001b[33m5ns\u001b[0m\n"
                        .replace("  \u001b[1mTIME", "  \u001b[1mTIME"));
    }

    @Test
    void aPictureTakesThePlaceOfTheOneBefore() {
        Written written = Written.on(terminal(40, 3));
        Output output = written.output();
        output.picture("12:00:01", false);
        output.line("one");
        output.line("two");
        output.line("beyond the terminal's end");
        output.flush();
        assertThat(written.take()).isEqualTo("12:00:01\u001b[K\none\u001b[K\n\u001b[J");
        output.picture("12:00:02", false);
        output.flush();
        assertThat(written.take()).isEqualTo("\r\u001b[2A12:00:02\u001b[K\n\u001b[J");
        output.resize(terminal(10, 5));
        output.picture("12:00:03", false);
        output.line("a line that is too long");
        output.flush();
        assertThat(written.take()).isEqualTo("\r\u001b[1A12:00:03\u001b[K\na line th…\u001b[K\n\u001b[J");
        output.picture("12:00:04", true);
        for (int i = 1; i <= 6; i++) {
            output.line("line " + i);
        }
        output.close();
        assertThat(written.take())
                .isEqualTo("\r\u001b[2A12:00:04\u001b[K\nline 1\u001b[K\nline 2\u001b[K\nline 3\u001b[K\n"
                        + "line 4\u001b[K\nline 5\u001b[K\nline 6\u001b[K\n\u001b[J");
    }

    @Test
    void whereNothingCanBeOverwrittenPicturesFollowEachOther() {
        Written written = Written.in(Format.TEXT);
        Output output = written.output();
        output.picture("12:00:01", false);
        output.line("one");
        output.picture("12:00:02", true);
        output.line("two");
        output.close();
        assertThat(written.take()).isEqualTo("12:00:01\none\n\n12:00:02\ntwo\n");
    }

    @Test
    void aLineHasItsPiecesAtColumns() {
        Line line = new Line()
                .add("a")
                .to(4)
                .add(Ink.FUNCTION, "vfs_read")
                .cell(Ink.PLAIN, "7", 4, true)
                .cell(Ink.BAD, "E\n", 5, false)
                .add(" ");
        assertThat(line.toString()).isEqualTo("a   vfs_read   7E\\n");
        assertThat(line.columns()).isEqualTo(22);
        assertThat(line.rendered(true, 8)).isEqualTo("a   \u001b[36mvfs\u001b[0m…");
    }

    @ParameterizedTest
    @CsvSource({
        "100x30, xterm, '', 100, 30, true, true",
        "100x30, xterm, 1, 100, 30, true, false",
        "100x30, dumb, '', 100, 30, false, false",
        "x, xterm, '', 80, 24, true, true",
        "0x0, xterm, '', 80, 24, true, true",
        "20x5, xterm, '', 20, 5, true, true",
    })
    void whatATerminalIs(
            String size, String type, String noColor, int columns, int rows, boolean isTerminal, boolean colours) {
        assertThat(Terminal.of(Optional.of(size), Map.of("TERM", type, "NO_COLOR", noColor)))
                .isEqualTo(new Terminal(columns, rows, isTerminal, colours));
        assertThat(Terminal.of(Optional.empty(), Map.of("TERM", type))).isEqualTo(Terminal.NONE);
    }
}
