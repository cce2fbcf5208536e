package org.kprobe4j.lab;

import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * The guest's virtio-serial ports as unix sockets. QEMU connects to the control, output and errors ports; the input port
 * is QEMU's own socket, connected to anew for each command, since its end of file is the connection's end.
 */
final class GuestPorts implements Closeable {
    static final List<String> FROM_QEMU = List.of("control", "output", "errors");
    static final String INPUT = "input";

    private final Path folder;
    private final List<ServerSocketChannel> servers = new ArrayList<>();
    private final List<SocketChannel> channels = new ArrayList<>();

    private GuestPorts(Path folder) {
        this.folder = folder;
    }

    /** Makes the sockets that QEMU will connect to. */
    static GuestPorts listen(Path folder) throws IOException {
        GuestPorts ports = new GuestPorts(folder);
        for (String name : FROM_QEMU) {
            ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            server.bind(UnixDomainSocketAddress.of(folder.resolve(name)));
            server.configureBlocking(false);
            ports.servers.add(server);
        }
        return ports;
    }

    /** Waits for QEMU to connect; false if it died or took too long. */
    boolean accept(BooleanSupplier alive, Duration limit) throws IOException {
        long deadline = System.nanoTime() + limit.toNanos();
        for (ServerSocketChannel server : servers) {
            SocketChannel channel = server.accept();
            while (channel == null) {
                if (!alive.getAsBoolean() || System.nanoTime() > deadline) {
                    return false;
                }
                pause();
                channel = server.accept();
            }
            channels.add(channel);
        }
        return true;
    }

    private static void pause() {
        try {
            Thread.sleep(5);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LabException("lab: interrupted while starting the emulator");
        }
    }

    SocketChannel control() {
        return channels.get(0);
    }

    SocketChannel output() {
        return channels.get(1);
    }

    SocketChannel errors() {
        return channels.get(2);
    }

    SocketChannel connectInput() throws IOException {
        return SocketChannel.open(UnixDomainSocketAddress.of(folder.resolve(INPUT)));
    }

    @Override
    public void close() throws IOException {
        for (ServerSocketChannel server : servers) {
            server.close();
        }
        for (SocketChannel channel : channels) {
            channel.close();
        }
    }
}
