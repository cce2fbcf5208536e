package org.kprobe4j.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class OutputPumpTest {
    private static final String TOKEN = "0123abcd";
    private static final byte[] MARK = ("\037" + TOKEN).getBytes(StandardCharsets.US_ASCII);

    @Test
    void stopsAtTheMarkWhereverTheReadsAreCut() throws IOException {
        String text = "out\037put\037\037" + TOKEN.substring(0, 4) + "!";
        byte[] stream = (text + "\037" + TOKEN).getBytes(StandardCharsets.US_ASCII);
        for (int size = 1; size <= stream.length; size++) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            new OutputPump(TOKEN).pump(inPieces(stream, size), out, () -> {});
            assertThat(out.toString(StandardCharsets.US_ASCII))
                    .as("pieces of %d", size)
                    .isEqualTo(text);
        }
    }

    @Test
    void passesRandomBytesUnchanged() throws IOException {
        byte[] content = new byte[300_000];
        new Random(1).nextBytes(content);
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        stream.write(content);
        stream.write(MARK);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new OutputPump(TOKEN).pump(inPieces(stream.toByteArray(), 7_919), out, () -> {});
        assertThat(out.toByteArray()).isEqualTo(content);
    }

    @Test
    void holdsNothingBackThatCannotBeTheMark() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        InputStream promptThenCheck = new InputStream() {
            private int reads;

            @Override
            public int read() {
                throw new UnsupportedOperationException();
            }

            @Override
            public int read(byte[] b, int off, int len) {
                if (reads++ == 0) {
                    b[off] = '>';
                    return 1;
                }
                assertThat(out.toString(StandardCharsets.US_ASCII)).isEqualTo(">");
                return -1;
            }
        };
        new OutputPump(TOKEN).pump(promptThenCheck, out, () -> {});
    }

    @Test
    void aReaderThatWentAwayIsToldOnceAndTheRestIsDropped() throws IOException {
        AtomicInteger broken = new AtomicInteger();
        OutputStream closed = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        ByteArrayInputStream from =
                new ByteArrayInputStream(("a lot of output\037" + TOKEN).getBytes(StandardCharsets.US_ASCII));
        new OutputPump(TOKEN).pump(inPieces(from.readAllBytes(), 3), closed, broken::incrementAndGet);
        assertThat(broken).hasValue(1);
    }

    private static InputStream inPieces(byte[] bytes, int size) {
        return new ByteArrayInputStream(bytes) {
            @Override
            public synchronized int read(byte[] b, int off, int len) {
                return super.read(b, off, Math.min(len, size));
            }
        };
    }
}
