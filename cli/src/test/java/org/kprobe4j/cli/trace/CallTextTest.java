package org.kprobe4j.cli.trace;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.kprobe4j.cli.expression.Type;
import org.kprobe4j.cli.expression.Type.Numeric;
import org.kprobe4j.cli.expression.Type.Numeric.Meaning;
import org.kprobe4j.cli.trace.Shown.Style;

/** How calls are shown, word for word. */
class CallTextTest {
    private static final Numeric INT = new Numeric(4, true, Meaning.PLAIN);
    private static final Numeric UNSIGNED = new Numeric(8, false, Meaning.PLAIN);
    private static final Numeric ADDRESS = new Numeric(8, false, Meaning.ADDRESS);

    private static TraceEvent.Call call(long start, int depth, long returned, long... numbers) {
        long[] n = java.util.Arrays.copyOf(numbers, TraceEvent.NUMBERS);
        return new TraceEvent.Call(
                start,
                2100,
                0xffffffff81000000L,
                returned,
                1,
                (short) depth,
                (short) 0,
                7,
                8,
                "cat",
                n[0],
                n[1],
                n[2],
                n[3],
                n[4],
                n[5],
                n[6],
                n[7]);
    }

    private static String line(
            @Nullable Type result, long returned, List<Shown> shown, List<String> texts, long... numbers) {
        var extras = new Seen.Extras();
        for (int i = 0; i < texts.size(); i++) {
            extras.texts[i] = texts.get(i);
        }
        var seen = new Seen(
                new FunctionView("vfs_call", shown, result), "vfs_call", call(0, 0, returned, numbers), extras, 0);
        return CallText.line(seen, CallText.What.CALLS).toString();
    }

    @Test
    void arguments_by_their_types() {
        assertThat(line(
                        INT,
                        3,
                        List.of(
                                new Shown("dfd", INT, Style.DECIMAL, 0, Shown.NONE),
                                new Shown("name", ADDRESS, Style.DECIMAL, 1, 0),
                                new Shown("file", ADDRESS, Style.PATH, 2, 1),
                                new Shown("flags", INT, Style.HEX, 3, Shown.NONE),
                                new Shown("mode", new Numeric(2, false, Meaning.PLAIN), Style.OCTAL, 4, Shown.NONE),
                                new Shown("count", UNSIGNED, Style.DECIMAL, 5, Shown.NONE),
                                new Shown("pos", ADDRESS, Style.DECIMAL, 6, Shown.NONE),
                                new Shown("rest", ADDRESS, Style.DECIMAL, Shown.NONE, Shown.NONE)),
                        List.of("a \"b\"\n", "/etc/hosts"),
                        // What is above an int in its register means nothing.
                        0x7777_0000_ffff_ff9cL,
                        0x1000,
                        0x2000,
                        0x8000,
                        0x5501a4,
                        -1,
                        0xffff888000001000L))
                .isEqualTo("vfs_call(dfd=-100, name=\"a \\\"b\\\"\\n\", file=/etc/hosts, flags=0x8000, mode=0644, "
                        + "count=18446744073709551615, pos=0xffff888000001000, rest=…) = 3 <2.10us>");
    }

    @Test
    void results() {
        assertThat(line(null, 5, List.of(), List.of())).isEqualTo("vfs_call() <2.10us>");
        assertThat(line(INT, 0xffff_fffeL, List.of(), List.of())).isEqualTo("vfs_call() = -ENOENT <2.10us>");
        assertThat(line(INT, -5000, List.of(), List.of())).isEqualTo("vfs_call() = -5000 <2.10us>");
        assertThat(line(new Numeric(1, false, Meaning.BOOL), 0xff01, List.of(), List.of()))
                .isEqualTo("vfs_call() = true <2.10us>");
        assertThat(line(ADDRESS, -13, List.of(), List.of())).isEqualTo("vfs_call() = -EACCES <2.10us>");
        assertThat(line(ADDRESS, 0xffff_fffeL, List.of(), List.of())).isEqualTo("vfs_call() = -ENOENT <2.10us>");
        assertThat(line(ADDRESS, 0x1234, List.of(), List.of())).isEqualTo("vfs_call() = 0x1234 <2.10us>");
    }

    @Test
    void a_text_that_could_not_be_read_is_its_address() {
        assertThat(line(null, 0, List.of(new Shown("name", ADDRESS, Style.DECIMAL, 0, 0)), List.of(), 0x7fff1000))
                .isEqualTo("vfs_call(name=0x7fff1000) <2.10us>");
    }

    @Test
    void calls_are_read_before_those_inside_them() {
        var shown = new ArrayList<Long>();
        var order = new ReadingOrder(seen -> shown.add(seen.call().start()));
        var view = new FunctionView("f", List.of(), null);
        for (TraceEvent.Call call : List.of(
                call(30, 2, 0), call(20, 1, 0), call(40, 1, 0), call(10, 0, 0), call(50, 0, 0), call(70, 1, 0))) {
            order.accept(new Seen(view, "f", call, null, 0), 0);
        }
        assertThat(shown).containsExactly(10L, 20L, 30L, 40L, 50L);
        order.tick(999_999_999);
        assertThat(shown).hasSize(5);
        order.tick(1_000_000_000);
        assertThat(shown).endsWith(70L);
    }
}
