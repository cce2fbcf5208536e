package org.kprobe4j.compiler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.kprobe4j.compiler.FormatString.Piece.Conversion;
import org.kprobe4j.compiler.FormatString.Piece.Text;

class FormatStringTest {
    @Test
    void text_and_conversions_alternate() {
        assertThat(FormatString.parse("<%s> at 0x%lx, 100%%%n").pieces())
                .containsExactly(
                        new Text("<"),
                        new Conversion('s', "", 0, -1),
                        new Text("> at 0x"),
                        new Conversion('x', "", 0, -1),
                        new Text(", 100%\n"));
    }

    @Test
    void flags_width_precision_and_length() {
        assertThat(FormatString.parse("%-+08.3lld%#X%5c% ,i").conversions())
                .containsExactly(
                        new Conversion('d', "-+0", 8, 3),
                        new Conversion('X', "#", 0, -1),
                        new Conversion('c', "", 5, -1),
                        new Conversion('d', " ,", 0, -1));
    }

    @Test
    void pointers() {
        assertThat(FormatString.parse("%p %px %pS %ps").conversions())
                .extracting(Conversion::type)
                .containsExactly('p', 'p', 'S', 'S');
    }

    @Test
    void what_is_unknown_is_quoted() {
        assertThatThrownBy(() -> FormatString.parse("value %5.2f"))
                .hasMessage(
                        "unknown conversion \"%5.2f\" in the format \"value %5.2f\"; there are %d %u %x %X %o %c %b %s %p %pS");
        assertThatThrownBy(() -> FormatString.parse("%123456d"))
                .hasMessage("the width or precision 123456 in \"%123456d\" is too large");
    }

    @Property
    void any_text_is_read_or_refused(@ForAll @StringLength(max = 40) @CharRange(from = ' ', to = '~') String text) {
        try {
            assertThat(FormatString.parse("%" + text).pieces()).isNotNull();
        } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageContaining("%" + text);
        }
    }
}
