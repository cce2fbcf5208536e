package org.kprobe4j.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.kprobe4j.cli.expression.Type;
import org.kprobe4j.cli.expression.Type.Numeric;
import org.kprobe4j.cli.expression.Type.Numeric.Meaning;

/** Errors by name, small numbers as themselves, large ones by powers of two. */
class ReturnCodeTest {
    private static final Type UNSIGNED = new Numeric(8, false, Meaning.PLAIN);
    private static final Type BOOL = new Numeric(1, false, Meaning.BOOL);

    private static String text(long number) {
        return ReturnCode.text(ReturnCode.ofNumber(number), Numeric.LONG);
    }

    @Test
    void numbers_as_people_read_them() {
        assertThat(List.of(
                        text(0), text(-2), text(-4095), text(255), text(256), text(70_000), text(-4096), text(-5000)))
                .containsExactly(
                        "0",
                        "ENOENT",
                        "errno 4095",
                        "255",
                        "256 – 511",
                        "65536 – 131071",
                        "-8191 – -4096",
                        "-8191 – -4096");
        assertThat(text(Long.MAX_VALUE)).isEqualTo("4611686018427387904 – 9223372036854775807");
        assertThat(ReturnCode.text(ReturnCode.POWER + 63, UNSIGNED))
                .isEqualTo("9223372036854775808 – 18446744073709551615");
        assertThat(ReturnCode.text(1, BOOL)).isEqualTo("true");
    }

    @Test
    void a_number_lies_in_its_code() {
        var random = new Random(5);
        for (int i = 0; i < 10_000; i++) {
            long number = random.nextLong() >> random.nextInt(64);
            long code = ReturnCode.ofNumber(number);
            assertThat(number).isBetween(ReturnCode.from(code), ReturnCode.to(code));
        }
        long least = ReturnCode.ofNumber(Long.MIN_VALUE);
        assertThat(ReturnCode.from(least)).isEqualTo(Long.MIN_VALUE);
        assertThat(ReturnCode.to(least)).isEqualTo(Long.MIN_VALUE);
    }

    @Test
    void few_numbers_stand_alone() {
        var few = new TreeMap<>(Map.of(-2L, 3L, 0L, 1L, 200L, 5L));
        assertThat(ReturnTable.compact(few, Numeric.LONG)).isEqualTo(few);
    }

    @Test
    void many_numbers_are_counted_by_powers_of_two() {
        var many = new TreeMap<>(Map.of(-2L, 3L, 0L, 1L, 1L, 2L, 2L, 5L, 3L, 7L, 200L, 1L, ReturnCode.POWER + 8L, 4L));
        assertThat(ReturnTable.compact(many, Numeric.LONG))
                .isEqualTo(new TreeMap<>(Map.of(
                        -2L,
                        3L,
                        0L,
                        1L,
                        1L,
                        2L,
                        ReturnCode.POWER + 1L,
                        12L,
                        ReturnCode.POWER + 7L,
                        1L,
                        ReturnCode.POWER + 8L,
                        4L)));
    }
}
