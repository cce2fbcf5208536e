package org.kprobe4j.cli.output;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An output into memory, whose clock stands at a known moment. */
final class Written {
    /** 2026-01-02T03:04:05Z is 1 second of the monotonic clock. */
    static final Clock CLOCK = new Clock(1_767_323_045_000_000_000L, 1_000_000_000);

    static final Schema CALLS = Schema.of(
            "call",
            "Call",
            Column.of("time", Kind.TIME),
            Column.of("comm", Kind.TEXT),
            Column.of("tid", Kind.NUMBER),
            Column.of("duration_ns", Kind.DURATION),
            Column.of("address", Kind.ADDRESS),
            Column.of("size", Kind.UNSIGNED),
            Column.of("share", Kind.DECIMAL),
            Column.of("failed", Kind.FLAG),
            Column.of("stack", Kind.LIST),
            Column.of("args", Kind.VALUES));

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final Output output;

    private Written(Terminal terminal, Format format) {
        var destination = new Destination(bytes, "results." + format, terminal);
        output = format == Format.TEXT
                ? new TextOutput(destination, CLOCK, ZoneOffset.UTC)
                : Outputs.open(format, destination, CLOCK);
    }

    static Written in(Format format) {
        return new Written(Terminal.NONE, format);
    }

    static Written on(Terminal terminal) {
        return new Written(terminal, Format.TEXT);
    }

    Output output() {
        return output;
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }

    /** What was written since the last time. */
    String take() {
        String text = bytes.toString(StandardCharsets.UTF_8);
        bytes.reset();
        return text;
    }

    /** Two rows with all kinds of cells, and one without any. */
    static void addCalls(Rows rows) {
        Map<String, Object> arguments = new LinkedHashMap<>();
        arguments.put("fd", 3L);
        arguments.put("name", "a \"b\", c");
        arguments.put("none", null);
        arguments.put("yes", true);
        rows.add(
                1_250_000_001L,
                "cat\u001b[31m",
                77,
                1_234_567L,
                0xffff_ffff_8123_4567L,
                -1L,
                0.5,
                true,
                List.of("vfs_read+0x1", "do_syscall_64"),
                arguments);
        rows.add(999_999_999L, "über, 字", 8, 870L, 0L, 7L, 12.0, false, List.of(), Map.of());
        rows.add(null, null, null, null, null, null, null, null, null, null);
    }
}
