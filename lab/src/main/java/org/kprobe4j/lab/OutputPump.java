package org.kprobe4j.lab;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Passes a stream on until an end mark. The mark is 0x1f and a random word; bytes that could be its beginning are held
 * back until the next ones tell, all others go on at once.
 */
final class OutputPump {
    private static final int CHUNK_BYTES = 1 << 16;

    private final byte[] mark;
    private final byte[] buffer;
    private int held;

    OutputPump(String token) {
        this.mark = ("\037" + token).getBytes(StandardCharsets.US_ASCII);
        this.buffer = new byte[mark.length + CHUNK_BYTES];
    }

    /**
     * Returns when the mark was read, or the stream ended without one.
     *
     * @param onBroken run once if {@code to} takes no more; the rest of the stream is then read and dropped
     */
    void pump(InputStream from, OutputStream to, Runnable onBroken) throws IOException {
        boolean broken = false;
        while (true) {
            int read = from.read(buffer, held, CHUNK_BYTES);
            if (read < 0) {
                write(to, held, broken, onBroken);
                return;
            }
            int length = held + read;
            int end = markAt(length);
            boolean complete = end + mark.length <= length;
            broken = write(to, end, broken, onBroken);
            if (complete) {
                return;
            }
            held = length - end;
            System.arraycopy(buffer, end, buffer, 0, held);
        }
    }

    private boolean write(OutputStream to, int length, boolean broken, Runnable onBroken) {
        if (broken || length == 0) {
            return broken;
        }
        try {
            to.write(buffer, 0, length);
            to.flush();
            return false;
        } catch (IOException e) {
            onBroken.run();
            return true;
        }
    }

    /** Where the mark, or what may become the mark, begins in the first {@code length} bytes; {@code length} if nowhere. */
    private int markAt(int length) {
        for (int start = 0; start < length; start++) {
            if (buffer[start] == mark[0] && matches(start, Math.min(mark.length, length - start))) {
                return start;
            }
        }
        return length;
    }

    private boolean matches(int start, int count) {
        for (int i = 1; i < count; i++) {
            if (buffer[start + i] != mark[i]) {
                return false;
            }
        }
        return true;
    }
}
