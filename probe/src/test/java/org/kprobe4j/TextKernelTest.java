package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Strings and arrays in the kernel itself: what the verifier accepts, and what the kernel's own names look like. */
@Tag("kernel")
@ExtendWith(LeftNothingBehind.class)
class TextKernelTest {
    interface Filename extends KernelStruct {
        String name();

        @UserMemory
        String uptr();
    }

    interface File extends KernelStruct {
        @Name("f_path")
        FilePath path();
    }

    @Name("path")
    interface FilePath extends KernelStruct {
        Dentry dentry();
    }

    @Name("sockaddr_in")
    interface SocketAddress extends KernelStruct {
        @Name("sin_port")
        short port();

        @Name("sin_addr")
        InAddr host();
    }

    @Name("in_addr")
    interface InAddr extends KernelStruct {
        @Name("s_addr")
        int word();
    }

    interface Dentry extends KernelStruct {
        @Name("d_name")
        Qstr name();

        @Name("d_parent")
        Dentry parent();
    }

    interface Qstr extends KernelStruct {
        String name();
    }

    record Text(
            @MaxBytes(512) String text,
            long a,
            long b,
            @MaxBytes(64) String second) {}

    private static List<Text> texts(String function, RingBuffer<Text> events, PreHandler handler, Runnable workload) {
        List<Text> texts = Collections.synchronizedList(new ArrayList<>());
        try (events) {
            events.forEach(texts::add);
            var kp = Kprobe.at(function).preHandler(handler).register();
            try (kp) {
                workload.run();
            }
            assertThat(kp.account().faulted()).isZero();
        }
        return texts;
    }

    /** The function that opens a file of a given name; 7.2 has it under another name. */
    static String openFunction() {
        try (var symbols = Files.lines(Path.of("/proc/kallsyms"))) {
            return symbols.anyMatch(line -> line.endsWith(" do_filp_open")) ? "do_filp_open" : "do_file_open";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void open(String path) {
        try (var file = new RandomAccessFile(path, "r")) {
            file.seek(1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void namesOfAnOpenedFile() {
        var events = RingBuffer.of(Text.class);
        List<Text> seen = texts(
                DevNull.FUNCTION,
                events,
                (p, regs) -> {
                    var dentry = Kernel.struct(regs.arg(0), File.class).path().dentry();
                    String name = dentry.name().name();
                    int matches = (name.equals("null") ? 1 : 0)
                            + (name.startsWith("nul") ? 2 : 0)
                            + (name.endsWith("ll") ? 4 : 0)
                            + (name.contains("x") ? 8 : 0)
                            + (name.equals(dentry.parent().name().name()) ? 16 : 0);
                    events.emit(new Text(
                            name,
                            matches,
                            Kernel.byteLength(name),
                            dentry.parent().name().name()));
                    return 0;
                },
                () -> DevNull.seek(1));
        assertThat(seen).containsExactly(new Text("null", 7, 4, "/"));
    }

    @Test
    void theArgumentOfASystemCall() {
        var events = RingBuffer.of(Text.class);
        List<Text> seen = texts(
                "do_sys_openat2",
                events,
                (p, regs) -> {
                    String path = Kernel.userString(regs.arg(1), 512);
                    if (path.startsWith("/etc/host")) {
                        events.emit(new Text(path, path.equals("/etc/hostname") ? 1 : 0, 0, Kernel.comm()));
                    }
                    return 0;
                },
                () -> {
                    open("/etc/hostname");
                    open("/etc/passwd");
                });
        assertThat(seen).extracting(Text::text).containsExactly("/etc/hostname");
        assertThat(seen).extracting(Text::a).containsExactly(1L);
    }

    @Test
    void theKernelsCopyOfAName() {
        var events = RingBuffer.of(Text.class);
        List<Text> seen = texts(
                openFunction(),
                events,
                (p, regs) -> {
                    var name = Kernel.struct(regs.arg(1), Filename.class);
                    if (name.name().endsWith("hostname")) {
                        events.emit(new Text(name.name(), 0, 0, ""));
                    }
                    return 0;
                },
                () -> open("/etc/hostname"));
        assertThat(seen).extracting(Text::text).containsExactly("/etc/hostname");
    }

    @Test
    void aSwitchOverTheComm() {
        var events = RingBuffer.of(Text.class);
        List<Text> seen = texts(
                DevNull.FUNCTION,
                events,
                (p, regs) -> {
                    int n = switch (Kernel.comm()) {
                        case "bash", "init" -> 1;
                        case "java" -> 2;
                        case "text-switch" -> 3;
                        default -> Kernel.comm().isEmpty() ? 4 : 5;
                    };
                    events.emit(new Text("", n, 0, Kernel.comm()));
                    return 0;
                },
                () -> {
                    var thread = new Thread(() -> DevNull.seek(1), "text-switch");
                    thread.start();
                    try {
                        thread.join();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                });
        assertThat(seen).containsExactly(new Text("", 3, 0, "text-switch"));
    }

    @Test
    void arrays() {
        var events = RingBuffer.of(Text.class);
        List<Text> seen = texts(
                DevNull.FUNCTION,
                events,
                (p, regs) -> {
                    byte[] bytes = {'a', 'b', 0, 'c'};
                    bytes[(int) regs.arg(1) & 3] ^= 1;
                    events.emit(new Text(Kernel.string(bytes, 0), sum(regs.arg(1)), bytes[3], ""));
                    return 0;
                },
                () -> DevNull.seek(12));
        assertThat(seen).hasSize(12);
        for (int i = 0; i < 12; i++) {
            assertThat(seen.get(i).a()).isEqualTo(sum(i));
        }
        assertThat(seen).extracting(Text::text).startsWith("`b", "ac", "ab\001c", "ab");
    }

    @Test
    void pathsAreWhatJavaCallsThem() throws IOException {
        var folder = Files.createTempDirectory("paths").toRealPath();
        var deep = Files.createDirectories(folder.resolve("a/bb/a folder/ü/e"));
        var file = Files.writeString(deep.resolve("file.txt"), "x");
        var events = RingBuffer.of(Text.class);
        List<Text> seen = texts(
                "vfs_read",
                events,
                (p, regs) -> {
                    var opened = Kernel.struct(regs.arg(0), File.class);
                    String path = Kernel.path(opened.path());
                    if (path.endsWith("/file.txt") || path.equals("/dev/zero")) {
                        events.emit(new Text(
                                path,
                                Kernel.byteLength(path),
                                0,
                                Kernel.dentryPath(opened.path().dentry())));
                    }
                    return 0;
                },
                () -> {
                    read(file);
                    read(Path.of("/dev/zero"));
                });
        assertThat(seen).extracting(Text::text).containsExactly(file.toString(), "/dev/zero");
        assertThat(seen).extracting(Text::second).last().isEqualTo("/zero");
        assertThat(seen.getFirst().a()).isEqualTo(file.toString().getBytes(StandardCharsets.UTF_8).length);
    }

    private static void read(Path path) {
        try (var in = Files.newInputStream(path)) {
            assertThat(in.read()).isNotNegative();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    record Connection(Inet4Address address, InetAddress again, int port) {}

    @Test
    void internetAddresses() throws IOException {
        List<Connection> seen = Collections.synchronizedList(new ArrayList<>());
        var events = RingBuffer.of(Connection.class);
        var kp = Kprobe.at("tcp_v4_connect")
                .preHandler((p, regs) -> {
                    var to = Kernel.struct(regs.arg(1), SocketAddress.class);
                    var address = Kernel.ipv4(to.host().word());
                    events.emit(new Connection(address, address, Kernel.ntohs(to.port())));
                    return 0;
                })
                .register();
        var address = InetAddress.getByName("127.0.0.1");
        try (events) {
            events.forEach(seen::add);
            try (kp;
                    var socket = new Socket()) {
                assertThatThrownBy(() -> socket.connect(new InetSocketAddress(address, 4711), 1000))
                        .isInstanceOf(IOException.class);
            }
        }
        assertThat(seen).containsExactly(new Connection((Inet4Address) address, address, 4711));
    }

    @Test
    void longTextsAndLargeArrays() {
        var events = RingBuffer.of(Text.class);
        List<Text> seen = texts(
                DevNull.FUNCTION,
                events,
                (p, regs) -> {
                    var name = Kernel.struct(regs.arg(0), File.class)
                            .path()
                            .dentry()
                            .name();
                    String text = Kernel.string(name.address(), 4096);
                    String same = Kernel.string(name.address(), 4096);
                    String part = name.name();
                    int[] numbers = new int[1000];
                    for (int i = 0; i < 100; i++) {
                        numbers[(int) (regs.arg(1) + i * 9L)] = i;
                    }
                    int found = (text.equals(same) ? 1 : 0)
                            + (part.contains("ull") ? 2 : 0)
                            + (part.contains("a part that is longer than the name of any file") ? 4 : 0)
                            + (Kernel.path(Kernel.struct(regs.arg(0), File.class))
                                            .contains("/null")
                                    ? 8
                                    : 0);
                    events.emit(new Text(Kernel.comm(), found, numbers[(int) regs.arg(1) + 450], ""));
                    return 0;
                },
                () -> DevNull.seek(3));
        assertThat(seen).extracting(Text::a).containsExactly(11L, 11L, 11L);
        assertThat(seen).extracting(Text::b).containsExactly(50L, 50L, 50L);
    }

    @SuppressWarnings("unused")
    static final class Large {
        long a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9;
        long c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9;
        long e0, e1, e2, e3, e4, e5, e6, e7, e8, e9, f0, f1, f2, f3, f4, f5, f6, f7, f8, f9;
        long g0, g1, g2, g3, g4, g5, last;
    }

    @Test
    void privateDataThatIsLargerThanTheStack() {
        var events = RingBuffer.of(Text.class);
        List<Text> seen = Collections.synchronizedList(new ArrayList<>());
        var rp = Kretprobe.at(DevNull.FUNCTION, Large.class)
                .entryHandler((ri, regs) -> {
                    ri.data().a0 = 7;
                    ri.data().last = regs.arg(1);
                    return 0;
                })
                .handler((ri, regs) -> {
                    events.emit(new Text("", ri.data().a0 + ri.data().d5, ri.data().last, ""));
                    return 0;
                })
                .register();
        try (events) {
            events.forEach(seen::add);
            try (rp) {
                DevNull.seek(3);
            }
        }
        assertThat(seen).extracting(Text::a).containsExactly(7L, 7L, 7L);
        assertThat(seen).extracting(Text::b).containsExactly(0L, 1L, 2L);
    }

    private static long sum(long x) {
        int[] counts = new int[16];
        long[] squares = new long[100];
        for (int i = 0; i < 100; i++) {
            squares[i] = (long) i * i + x;
            counts[(int) squares[i] & 15]++;
        }
        int[] chosen = x > 2 ? counts : new int[16];
        chosen[(int) x] += 100;
        long sum = squares[(int) x + 80];
        for (int count : counts) {
            sum = sum * 3 + count;
        }
        return sum * 5 + chosen[(int) x];
    }

    interface OpenAt extends FunctionArguments {
        @UserMemory
        String filename();

        @OnFault
        @UserMemory
        @Name("filename")
        String filenameOrEmpty();
    }

    @Test
    void anArgumentByItsName() {
        var events = RingBuffer.of(Text.class);
        List<Text> seen = texts(
                "do_sys_openat2",
                events,
                (p, regs) -> {
                    String path = regs.args(OpenAt.class).filename();
                    if (path.startsWith("/etc/host")) {
                        events.emit(new Text(
                                path, regs.args(OpenAt.class).filenameOrEmpty().equals(path) ? 1 : 0, 0, ""));
                    }
                    return 0;
                },
                () -> open("/etc/hostname"));
        assertThat(seen).containsExactly(new Text("/etc/hostname", 1, 0, ""));
    }

    @Test
    void anArgumentIsReadAtTheReturn() {
        List<Text> seen = Collections.synchronizedList(new ArrayList<>());
        var events = RingBuffer.of(Text.class);
        var rp = Kretprobe.at("do_sys_openat2")
                .handler((ri, regs) -> {
                    String path = ri.args(OpenAt.class).filename();
                    if (path.startsWith("/etc/host")) {
                        events.emit(new Text(path, regs.returnValue() >= 0 ? 1 : 0, 0, Kernel.comm()));
                    }
                    return 0;
                })
                .register();
        try (events) {
            events.forEach(seen::add);
            try (rp) {
                open("/etc/hostname");
                open("/etc/passwd");
            }
        }
        assertThat(seen).extracting(Text::text).containsExactly("/etc/hostname");
        assertThat(seen).extracting(Text::a).containsExactly(1L);
    }

    @Test
    void whatIsNotPresentIsEmpty() {
        List<Text> seen = Collections.synchronizedList(new ArrayList<>());
        var events = RingBuffer.of(Text.class);
        var kp = Kprobe.at(DevNull.FUNCTION)
                .preHandler((p, regs) -> {
                    String none = Kernel.userStringOrEmpty(0xffff_1234_0000_0000L);
                    String absent = Kernel.userStringOrEmpty(regs.arg(1), 64);
                    boolean empty = none.isEmpty() && none.equals("") && !absent.startsWith("x");
                    events.emit(
                            new Text(none, empty ? 1 : 0, Kernel.byteLength(absent), Kernel.userStringOrEmpty(8, 64)));
                    return 0;
                })
                .register();
        try (events) {
            events.forEach(seen::add);
            try (kp) {
                DevNull.seek(2);
            }
        }
        assertThat(seen).containsExactly(new Text("", 1, 0, ""), new Text("", 1, 0, ""));
        assertThat(kp.account().faulted()).isZero();
        assertThat(kp.account().delivered()).isEqualTo(2);
    }
}
