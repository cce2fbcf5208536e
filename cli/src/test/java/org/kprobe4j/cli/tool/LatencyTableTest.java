package org.kprobe4j.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.kprobe4j.cli.expression.Type.Numeric;
import org.kprobe4j.cli.output.Clock;
import org.kprobe4j.cli.output.Column;
import org.kprobe4j.cli.output.Destination;
import org.kprobe4j.cli.output.Format;
import org.kprobe4j.cli.output.Kind;
import org.kprobe4j.cli.output.Output;
import org.kprobe4j.cli.output.Outputs;
import org.kprobe4j.cli.output.Terminal;

/** What is shown of times and of returned values, word for word. */
class LatencyTableTest {
    private static final List<Column> BY_COMM = List.of(Column.of("comm", Kind.TEXT));

    private static String shown(Format format, Consumer<Output> shows) {
        var bytes = new ByteArrayOutputStream();
        try (Output output = Outputs.open(format, new Destination(bytes, "test", Terminal.NONE), Clock.now())) {
            shows.accept(output);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private static LatencyTable.Group group(List<Object> keys, long... times) {
        return new LatencyTable.Group(keys, Map.of("all", Measured.of(times)));
    }

    @Test
    void one_group_with_its_histogram() {
        assertThat(shown(
                        Format.TEXT,
                        output -> new LatencyTable(output, List.of(), false, false, 9)
                                .show(0, List.of(group(List.of(), 900, 1000, 1500, 9000)))))
                .isEqualTo("""
                        COUNT   TOTAL     AVG    MIN     P50     P90     P99   P99.9     MAX
                            4  12.4us  3.10us  900ns  1.02us  9.00us  9.00us  9.00us  9.00us

                        FROM    UP TO   COUNT
                        512ns   1.02us      2  ████████████████████████████████████████
                        1.02us  2.05us      1  ████████████████████
                        2.05us  4.10us      0
                        4.10us  8.19us      0
                        8.19us  16.4us      1  ████████████████████
                        """);
    }

    @Test
    void groups_by_their_time_and_no_more_than_asked_for() {
        assertThat(shown(
                        Format.TEXT,
                        output -> new LatencyTable(output, BY_COMM, false, false, 2)
                                .show(
                                        0,
                                        List.of(
                                                group(List.of("few"), 10),
                                                group(List.of("much"), 5_000_000, 3_000_000),
                                                group(List.of("more"), 20, 30)))))
                .isEqualTo("""
                        COMM  COUNT   TOTAL     AVG     MIN     P50     P90     P99   P99.9     MAX
                        much      2  8.00ms  4.00ms  3.00ms  3.01ms  5.00ms  5.00ms  5.00ms  5.00ms
                        more      2    50ns    25ns    20ns    20ns    30ns    30ns    30ns    30ns
                        """);
    }

    @Test
    void parts_of_the_time() {
        var parts = new LinkedHashMap<String, Measured>();
        parts.put("all", Measured.of(3_000_000));
        parts.put("on CPU", Measured.of(20));
        parts.put("waiting", Measured.of(2_999_980));
        assertThat(shown(
                                Format.CSV,
                                output -> new LatencyTable(output, BY_COMM, true, false, 9)
                                        .show(0, List.of(new LatencyTable.Group(List.of("x"), parts))))
                        .replaceAll("(?m)^[^,\\r\\n]*,", ""))
                .isEqualTo("""
                        comm,part,count,total_ns,average_ns,min_ns,p50_ns,p90_ns,p99_ns,p99_9_ns,max_ns
                        x,all,1,3000000,3000000,3000000,3000000,3000000,3000000,3000000,3000000
                        x,on CPU,1,20,20,20,20,20,20,20,20
                        x,waiting,1,2999980,2999980,2999980,2999980,2999980,2999980,2999980,2999980

                        comm,part,from_ns,to_ns,count
                        x,all,2097152,4194303,1
                        x,on CPU,16,31,1
                        x,waiting,2097152,4194303,1
                        """.replace("\n", "\r\n"));
    }

    private static final ReturnTable.Group RETURNS = new ReturnTable.Group(
            List.of("x"), new TreeMap<>(Map.of(-2L, 4L, 0L, 1L, 7L, 8L, ReturnCode.POWER + 12L, 2L)));

    @Test
    void what_was_returned() {
        assertThat(shown(
                        Format.TEXT,
                        output -> new ReturnTable(output, BY_COMM, Numeric.LONG, 9).show(0, List.of(RETURNS))))
                .isEqualTo("""
                        COMM  RETURNED     COUNT
                        x     ENOENT           4  ████████████████████
                        x     0                1  █████
                        x     4 – 7            8  ████████████████████████████████████████
                        x     4096 – 8191      2  ██████████
                        """);
        assertThat(shown(
                                Format.CSV,
                                output -> new ReturnTable(output, BY_COMM, Numeric.LONG, 9).show(0, List.of(RETURNS)))
                        .replaceAll("(?m)^[^,\\r\\n]*,", ""))
                .isEqualTo("""
                        comm,from,to,name,count
                        x,-2,-2,ENOENT,4
                        x,0,0,,1
                        x,7,7,,8
                        x,4096,8191,,2
                        """.replace("\n", "\r\n"));
    }
}
