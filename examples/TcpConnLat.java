// Shows how long TCP connections took to be established, from connect() to the answer of the other side. Those that are refused
// or never answered are not shown. After BCC's tcpconnlat.
//
//   ./kprobe run examples/TcpConnLat.java [min=MILLISECONDS] [pid=PID] [--duration 10s] [-- COMMAND…]

import java.net.InetAddress;
import org.kprobe4j.Args;
import org.kprobe4j.FunctionArguments;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelMap;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.Kprobe;
import org.kprobe4j.Name;
import org.kprobe4j.PreHandler;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.Table;

/** The first member of struct sock. */
@Name("sock_common")
interface Sock extends KernelStruct {
    @Name("skc_family") int family();
    @Name("skc_rcv_saddr") int source();
    @Name("skc_daddr") int destination();
    @Name("skc_v6_rcv_saddr") In6Addr source6();
    @Name("skc_v6_daddr") In6Addr destination6();
    @Name("skc_num") int sport();
    @Name("skc_dport") short dport();
}

interface In6Addr extends KernelStruct {}

/** Of each function that is probed here. */
interface SockArgument extends FunctionArguments {
    Sock sk();
}

record Start(int pid, String comm, long atNs) {}

record Established(Start start, InetAddress source, int sport, InetAddress destination, int dport, long latencyNs) {}

void main(String[] args) {
    var params = Args.of(args, "min", "pid");
    var minMs = params.getInt("min", 0);
    var pid = params.getInt("pid", 0);
    int inet = 2; // AF_INET

    var table = Table.live("PID:7", "COMM:16", "SOURCE:18", "SPORT:5", "DESTINATION:18", "DPORT:5", "LATENCY_MS:10");
    try (var starts = KernelMap.of(Long.class, Start.class); var events = RingBuffer.of(Established.class)) {
        events.forEach(e -> table.row(e.start().pid(), e.start().comm(), e.source(), e.sport(), e.destination(), e.dport(),
                "%10.3f".formatted(e.latencyNs() / 1e6)));
        PreHandler connect = (p, regs) -> {
            if (pid == 0 || Kernel.pid() == pid) {
                starts.put(regs.args(SockArgument.class).sk().address(), new Start(Kernel.pid(), Kernel.comm(), Kernel.ktimeNs()));
            }
            return 0;
        };
        // the SYN was answered by a SYN and an ACK
        PreHandler established = (p, regs) -> {
            var sock = regs.args(SockArgument.class).sk();
            var start = starts.get(sock.address());
            if (start == null) {
                return 0;
            }
            starts.remove(sock.address());
            long latencyNs = Kernel.ktimeNs() - start.atNs();
            if (latencyNs < minMs * 1_000_000L) {
                return 0;
            } else if (sock.family() == inet) {
                events.emit(new Established(start, Kernel.ipv4(sock.source()), sock.sport(), Kernel.ipv4(sock.destination()),
                        Kernel.ntohs(sock.dport()), latencyNs));
            } else {
                events.emit(new Established(start, Kernel.ipv6(sock.source6()), sock.sport(), Kernel.ipv6(sock.destination6()),
                        Kernel.ntohs(sock.dport()), latencyNs));
            }
            return 0;
        };
        PreHandler destroyed = (p, regs) -> {
            starts.remove(regs.args(SockArgument.class).sk().address());
            return 0;
        };
        try (var _ = Kprobe.at("tcp_v4_connect").preHandler(connect).register();
                var _ = Kprobe.at("tcp_v6_connect").preHandler(connect).register();
                var _ = Kprobe.at("tcp_finish_connect").preHandler(established).register();
                var _ = Kprobe.at("tcp_v4_destroy_sock").preHandler(destroyed).register()) {
            params.await();
        }
    }
}

// $ ./kprobe run --vm examples/TcpConnLat.java min=30 -- sh -c 'ip link set lo up; tc qdisc add dev lo root netem delay 20ms;
//   perl -MIO::Socket::IP -e "\$s = IO::Socket::IP->new(LocalHost => q(::), LocalPort => 8080, Listen => 5, V6Only => 0) or die; close \$c while \$c = \$s->accept" &
//   sleep 2; curl -s http://127.0.0.1:8080/; curl -s "http://[::1]:8080/"; curl -s http://127.0.0.1:81/; kill $!'
//     PID COMM             SOURCE             SPORT DESTINATION        DPORT LATENCY_MS
//     218 curl             127.0.0.1          45686 127.0.0.1           8080     61.347
//     219 curl             ::1                37274 ::1                 8080     53.162
// kprobe: tcp_v4_destroy_sock: 6 hits = 6 delivered
// kprobe: tcp_finish_connect: 2 hits = 2 delivered
// kprobe: tcp_v6_connect: 1 hits = 1 delivered
// kprobe: tcp_v4_connect: 2 hits = 2 delivered
