package org.kprobe4j.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Signals of the system, sent to this JVM. */
@Isolated("takes the JVM's signals")
class SignalsTest {
    @ParameterizedTest
    @ValueSource(strings = {"WINCH", "TERM", "PIPE"})
    void areHandedOverByName(String name) throws Exception {
        var got = new LinkedBlockingQueue<String>();
        try (Signals _ = Signals.divert(got::add)) {
            int status = new ProcessBuilder(
                            "kill",
                            "-" + name,
                            Long.toString(ProcessHandle.current().pid()))
                    .start()
                    .waitFor();
            assertThat(status).isZero();
            assertThat(got.poll(30, TimeUnit.SECONDS)).isEqualTo(name);
        }
    }
}
