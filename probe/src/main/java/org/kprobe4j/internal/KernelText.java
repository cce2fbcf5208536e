package org.kprobe4j.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.kprobe4j.bpf.BpfException;

/**
 * Reads the running kernel's code through /proc/kcore, an ELF core file; needs CAP_SYS_RAWIO. 32-bit Arm has none: there a program reads
 * it. Source: fs/proc/kcore.c.
 */
final class KernelText {
    private static final Path KCORE = Path.of("/proc/kcore");
    private static final int HEADER_BYTES = 64;
    private static final int PROGRAM_HEADER_OFFSET = 32;
    private static final int PROGRAM_HEADER_COUNT = 56;
    private static final int PROGRAM_HEADER_BYTES = 56;
    private static final int LOAD = 1;
    private static final int SEGMENT_OFFSET = 8;
    private static final int SEGMENT_ADDRESS = 16;
    private static final int SEGMENT_SIZE = 32;

    private KernelText() {}

    /**
     * Some bytes of code.
     *
     * @throws IOException if the address is not in the core file, or not mapped, or it cannot be read
     */
    static byte[] read(long address, int count) throws IOException {
        return Files.exists(KCORE) ? ofCore(address, count) : ofMemory(address, count);
    }

    private static byte[] ofMemory(long address, int count) throws IOException {
        try (KernelMemory memory = KernelMemory.open()) {
            return memory.read(address, count);
        } catch (BpfException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static byte[] ofCore(long address, int count) throws IOException {
        try (FileChannel core = FileChannel.open(KCORE)) {
            ByteBuffer header = at(core, 0, HEADER_BYTES);
            long table = header.getLong(PROGRAM_HEADER_OFFSET);
            int entries = header.getShort(PROGRAM_HEADER_COUNT);
            for (int i = 0; i < entries; i++) {
                ByteBuffer segment = at(core, table + (long) i * PROGRAM_HEADER_BYTES, PROGRAM_HEADER_BYTES);
                long offset = address - segment.getLong(SEGMENT_ADDRESS);
                boolean inside = Long.compareUnsigned(offset, segment.getLong(SEGMENT_SIZE)) < 0;
                if (segment.getInt(0) == LOAD && inside) {
                    return at(core, segment.getLong(SEGMENT_OFFSET) + offset, count)
                            .array();
                }
            }
        }
        throw new IOException("%s has no segment for 0x%x".formatted(KCORE, address));
    }

    private static ByteBuffer at(FileChannel core, long position, int count) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(count).order(ByteOrder.nativeOrder());
        while (buffer.hasRemaining()) {
            if (core.read(buffer, position + buffer.position()) < 0) {
                throw new IOException("%s ends at 0x%x".formatted(KCORE, position));
            }
        }
        return buffer.flip();
    }
}
