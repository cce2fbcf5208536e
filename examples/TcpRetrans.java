// Shows TCP segments that are sent again, with the state of their connection, and the probes that TCP sends when the last segments
// before a pause stay without an answer (tail loss probes: the last segment again, or new data). After BCC's tcpretrans.
//
//   ./kprobe run examples/TcpRetrans.java [port=PORT] [probes=false] [--duration 10s] [-- COMMAND…]

import java.net.InetAddress;
import java.time.LocalTime;
import org.kprobe4j.Args;
import org.kprobe4j.FunctionArguments;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.Kprobe;
import org.kprobe4j.Name;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.Table;

/** The first member of struct sock. */
@Name("sock_common")
interface Sock extends KernelStruct {
    @Name("skc_family") int family();
    @Name("skc_state") int state();
    @Name("skc_rcv_saddr") int source();
    @Name("skc_daddr") int destination();
    @Name("skc_v6_rcv_saddr") In6Addr source6();
    @Name("skc_v6_daddr") In6Addr destination6();
    @Name("skc_num") int sport();
    @Name("skc_dport") short dport();
}

interface In6Addr extends KernelStruct {}

// int tcp_retransmit_skb(struct sock *sk, struct sk_buff *skb, int segs)
// void tcp_send_loss_probe(struct sock *sk)
interface SockArgument extends FunctionArguments {
    Sock sk();
}

enum Kind { RETRANSMIT, PROBE }

/** In the kernel's order, include/net/tcp_states.h. */
enum State {
    NONE, ESTABLISHED, SYN_SENT, SYN_RECV, FIN_WAIT1, FIN_WAIT2, TIME_WAIT, CLOSE, CLOSE_WAIT, LAST_ACK, LISTEN, CLOSING, NEW_SYN_RECV, BOUND_INACTIVE
}

record Sent(Kind kind, InetAddress source, int sport, InetAddress destination, int dport, int state) {}

static void emit(RingBuffer<Sent> events, Kind kind, Sock sock, int port) {
    int inet = 2; // AF_INET
    int sport = sock.sport();
    int dport = Kernel.ntohs(sock.dport());
    if (port != 0 && sport != port && dport != port) {
        return;
    } else if (sock.family() == inet) {
        events.emit(new Sent(kind, Kernel.ipv4(sock.source()), sport, Kernel.ipv4(sock.destination()), dport, sock.state()));
    } else {
        events.emit(new Sent(kind, Kernel.ipv6(sock.source6()), sport, Kernel.ipv6(sock.destination6()), dport, sock.state()));
    }
}

void main(String[] args) {
    var params = Args.of(args, "port", "probes");
    var port = params.getInt("port", 0);
    var probes = params.getBoolean("probes", true);

    var table = Table.live("TIME:8", "KIND:10", "SOURCE:18", "SPORT:5", "DESTINATION:18", "DPORT:5", "STATE");
    try (var events = RingBuffer.of(Sent.class)) {
        events.forEach(e -> table.row(LocalTime.now(), e.kind(), e.source(), e.sport(), e.destination(), e.dport(),
                State.values()[e.state()]));
        var retransmits = Kprobe.at("tcp_retransmit_skb").preHandler((p, regs) -> {
            emit(events, Kind.RETRANSMIT, regs.args(SockArgument.class).sk(), port);
            return 0;
        });
        var lossProbes = Kprobe.at("tcp_send_loss_probe").preHandler((p, regs) -> {
            if (probes) {
                emit(events, Kind.PROBE, regs.args(SockArgument.class).sk(), port);
            }
            return 0;
        });
        try (var _ = retransmits.register(); var _ = lossProbes.register()) {
            params.await();
        }
    }
}

// $ ./kprobe run --vm examples/TcpRetrans.java port=8080 -- sh -c 'ip link set lo up; tc qdisc add dev lo root netem loss 30%;
//   perl -MIO::Socket::IP -e "\$s = IO::Socket::IP->new(LocalHost => q(0.0.0.0), LocalPort => 8080, Listen => 5) or die; while (\$c = \$s->accept) { print \$c q(x) x 3e6; close \$c }" &
//   sleep 2; curl -m 10 -s --http0.9 -o /dev/null http://127.0.0.1:8080/; kill $!'
// TIME     KIND       SOURCE             SPORT DESTINATION        DPORT STATE
// 12:44:26 RETRANSMIT 127.0.0.1          53160 127.0.0.1           8080 SYN_SENT
// 12:44:27 RETRANSMIT 127.0.0.1          53160 127.0.0.1           8080 SYN_SENT
// 12:44:27 RETRANSMIT 127.0.0.1           8080 127.0.0.1          53160 ESTABLISHED
// 12:44:27 PROBE      127.0.0.1           8080 127.0.0.1          53160 ESTABLISHED
// 12:44:27 RETRANSMIT 127.0.0.1           8080 127.0.0.1          53160 ESTABLISHED
// kprobe: tcp_send_loss_probe: 1 hits = 1 delivered
// kprobe: tcp_retransmit_skb: 4 hits = 4 delivered
