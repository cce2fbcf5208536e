package org.kprobe4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernel")
class TcpConnectKernelTest {
    /** Says of each connection what connect() and getsockname() said, in the example's words behind a "=". */
    private static final String CONNECTS = """
            use Socket qw(:all); use Errno; $| = 1;
            sub in4 { pack_sockaddr_in($_[1], inet_aton($_[0])) }
            sub in6 { pack_sockaddr_in6($_[1], inet_pton(AF_INET6, $_[0])) }
            sub port { my $a = getsockname($_[0]); (sockaddr_family($a) == AF_INET ? unpack_sockaddr_in($a) : unpack_sockaddr_in6($a))[0] }
            sub listening { my ($at) = @_; socket(my $s, sockaddr_family($at), SOCK_STREAM, 0); bind($s, $at); listen($s, 9) or die; $s }
            sub attempt { # shown source, shown destination, destination, bound source port
                my ($from, $to, $at, $bound, $dport) = @_;
                socket(my $s, sockaddr_family($at), SOCK_STREAM, 0) or die;
                bind($s, in4('127.0.0.1', $bound)) or die if $bound;
                my $ok = connect($s, $at); my $errno = $ok ? 0 : (grep { $!{$_} } qw(ENETUNREACH ECONNREFUSED))[0];
                $errno = 0 if $errno eq 'ECONNREFUSED'; # the SYN was sent
                print join(' ', '=', $$, 'perl', $from, $bound || port($s), $to, $dport, $errno), "\\n";
                push @open, $s;
            }
            my $l4 = listening(in4('127.0.0.1', 0)); my $l6 = listening(in6('::1', 0));
            my ($p4, $p6) = (port($l4), port($l6));
            attempt('127.0.0.1', '127.0.0.1', in4('127.0.0.1', $p4), 0, $p4) for 1 .. 5;
            attempt('::1', '::1', in6('::1', $p6), 0, $p6) for 1 .. 3;
            attempt('127.0.0.1', '127.0.0.1', in6('::ffff:127.0.0.1', $p4), 0, $p4);
            attempt('127.0.0.1', '127.0.0.1', in4('127.0.0.1', 9), 50123, 9);
            attempt('0.0.0.0', '203.0.113.7', in4('203.0.113.7', 80), 0, 80);
            """;

    private static final String HEADINGS = "PID COMM SOURCE SPORT DESTINATION DPORT RESULT";

    @Test
    void showsEveryConnectionAsTheCommandSawIt() throws Exception {
        Example run = Example.run("TcpConnect", "--", "perl", "-e", CONNECTS).succeeded();
        List<String> told = run.matching("= .*").map(line -> line.substring(2)).toList();
        assertThat(told).hasSize(11);
        assertThat(told.getLast()).endsWith(" 203.0.113.7 80 ENETUNREACH");
        assertThat(rows(run).filter(row -> row.contains(" perl "))).containsExactlyElementsOf(told);
        assertThat(rows(run)).contains(HEADINGS);
    }

    @Test
    void showsOnePortOnly() throws Exception {
        Example run = Example.run("TcpConnect", "port=9", "--", "perl", "-e", CONNECTS)
                .succeeded();
        List<String> told =
                run.matching("= .* 9 0").map(line -> line.substring(2)).toList();
        assertThat(told).hasSize(1);
        assertThat(rows(run)).containsExactly(HEADINGS, told.getFirst());
    }

    private static Stream<String> rows(Example run) {
        return run.out().stream()
                .map(line -> line.strip().replaceAll(" +", " "))
                .filter(line -> !line.startsWith("="));
    }
}
