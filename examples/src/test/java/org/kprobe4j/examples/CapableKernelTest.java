package org.kprobe4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernel")
class CapableKernelTest {
    /** Three times chroot as root, twice as nobody, who then may not raise his priority either. */
    private static final String ASKS = """
            use POSIX ();
            $0 = "asker";
            chroot("/") or die for 1..3;
            POSIX::setuid(65534) or die;
            chroot("/") and die for 1..2;
            setpriority(0, 0, -5) and die;
            """;

    private static final List<String> GRANTED = List.of("0", "asker", "18", "CAP_SYS_CHROOT", "yes", "0");
    private static final List<String> DENIED = List.of("65534", "asker", "18", "CAP_SYS_CHROOT", "yes", "EPERM");

    @Test
    void showsEveryCheckWithItsResult() throws Exception {
        var run = Example.run("Capable", "comm=asker", "--", "perl", "-e", ASKS).succeeded();
        var rows = Rows.of(run, 8);
        assertThat(rows)
                .filteredOn(row -> row.get(4).equals("CAP_SYS_CHROOT"))
                .extracting(CapableKernelTest::withoutPid)
                .containsExactly(GRANTED, GRANTED, GRANTED, DENIED, DENIED);
        assertThat(rows)
                .extracting(CapableKernelTest::withoutPid)
                .contains(List.of("0", "asker", "7", "CAP_SETUID", "yes", "0"));
        assertThat(rows.getLast().subList(4, 7)).containsExactly("CAP_SYS_NICE", "yes", "EPERM");
        assertThat(rows)
                .extracting(row -> row.get(1))
                .containsOnly(rows.getFirst().get(1));
    }

    @Test
    void showsWhatWasDenied() throws Exception {
        var run = Example.run("Capable", "comm=asker", "failed=true", "--", "perl", "-e", ASKS)
                .succeeded();
        var rows = Rows.of(run, 8);
        assertThat(rows).extracting(List::getLast).containsOnly("EPERM");
        assertThat(rows.subList(0, 2)).extracting(CapableKernelTest::withoutPid).containsExactly(DENIED, DENIED);
        assertThat(rows.get(2).get(4)).isEqualTo("CAP_SYS_NICE");
    }

    private static List<String> withoutPid(List<String> row) {
        return List.of(row.get(0), row.get(2), row.get(3), row.get(4), row.get(5), row.get(6));
    }
}
