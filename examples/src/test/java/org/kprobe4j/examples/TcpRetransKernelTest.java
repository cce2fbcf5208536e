package org.kprobe4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernel")
class TcpRetransKernelTest {
    /**
     * A connection whose last segment gets no answer for a second, and one whose SYN gets none; says what the kernel counted as sent
     * again. It ends when nothing is left to be sent.
     */
    private static final String LOSES = """
            use Socket; $| = 1;
            sub count { # of a column in one of the kernel's tables
                my ($file, $table, $column) = @_; my ($names, $values);
                open(my $f, '<', $file); while (<$f>) { next unless /^$table: /; $names ? ($values = $_) : ($names = $_) }
                my %h; @h{split ' ', $names} = split ' ', $values; $h{$column}
            }
            sub resent { count('/proc/net/snmp', 'Tcp', 'RetransSegs') }
            sub probes { count('/proc/net/netstat', 'TcpExt', 'TCPLossProbes') }
            sub at { pack_sockaddr_in($_[0], INADDR_LOOPBACK) }
            socket(my $l, AF_INET, SOCK_STREAM, 0); bind($l, at(0)); listen($l, 9) or die;
            my $port = (unpack_sockaddr_in(getsockname($l)))[0];
            socket(my $s, AF_INET, SOCK_STREAM, 0); connect($s, at($port)) or die; accept(my $a, $l) or die;
            syswrite($s, 'x'); sysread($a, my $got, 1); # a measured round trip
            my ($resent, $probes) = (resent(), probes());
            system('tc qdisc add dev lo root netem loss 100%') and die;
            syswrite($s, 'y');
            socket(my $never, AF_INET, SOCK_STREAM, 0); $never->blocking(0); connect($never, at($port));
            select(undef, undef, undef, 1.6);
            system('tc qdisc del dev lo root') and die;
            sysread($a, $got, 1); # comes with the next attempt
            my $w = ''; vec($w, fileno($never), 1) = 1; select(undef, $w, undef, 10) or die;
            my $sport = (unpack_sockaddr_in(getsockname($s)))[0];
            my $nport = (unpack_sockaddr_in(getsockname($never)))[0];
            print join(' ', '=', $sport, $nport, $port, resent() - $resent, probes() - $probes), "\\n";
            """;

    @Test
    void showsEachSegmentThatTheKernelCounted() throws Exception {
        Example run = Example.run("TcpRetrans", "--", "perl", "-MIO::Handle", "-e", LOSES)
                .succeeded();
        String[] told = run.matching("= .*").findFirst().orElseThrow().split(" ");
        List<String> rows = run.matching("\\d\\d:.*")
                .map(row -> row.strip().replaceAll(" +", " ").substring(9))
                .toList();
        String data = "127.0.0.1 %s 127.0.0.1 %s ESTABLISHED".formatted(told[1], told[3]);
        String syn = "127.0.0.1 %s 127.0.0.1 %s SYN_SENT".formatted(told[2], told[3]);
        assertThat(rows).containsOnly("PROBE " + data, "RETRANSMIT " + data, "RETRANSMIT " + syn);
        // A tail loss probe without new data sends the last segment again.
        assertThat(rows).hasSize(Integer.parseInt(told[4]));
        assertThat(rows.stream().filter(row -> row.startsWith("PROBE "))).hasSize(Integer.parseInt(told[5]));
    }

    @Test
    void showsOnePortAndNoProbes() throws Exception {
        Example run = Example.run("TcpRetrans", "port=1", "--", "perl", "-MIO::Handle", "-e", LOSES)
                .succeeded();
        assertThat(run.out()).hasSize(1).first().asString().startsWith("= ");
    }
}
