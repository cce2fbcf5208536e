package org.kprobe4j.bpf.log;

import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.Failure;
import org.kprobe4j.bpf.SystemCallException;
import org.kprobe4j.bpf.internal.Descriptor;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.Scratch;
import org.kprobe4j.bpf.internal.Struct;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * Sends lines to the local syslog daemon, as datagrams to {@code /dev/log} in the form of RFC 3164.
 *
 * <p>Thread-safe. Source: unix(7), syslog(3).
 */
public final class Syslog implements AutoCloseable {
    private static final String PATH = "/dev/log";
    private static final int SOCKADDR_UN_BYTES = 110;
    private static final int SUN_PATH = 2;
    private static final int FACILITY_USER = 1 << 3;
    private static final DateTimeFormatter MONTH =
            DateTimeFormatter.ofPattern("MMM", Locale.ROOT).withLocale(Locale.ENGLISH);

    private final SystemCalls calls;
    private final String tag;
    private final Descriptor socket;

    private Syslog(SystemCalls calls, String tag, Descriptor socket) {
        this.calls = calls;
        this.tag = tag;
        this.socket = socket;
    }

    /**
     * Connects.
     *
     * @param tag who is speaking, such as {@code kprobe4j}
     * @return the connection
     * @throws SystemCallException ENOENT or ECONNREFUSED if no daemon listens
     */
    public static Syslog open(String tag) {
        return open(SystemCalls.linux(), tag);
    }

    static Syslog open(SystemCalls calls, String tag) {
        long fd = calls.unixDatagramSocket();
        if (fd < 0) {
            throw new SystemCallException(Failure.of("open a socket for", PATH, (int) -fd));
        }
        Descriptor socket = new Descriptor(calls, fd, PATH);
        try (Scratch scratch = new Scratch()) {
            Struct address = scratch.struct(SOCKADDR_UN_BYTES).put(SUN_PATH, PATH.getBytes(StandardCharsets.US_ASCII));
            address.bytes().putShort(0, (short) Linux.AF_UNIX);
            long result = socket.use(open -> calls.connect(open, address));
            if (result < 0) {
                socket.close();
                throw new SystemCallException(unreachable((int) -result));
            }
        }
        return new Syslog(calls, tag, socket);
    }

    private static Failure unreachable(int errno) {
        Failure failure = Failure.of("connect to", PATH, errno);
        return switch (errno) {
            case Errno.ENOENT, Errno.ECONNREFUSED ->
                failure.because("no syslog daemon listens")
                        .remedy("start rsyslog or systemd-journald, or write to the kernel log");
            case Errno.EPROTOTYPE -> failure.because("the syslog daemon wants a stream, not datagrams");
            default -> failure;
        };
    }

    /**
     * Sends text, each of its lines as a message of its own.
     *
     * @param severity 0 (emergency) to 7 (debug); 6 is informational
     * @param text without a trailing newline
     * @throws SystemCallException ECONNREFUSED if the daemon is gone
     */
    public void send(int severity, String text) {
        LocalDateTime now = LocalDateTime.now(ZoneId.systemDefault());
        for (String line : text.split("\n", -1)) {
            String message = message(severity, now, line);
            try (Scratch scratch = new Scratch()) {
                Struct bytes = scratch.copy(message.getBytes(StandardCharsets.UTF_8));
                long result = socket.use(fd -> calls.write(fd, bytes, bytes.sizeBytes()));
                if (result < 0) {
                    throw new SystemCallException(Failure.of("send to", PATH, (int) -result));
                }
            }
        }
    }

    /** {@code <14>Oct  3 08:05:09 kprobe4j[123]: text}: the day is padded with a blank. */
    String message(int severity, LocalDateTime now, String line) {
        return "<%d>%s %2d %02d:%02d:%02d %s[%d]: %s"
                .formatted(
                        FACILITY_USER | (severity & 7),
                        MONTH.format(now),
                        now.getDayOfMonth(),
                        now.getHour(),
                        now.getMinute(),
                        now.getSecond(),
                        tag,
                        calls.getpid(),
                        line);
    }

    @Override
    public void close() {
        socket.close();
    }
}
