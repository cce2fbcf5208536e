package org.kprobe4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** The command line. */
final class OptionsTest {
    @Test
    void withoutWordsEverythingIsMeasuredAndWritten() {
        Options options = Options.of();

        assertThat(options.row()).isEqualTo("6.12");
        assertThat(options.peers()).isTrue();
        assertThat(options.wants(Options.START)).isTrue();
        assertThat(options.hitCases())
                .contains("count", "latency", Options.EXAMPLES)
                .doesNotContain(Options.ATTACH);
        assertThat(options.whole()).isTrue();
        assertThat(options.allHits()).isTrue();
    }

    @Test
    void someCasesAreNotWritten() {
        Options options = Options.of("--row", "7.2", "--no-peers", "count", Options.START);

        assertThat(options.row()).isEqualTo("7.2");
        assertThat(options.peers()).isFalse();
        assertThat(options.hitCases()).containsExactly("count");
        assertThat(options.wants(Options.START)).isTrue();
        assertThat(options.wants(Options.ATTACH)).isFalse();
        assertThat(options.whole()).isFalse();
        assertThat(options.allHits()).isFalse();
    }

    @Test
    void whatIsNotThereIsRefused() {
        assertThatThrownBy(() -> Options.of("counts"))
                .hasMessage(
                        "no case 'counts'; there are count, filter-hit, filter-out, registers, arguments, post, returns, "
                                + "latency, event, event-read, stack, examples, attach, start");
        assertThatThrownBy(() -> Options.of("--peers")).hasMessage("unknown option --peers");
        assertThatThrownBy(() -> Options.of("--row")).hasMessage("--row needs a kernel");
        assertThatThrownBy(() -> BenchMain.amd64("6.12-arm64"))
                .hasMessage(
                        "the calls that are measured are machine code of x86-64: not under 6.12-arm64; use one of 5.10, 6.1, 6.12, 7.2");
    }
}
