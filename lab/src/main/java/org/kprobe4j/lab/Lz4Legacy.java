package org.kprobe4j.lab;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/**
 * Decodes LZ4's "legacy frame", the form the kernel's build writes: a magic number, then blocks of a 32-bit compressed
 * size and that many bytes, each holding up to 8 MiB. A block is a row of sequences:
 *
 * <pre>
 * token (literals:4 | match:4) | more literal length... | literals | offset:16 | more match length...
 * </pre>
 *
 * <p>Source: lz4_Block_format.md and lz4_Frame_format.md of the LZ4 project
 */
final class Lz4Legacy {
    static final int MAGIC = 0x184c2102;
    private static final int BLOCK_BYTES = 8 << 20;
    private static final int MIN_MATCH = 4;

    private final byte[] block = new byte[BLOCK_BYTES];
    private int length;

    private Lz4Legacy() {}

    /**
     * Decodes a whole frame.
     *
     * @param in the frame from its magic number on, little-endian; it may be followed by padding
     */
    static void decode(ByteBuffer in, OutputStream out) throws IOException {
        if (in.getInt() != MAGIC) {
            throw new IOException("not an LZ4 legacy frame");
        }
        Lz4Legacy decoder = new Lz4Legacy();
        try {
            while (in.remaining() > Integer.BYTES) {
                int size = in.getInt();
                if (size <= 0 || size > in.remaining()) {
                    throw new IOException("an LZ4 block of " + size + " bytes where " + in.remaining() + " are left");
                }
                decoder.block(in.slice(in.position(), size));
                in.position(in.position() + size);
                out.write(decoder.block, 0, decoder.length);
            }
        } catch (IndexOutOfBoundsException | java.nio.BufferUnderflowException e) {
            throw new IOException("a damaged LZ4 block", e);
        }
    }

    private void block(ByteBuffer in) {
        length = 0;
        while (in.hasRemaining()) {
            int token = in.get() & 0xff;
            int literals = extended(token >>> 4, in);
            in.get(block, length, literals);
            length += literals;
            if (!in.hasRemaining()) {
                return; // the last sequence has literals only
            }
            int offset = (in.get() & 0xff) | (in.get() & 0xff) << 8;
            int match = extended(token & 0xf, in) + MIN_MATCH;
            // Byte by byte: a match may overlap what it produces.
            for (int i = 0; i < match; i++, length++) {
                block[length] = block[length - offset];
            }
        }
    }

    private static int extended(int nibble, ByteBuffer in) {
        int total = nibble;
        if (nibble == 0xf) {
            int more;
            do {
                more = in.get() & 0xff;
                total += more;
            } while (more == 0xff);
        }
        return total;
    }
}
