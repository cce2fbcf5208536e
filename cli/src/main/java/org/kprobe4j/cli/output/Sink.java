package org.kprobe4j.cli.output;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** A destination with a buffer, whose failures are said in a user's words. */
final class Sink extends OutputStream {
    private static final int BUFFER_BYTES = 1 << 16;

    private final Destination destination;
    private final BufferedOutputStream buffer;
    private boolean failed;

    Sink(Destination destination) {
        this.destination = destination;
        this.buffer = new BufferedOutputStream(destination.stream(), BUFFER_BYTES);
    }

    private interface Step {
        void run() throws IOException;
    }

    /** What failed once is not tried again: closing must not hide the first failure behind another. */
    private void checked(Step step) {
        if (failed) {
            return;
        }
        try {
            step.run();
        } catch (IOException e) {
            failed = true;
            throw OutputException.writing(destination.name(), e);
        }
    }

    @Override
    public void write(int b) {
        checked(() -> buffer.write(b));
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        checked(() -> buffer.write(bytes, offset, length));
    }

    void text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        write(bytes, 0, bytes.length);
    }

    @Override
    public void flush() {
        checked(buffer::flush);
    }

    /** Closes a file; standard output stays open. */
    @Override
    public void close() {
        try (OutputStream _ = destination.isFile() ? destination.stream() : OutputStream.nullOutputStream()) {
            flush();
        } catch (IOException e) {
            // What it could not keep, as of a network: said once.
            checked(() -> {
                throw e;
            });
        }
    }
}
