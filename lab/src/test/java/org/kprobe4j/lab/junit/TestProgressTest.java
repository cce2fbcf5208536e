package org.kprobe4j.lab.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

class TestProgressTest {
    /** Not for the build: run by the tests below only. */
    @Tag("nightly")
    static class Mixed {
        @Test
        void passes() {}

        @ParameterizedTest
        @ValueSource(ints = {1, 2})
        void passesTwice(int ignored) {}

        @Test
        void fails() {
            throw new AssertionError("1 < 2 & \"so\"");
        }

        @Test
        void givesUp() {
            assumeTrue(false, "needs Linux 9");
        }

        @Test
        @Disabled("not written")
        void isOff() {}
    }

    @Tag("nightly")
    static class NoStart {
        @BeforeAll
        static void breaks() {
            throw new IllegalStateException("no tracefs");
        }

        @Test
        void neverRuns() {}
    }

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    private TestProgress run(Class<?> tests) {
        TestProgress progress = new TestProgress(new PrintStream(printed, true, StandardCharsets.UTF_8));
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(selectClass(tests))
                                .build(),
                        progress);
        return progress;
    }

    @Test
    void countsEveryOutcomeAndSaysFailures() {
        TestTally tally = run(Mixed.class).tally();
        assertThat(tally)
                .isEqualTo(new TestTally(3, 1, Map.of("Assumption failed: needs Linux 9", 1, "not written", 1)));
        assertThat(printed.toString(StandardCharsets.UTF_8))
                .contains(
                        "FAILED org.kprobe4j.lab.junit.TestProgressTest$Mixed fails(): java.lang.AssertionError: 1 < 2")
                .containsPattern("FAILED .*Mixed: 3 passed, 1 failed, 2 skipped \\(");
    }

    @Test
    void aClassThatCannotStartIsAFailure() {
        assertThat(run(NoStart.class).tally()).isEqualTo(new TestTally(0, 1, Map.of()));
    }

    @Test
    void theReportIsEscaped() {
        TestProgress progress = run(Mixed.class);
        assertThat(SurefireReport.suite("Mixed", progress.results()))
                .contains("tests=\"6\" failures=\"1\" errors=\"0\" skipped=\"2\"")
                .contains("message=\"1 &lt; 2 &amp; &quot;so&quot;\"");
    }
}
