package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kprobe4j.compiler.FormatString;
import org.kprobe4j.compiler.PrintFormat;
import org.kprobe4j.compiler.PrintFormat.Argument;

class LineFormatterTest {
    private static String format(String format, Class<?> type, long value) {
        MemorySegment record = MemorySegment.ofArray(new long[] {1, value});
        return new LineFormatter(
                        new PrintFormat(1, format, List.of(new Argument.Numeral(8, type))), LineFormatterTest::symbols)
                .format(record);
    }

    private static List<String> symbols(long[] addresses) {
        return Arrays.stream(addresses).mapToObj("fn_%x+0x1/0x2"::formatted).toList();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "%d|-2|-2",
                "%lld|-2|-2",
                "%u|-2|18446744073709551614",
                "%lu|1234|1234",
                "%x|-1|ffffffffffffffff",
                "0x%lx|255|0xff",
                "%#x|255|0xff",
                "%X|255|FF",
                "%o|8|10",
                "%5d|42|   42",
                "%-5d.|42|42   .",
                "%05d|-42|-0042",
                "%+d|42|+42",
                "%,d|1234567|1,234,567",
                "%.4d|42|0042",
                "%p|4096|0x1000",
                "%px|4096|0x1000",
                "%pS|4096|fn_1000+0x1/0x2",
                "%c|65|A",
                "%s|7|7",
                "100%%%d|1|100%1",
            })
    void longsAsPrintkWould(String format, long value, String expected) {
        assertThat(format(format, long.class, value)).isEqualTo(expected);
    }

    @Test
    void narrowTypesKeepTheirWidth() {
        assertThat(format("%x", int.class, -1)).isEqualTo("ffffffff");
        assertThat(format("%u", int.class, -1)).isEqualTo("4294967295");
        assertThat(format("%d", byte.class, -1)).isEqualTo("-1");
        assertThat(format("%b", boolean.class, 1)).isEqualTo("true");
        assertThat(format("%c", char.class, 'x')).isEqualTo("x");
        assertThat(format("%d", boolean.class, 1)).isEqualTo("1");
    }

    @Test
    void textStacksAndConstants() {
        var record = MemorySegment.ofArray(new long[10]);
        record.setString(8, "bash");
        record.set(ValueLayout.JAVA_LONG_UNALIGNED, 24, 16);
        record.set(ValueLayout.JAVA_LONG_UNALIGNED, 32, 0xa);
        record.set(ValueLayout.JAVA_LONG_UNALIGNED, 40, 0xb);
        var format = new PrintFormat(
                1,
                "<%s> %8s %s\n%s",
                List.of(
                        new Argument.Known("kernel_clone"),
                        new Argument.Chars(8, 16),
                        new Argument.Known(12),
                        new Argument.Stack(24, 4)));
        assertThat(new LineFormatter(format, LineFormatterTest::symbols).format(record))
                .isEqualTo("<kernel_clone>     bash 12\n fn_a+0x1/0x2\n fn_b+0x1/0x2");
    }

    @Test
    void anErrorInPlaceOfAStackIsSaid() {
        var record = MemorySegment.ofArray(new long[] {1, -14});
        var format = new PrintFormat(1, "%s", List.of(new Argument.Stack(8, 4)));
        assertThat(new LineFormatter(format, LineFormatterTest::symbols).format(record))
                .contains("errno 14");
    }

    @Test
    void unknownConversionsAreQuoted() {
        assertThatThrownBy(() -> FormatString.parse("a %y b"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "unknown conversion \"%y\" in the format \"a %y b\"; there are %d %u %x %X %o %c %b %s %p %pS");
        assertThatThrownBy(() -> FormatString.parse("%")).hasMessageContaining("unknown conversion \"%\"");
        assertThatThrownBy(() -> FormatString.parse("%99999d")).hasMessageContaining("too large");
    }
}
