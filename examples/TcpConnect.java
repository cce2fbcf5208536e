// Shows TCP connections as they are begun: by whom, from where to where, and what came of sending the SYN. Whether the other
// side answered shows TcpConnLat. After BCC's tcpconnect.
//
//   ./kprobe run examples/TcpConnect.java [pid=PID] [port=PORT] [--duration 10s] [-- COMMAND…]

import java.net.InetAddress;
import org.kprobe4j.Args;
import org.kprobe4j.FunctionArguments;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelErrno;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.Kretprobe;
import org.kprobe4j.Name;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.Table;

/** The first member of struct sock. */
@Name("sock_common")
interface Sock extends KernelStruct {
    @Name("skc_rcv_saddr") int source();
    @Name("skc_v6_rcv_saddr") In6Addr source6();
    @Name("skc_num") int port();
}

@Name("sockaddr_in")
interface SockaddrIn extends KernelStruct {
    short sinPort();
    InAddr sinAddr();
}

interface InAddr extends KernelStruct {
    @Name("s_addr") int bits();
}

@Name("sockaddr_in6")
interface SockaddrIn6 extends KernelStruct {
    @Name("sin6_port") short port();
    @Name("sin6_addr") In6Addr address6();
}

interface In6Addr extends KernelStruct {
    @Name("in6_u") In6Words words();
}

interface In6Words extends KernelStruct {
    @Name("u6_addr32") int[] bits();
}

// int tcp_v4_connect(struct sock *sk, struct sockaddr *uaddr, int addr_len)
interface TcpV4Connect extends FunctionArguments {
    Sock sk();
    SockaddrIn uaddr();
}

interface TcpV6Connect extends FunctionArguments {
    Sock sk();
    SockaddrIn6 uaddr();
}

record Connect(int pid, String comm, InetAddress source, int sport, InetAddress destination, int dport, int result) {}

void main(String[] args) {
    var params = Args.of(args, "pid", "port");
    var pid = params.getInt("pid", 0);
    var port = params.getInt("port", 0);

    var table = Table.live("PID:7", "COMM:16", "SOURCE:18", "SPORT:5", "DESTINATION:18", "DPORT:5", "RESULT");
    try (var events = RingBuffer.of(Connect.class)) {
        events.forEach(e -> table.row(e.pid(), e.comm(), e.source(), e.sport(), e.destination(), e.dport(), KernelErrno.describe(e.result())));
        var ipv4 = Kretprobe.at("tcp_v4_connect").handler((ri, regs) -> {
            var call = ri.args(TcpV4Connect.class);
            int dport = Kernel.ntohs(call.uaddr().sinPort());
            if ((pid == 0 || Kernel.pid() == pid) && (port == 0 || dport == port)) {
                var source = Kernel.ipv4(call.sk().source());
                var destination = Kernel.ipv4(call.uaddr().sinAddr().bits());
                events.emit(new Connect(Kernel.pid(), Kernel.comm(), source, call.sk().port(), destination, dport, (int) regs.returnValue()));
            }
            return 0;
        });
        var ipv6 = Kretprobe.at("tcp_v6_connect").handler((ri, regs) -> {
            var call = ri.args(TcpV6Connect.class);
            int dport = Kernel.ntohs(call.uaddr().port());
            var bits = call.uaddr().address6().words().bits();
            if (bits[0] == 0 && bits[1] == 0 && Kernel.ntohl(bits[2]) == 0xffff) {
                return 0; // ::ffff:10.0.0.1 is connected by tcp_v4_connect
            }
            if ((pid == 0 || Kernel.pid() == pid) && (port == 0 || dport == port)) {
                var source = Kernel.ipv6(call.sk().source6());
                var destination = Kernel.ipv6(call.uaddr().address6());
                events.emit(new Connect(Kernel.pid(), Kernel.comm(), source, call.sk().port(), destination, dport, (int) regs.returnValue()));
            }
            return 0;
        });
        try (var _ = ipv4.register(); var _ = ipv6.register()) {
            params.await();
        }
    }
}

// $ ./kprobe run --vm examples/TcpConnect.java -- sh -c 'ip link set lo up;
//   perl -MIO::Socket::IP -e "\$s = IO::Socket::IP->new(LocalHost => q(::), LocalPort => 8080, Listen => 5, V6Only => 0) or die; close \$c while \$c = \$s->accept" &
//   sleep 2; curl -s http://127.0.0.1:8080/; curl -s "http://[::1]:8080/"; curl -s http://127.0.0.1:81/; curl -s http://203.0.113.7/; kill $!'
//     PID COMM             SOURCE             SPORT DESTINATION        DPORT RESULT
//     214 curl             127.0.0.1          51030 127.0.0.1           8080 0
//     215 curl             ::1                45878 ::1                 8080 0
//     216 curl             127.0.0.1          41540 127.0.0.1             81 0
//     217 curl             0.0.0.0                0 203.0.113.7           80 ENETUNREACH
// kprobe: tcp_v6_connect: 1 hits = 1 delivered
// kprobe: tcp_v4_connect: 3 hits = 3 delivered
