package org.kprobe4j.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A booted guest: runs commands, one after the other, until it is closed. It also ends when this JVM does.
 *
 * <p>{@link #signal} may be called from any thread; the rest is for one thread at a time.
 */
public final class Guest implements AutoCloseable {
    private static final String GONE = "gone";

    private final Path folder;
    private final Path exchange;
    private final KernelRow row;
    private final Emulator emulator;
    private final GuestPorts ports;
    private final LinkedBlockingQueue<String> answers = new LinkedBlockingQueue<>();
    private final Thread killer;
    private int commands;
    private boolean failed;

    private Guest(Path folder, Path exchange, KernelRow row, Emulator emulator, GuestPorts ports) {
        this.folder = folder;
        this.exchange = exchange;
        this.row = row;
        this.emulator = emulator;
        this.ports = ports;
        this.killer = Thread.ofPlatform().unstarted(emulator::kill);
    }

    static Guest boot(Provisions provisions, BootOptions options) {
        try {
            // Unix socket paths hold about 100 bytes: the folder is directly in /tmp, whatever java.io.tmpdir says.
            Path folder = RunFolder.create(Path.of("/tmp"));
            Path exchange = options.exchange().isPresent()
                    ? options.exchange().get().toRealPath()
                    : Files.createDirectory(folder.resolve("exchange"));
            GuestPorts ports = GuestPorts.listen(folder);
            Emulator emulator = Emulator.start(folder, exchange, provisions, options);
            Guest guest = new Guest(folder, exchange, provisions.row(), emulator, ports);
            Runtime.getRuntime().addShutdownHook(guest.killer);
            guest.awaitReady(options.bootLimit());
            return guest;
        } catch (IOException e) {
            throw new LabException("lab: cannot start the emulator: " + e.getMessage(), e);
        }
    }

    private void awaitReady(Duration limit) throws IOException {
        boolean connected = ports.accept(emulator::alive, limit);
        if (!connected) {
            throw fail("the emulator did not start");
        }
        Thread.ofVirtual().start(this::readAnswers);
        String answer = await(Optional.of(limit));
        if (answer == null) {
            throw fail("the guest did not come up within " + limit.toMillis() + " ms");
        }
        if (!answer.equals("ready")) {
            throw fail("the guest went down while it booted");
        }
    }

    private void readAnswers() {
        try (BufferedReader lines = new BufferedReader(Channels.newReader(ports.control(), StandardCharsets.UTF_8))) {
            String line = lines.readLine();
            while (line != null) {
                answers.add(line);
                line = lines.readLine();
            }
        } catch (IOException e) {
            // The end, as below.
        }
        answers.add(GONE);
    }

    private @Nullable String await(Optional<Duration> limit) {
        try {
            return limit.isPresent() ? answers.poll(limit.get().toMillis(), TimeUnit.MILLISECONDS) : answers.take();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw fail("interrupted");
        }
    }

    private LabException fail(String what) {
        failed = true;
        emulator.kill();
        String message = "lab: kernel %s: %s; the end of its console (all of it: %s):%s"
                .formatted(row.id(), what, folder.resolve("console.log"), ConsoleTail.of(folder));
        close();
        return new LabException(message);
    }

    /**
     * Runs a command and waits for its end; all of its output has then been written.
     *
     * @param command what to run
     * @param streams its input and outputs
     * @return how it ended
     * @throws LabException if the guest panics, goes down, or exceeds the command's time limit; the message has the
     *     console's last lines. The guest is then closed.
     */
    public GuestExit run(GuestCommand command, GuestStreams streams) {
        int number = ++commands;
        String token = UUID.randomUUID().toString();
        long start = System.nanoTime();
        try {
            Files.writeString(folder.resolve(number + ".sh"), command.script());
            SocketChannel input = ports.connectInput();
            Thread out = pump(ports.output(), streams.out(), token);
            Thread err = pump(ports.errors(), streams.err(), token);
            send("run " + number + " " + token);
            // A platform daemon thread: a read of a terminal cannot be interrupted and must not hold the JVM.
            Thread in = Thread.ofPlatform().daemon().start(() -> feed(streams, input));
            String answer = await(command.timeLimit());
            if (answer == null) {
                throw fail("the command exceeded its limit of "
                        + command.timeLimit().orElseThrow().toSeconds() + " s: " + String.join(" ", command.words()));
            }
            if (!answer.startsWith("exit " + number + " ")) {
                throw fail("the guest went down during: " + String.join(" ", command.words()));
            }
            out.join();
            err.join();
            in.interrupt();
            input.close();
            Files.deleteIfExists(folder.resolve(number + ".sh"));
            int status = Integer.parseInt(answer.substring(answer.lastIndexOf(' ') + 1));
            return new GuestExit(status, Duration.ofNanos(System.nanoTime() - start));
        } catch (IOException e) {
            throw fail("lost the connection to the guest (" + e.getMessage() + ")");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw fail("interrupted");
        }
    }

    private Thread pump(SocketChannel from, OutputStream to, String token) {
        return Thread.ofPlatform().daemon().start(() -> {
            try {
                new OutputPump(token).pump(Channels.newInputStream(from), to, () -> signal("PIPE"));
            } catch (IOException e) {
                // The guest is gone: run() says so.
            }
        });
    }

    private static void feed(GuestStreams streams, SocketChannel input) {
        try {
            streams.in().transferTo(Channels.newOutputStream(input));
            // Not a close: QEMU would drop what the guest has not read yet.
            input.shutdownOutput();
        } catch (IOException e) {
            // The command no longer reads, or our own input is gone: neither is the command's failure.
        }
    }

    private synchronized void send(String line) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            ports.control().write(bytes);
        }
    }

    /**
     * Sends a signal to the process group of the running command; without one, nothing happens.
     *
     * @param name the signal's name without {@code SIG}, for example {@code INT}
     */
    public void signal(String name) {
        try {
            send("signal " + name);
        } catch (IOException e) {
            // A guest that is gone has no command to signal.
        }
    }

    /**
     * The folder shared with the guest, read and write; the guest sees it at {@link BootOptions#EXCHANGE_IN_GUEST}.
     *
     * @return a folder of this machine; a temporary one is deleted when the guest is closed
     */
    public Path exchange() {
        return exchange;
    }

    /**
     * What the kernel has written to its console.
     *
     * @return the text so far
     */
    public String console() {
        try {
            return Files.readString(folder.resolve("console.log"), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends the guest. The console's log stays in /tmp only if the guest failed. */
    @Override
    public void close() {
        try {
            if (emulator.alive()) {
                signalOff();
            }
            emulator.kill();
            ports.close();
            Runtime.getRuntime().removeShutdownHook(killer);
        } catch (IllegalStateException e) {
            // The JVM is going down already: the hook runs by itself.
        } catch (IOException e) {
            // Nothing left to close.
        }
        deleteFolder();
    }

    private void signalOff() {
        try {
            send("off");
            emulator.waitFor(3_000);
        } catch (IOException e) {
            // Gone already.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void deleteFolder() {
        try {
            LabCache.deleteTree(failed ? folder.resolve("initramfs") : folder);
        } catch (IOException e) {
            // A file in /tmp is not worth a failure.
        }
    }
}
