package org.kprobe4j;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.function.Supplier;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.log.KernelLog;
import org.kprobe4j.bpf.log.Syslog;

/** Where printed lines go: standard output, the kernel log (as a module's do) or syslog. Thread-safe. */
public final class Log implements AutoCloseable {
    private static final int INFO = 6;
    private static final int BUFFER_BYTES = 1 << 16;
    private static final String TAG = "kprobe4j";

    private interface Sink {
        void line(String line) throws IOException;

        default void flush() throws IOException {}

        default void close() {}
    }

    private final String name;
    private final Sink sink;
    private boolean failed;

    private Log(String name, Sink sink) {
        this.name = name;
        this.sink = sink;
    }

    /**
     * Standard output.
     *
     * @return lines in UTF-8, flushed after each batch
     */
    public static Log stdout() {
        return new Log("stdout", stream(new FileOutputStream(FileDescriptor.out)));
    }

    private static Sink stream(OutputStream raw) {
        var out = new BufferedOutputStream(raw, BUFFER_BYTES);
        return new Sink() {
            @Override
            public void line(String line) throws IOException {
                out.write(line.getBytes(StandardCharsets.UTF_8));
                out.write('\n');
            }

            @Override
            public void flush() throws IOException {
                out.flush();
            }
        };
    }

    /**
     * The kernel log, through /dev/kmsg: seen in dmesg and, where a syslog daemon reads it, in /var/log/messages.
     *
     * @return lines at level info with the prefix {@code kprobe4j: }
     * @throws UsageException if it cannot be written
     */
    public static Log kmsg() {
        KernelLog log = open(() -> KernelLog.open("<%d>%s: ".formatted(INFO, TAG)));
        return new Log("kmsg", new Sink() {
            @Override
            public void line(String line) {
                log.line(line);
            }

            @Override
            public void close() {
                log.close();
            }
        });
    }

    /**
     * The system's syslog daemon, through /dev/log.
     *
     * @return messages at level info with the tag {@code kprobe4j}
     * @throws UsageException if no syslog daemon listens
     */
    public static Log syslog() {
        Syslog log = open(() -> Syslog.open(TAG));
        return new Log("syslog", new Sink() {
            @Override
            public void line(String line) {
                log.send(INFO, line);
            }

            @Override
            public void close() {
                log.close();
            }
        });
    }

    private static <T> T open(Supplier<T> opener) {
        try {
            return opener.get();
        } catch (BpfException e) {
            throw new UsageException(String.valueOf(e.getMessage()));
        }
    }

    /**
     * A log by name.
     *
     * @param name {@code stdout}, {@code kmsg} or {@code syslog}
     * @return the log
     * @throws UsageException for any other name
     */
    public static Log of(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "stdout" -> stdout();
            case "kmsg" -> kmsg();
            case "syslog" -> syslog();
            default -> throw new UsageException("log=%s: there are stdout, kmsg and syslog".formatted(name));
        };
    }

    /**
     * Writes a line at once.
     *
     * @param line one line, or several with line feeds between them
     */
    public void println(String line) {
        append(line);
        flush();
    }

    /**
     * Writes a formatted line at once.
     *
     * @param format as of {@link String#format(String, Object...)}
     * @param arguments its arguments
     */
    public void printf(String format, Object... arguments) {
        println(format.formatted(arguments));
    }

    /** Writes a line with the next {@link #flush()}. */
    synchronized void append(String line) {
        if (failed) {
            return;
        }
        try {
            for (String part : line.split("\n", -1)) {
                sink.line(part);
            }
        } catch (IOException e) {
            fail(e);
        }
    }

    synchronized void flush() {
        if (failed) {
            return;
        }
        try {
            sink.flush();
        } catch (IOException e) {
            fail(e);
        }
    }

    /** A reader that went away is no error of ours; anything else is said once. */
    private void fail(IOException e) {
        failed = true;
        if (!"Broken pipe".equals(e.getMessage())) {
            System.err.println("kprobe4j: writing to %s: %s".formatted(name, e.getMessage()));
        }
    }

    /** Flushes, and closes what was opened. */
    @Override
    public synchronized void close() {
        flush();
        failed = true;
        sink.close();
    }

    @Override
    public String toString() {
        return name;
    }
}
