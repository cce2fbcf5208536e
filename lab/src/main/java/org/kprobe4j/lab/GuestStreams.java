package org.kprobe4j.lab;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * Where a command's three streams come from and go to. None is closed by the lab.
 *
 * @param in its standard input, passed on as it comes
 * @param out takes its standard output, live
 * @param err takes its standard error, live
 */
public record GuestStreams(InputStream in, OutputStream out, OutputStream err) {
    /**
     * This process's own streams, unbuffered.
     *
     * @return streams that make the command look as if it ran here
     */
    public static GuestStreams inherit() {
        return new GuestStreams(
                new FileInputStream(FileDescriptor.in),
                new FileOutputStream(FileDescriptor.out),
                new FileOutputStream(FileDescriptor.err));
    }

    /**
     * No input, and the given outputs.
     *
     * @param out takes the command's standard output
     * @param err takes its standard error
     * @return the streams
     */
    public static GuestStreams to(OutputStream out, OutputStream err) {
        return new GuestStreams(InputStream.nullInputStream(), out, err);
    }
}
