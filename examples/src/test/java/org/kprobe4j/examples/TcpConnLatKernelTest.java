package org.kprobe4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernel")
class TcpConnLatKernelTest {
    /** Says of each connection its ports and how long connect() took: two over IPv4, one over IPv6, one that is refused. */
    private static final String CONNECTS = """
            use Socket qw(:all); use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC); $| = 1;
            sub in4 { pack_sockaddr_in($_[0], inet_aton('127.0.0.1')) }
            sub in6 { pack_sockaddr_in6($_[0], inet_pton(AF_INET6, '::1')) }
            sub port { my $a = getsockname($_[0]); (sockaddr_family($a) == AF_INET ? unpack_sockaddr_in($a) : unpack_sockaddr_in6($a))[0] }
            sub listening { my ($at) = @_; socket(my $s, sockaddr_family($at), SOCK_STREAM, 0); bind($s, $at); listen($s, 9) or die; $s }
            sub attempt {
                my ($shown, $at, $dport) = @_;
                socket(my $s, sockaddr_family($at), SOCK_STREAM, 0) or die;
                my $start = clock_gettime(CLOCK_MONOTONIC);
                my $ok = connect($s, $at);
                my $ms = 1000 * (clock_gettime(CLOCK_MONOTONIC) - $start);
                print join(' ', '=', $$, 'perl', $shown, port($s), $shown, $dport, $ms), "\\n" if $ok;
                push @open, $s;
            }
            my $l4 = listening(in4(0)); my $l6 = listening(in6(0));
            attempt('127.0.0.1', in4(port($l4)), port($l4));
            attempt('127.0.0.1', in4(9), 9);
            attempt('::1', in6(port($l6)), port($l6));
            """;

    private static final String DELAY = """
            tc qdisc add dev lo root netem delay 20ms
            perl -e "$0"
            tc qdisc del dev lo root
            """;

    @Test
    void takesTheRoundTripAndLessThanConnect() throws Exception {
        Example run =
                Example.run("TcpConnLat", "--", "sh", "-ec", DELAY, CONNECTS).succeeded();
        List<String[]> told = cells(run, "=.*");
        List<String[]> shown = cells(run, " .*");
        assertThat(run.out().stream().map(line -> line.strip().replaceAll(" +", " ")))
                .contains("PID COMM SOURCE SPORT DESTINATION DPORT LATENCY_MS");
        assertThat(told).hasSize(2);
        assertThat(shown).hasSize(2);
        for (int i = 0; i < 2; i++) {
            assertThat(List.of(shown.get(i)).subList(0, 6))
                    .isEqualTo(List.of(told.get(i)).subList(1, 7));
            // The SYN waits 20 ms on its way, the answer too.
            assertThat(Double.parseDouble(shown.get(i)[6])).isBetween(40.0, Double.parseDouble(told.get(i)[7]));
        }
    }

    @Test
    void leavesOutTheShortOnes() throws Exception {
        String both = CONNECTS + "system('tc qdisc add dev lo root netem delay 150ms');"
                + "attempt('127.0.0.1', in4(port($l4)), port($l4)); system('tc qdisc del dev lo root');";
        Example run =
                Example.run("TcpConnLat", "min=300", "--", "perl", "-e", both).succeeded();
        List<String[]> told = cells(run, "=.*");
        assertThat(told).hasSize(3);
        List<String[]> shown = cells(run, " .*");
        assertThat(shown).hasSize(1);
        assertThat(shown.getFirst()[3]).isEqualTo(told.getLast()[4]);
    }

    private static List<String[]> cells(Example run, String pattern) {
        return run.matching(pattern)
                .map(line -> line.strip().split(" +"))
                .filter(cells -> !cells[0].equals("PID"))
                .toList();
    }
}
