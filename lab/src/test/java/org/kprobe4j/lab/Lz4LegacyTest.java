package org.kprobe4j.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class Lz4LegacyTest {
    @Test
    void decodesLiteralsMatchesAndOverlaps() throws IOException {
        // "ab", then 7 bytes from 2 back, then the literals "!".
        byte[] block = {0x23, 'a', 'b', 2, 0, 0x10, '!'};
        assertThat(decode(frame(block))).isEqualTo("ababababa!");
    }

    @Test
    void decodesLongLengthsAndSeveralBlocks() throws IOException {
        // One literal, then 4 + 15 + 255 + 10 copies of it.
        byte[] block = {0x1f, 'x', 1, 0, (byte) 0xff, 10, 0x10, 'y'};
        assertThat(decode(frame(block, block))).isEqualTo(("x".repeat(285) + "y").repeat(2));
    }

    @Test
    void damageIsAnIoException() {
        for (byte[] block : List.of(new byte[] {0x20, 'a'}, new byte[] {0x10, 'a', 9, 0}, new byte[] {0x1f, 'a', 1})) {
            assertThatThrownBy(() -> decode(frame(block)))
                    .isInstanceOf(IOException.class)
                    .hasMessage("a damaged LZ4 block");
        }
        ByteBuffer tooLong = frame(new byte[] {1, 2, 3, 4, 5});
        tooLong.putInt(4, 1 << 20);
        assertThatThrownBy(() -> decode(tooLong)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> decode(ByteBuffer.allocate(8))).hasMessage("not an LZ4 legacy frame");
    }

    private static ByteBuffer frame(byte[]... blocks) {
        ByteBuffer frame =
                ByteBuffer.allocate(100).order(ByteOrder.LITTLE_ENDIAN).putInt(Lz4Legacy.MAGIC);
        for (byte[] block : blocks) {
            frame.putInt(block.length).put(block);
        }
        return frame.flip();
    }

    private static String decode(ByteBuffer frame) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Lz4Legacy.decode(frame, out);
        return out.toString(StandardCharsets.US_ASCII);
    }
}
