package org.kprobe4j.bpf.usersymbols;

import java.io.IOException;
import java.lang.ref.SoftReference;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The symbols of files, each read once for all processes that map it. Used by one thread at a time. */
final class ElfCache {
    private static final int MAX_FILES = 256;

    /** By what stat(2) says, whatever the file is called: what is written to it changes the time. */
    private final Map<FileFacts, SoftReference<ElfSymbols>> files = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<FileFacts, SoftReference<ElfSymbols>> eldest) {
            return size() > MAX_FILES;
        }
    };

    /** The symbols of a range's file; null if it cannot be read, is no ELF file, or is not the file that was mapped. */
    @Nullable
    ElfSymbols symbols(Path processFolder, MappedRange range) {
        if (!range.hasFile()) {
            return null;
        }
        try {
            // The very file, also if it was deleted or replaced; takes CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE.
            return read(processFolder.resolve("map_files").resolve(range.linkName()), null);
        } catch (IOException | RuntimeException e) {
            return range.isDeleted() ? null : symbolsByPath(processFolder, range);
        }
    }

    private @Nullable ElfSymbols symbolsByPath(Path processFolder, MappedRange range) {
        try {
            return read(processFolder.resolve("root" + range.path()), range);
        } catch (IOException | RuntimeException e) {
            return symbolsHere(range);
        }
    }

    /** The process has gone: the file of the same path and number that we see ourselves is the one it had mapped. */
    private @Nullable ElfSymbols symbolsHere(MappedRange range) {
        try {
            Path file = Path.of(range.path());
            return FileFacts.of(file).inode() == range.inode() ? read(file, range) : null;
        } catch (IOException | RuntimeException e) {
            return null;
        }
    }

    private @Nullable ElfSymbols read(Path file, @Nullable MappedRange mapped) throws IOException {
        FileFacts facts = FileFacts.of(file);
        boolean replaced =
                mapped != null && mapped.device().equals(deviceText(facts.device())) && facts.inode() != mapped.inode();
        if (!facts.regular() || replaced) {
            return null;
        }
        SoftReference<ElfSymbols> known = files.get(facts);
        ElfSymbols symbols = known == null ? null : known.get();
        if (symbols == null) {
            try (FileChannel channel = FileChannel.open(file)) {
                symbols = ElfReader.read(new ChannelSource(channel, channel.size()));
            }
            if (symbols != null) {
                files.put(facts, new SoftReference<>(symbols));
            }
        }
        return symbols;
    }

    /** As in /proc/PID/maps. Source: include/linux/kdev_t.h, glibc's makedev(). */
    static String deviceText(long device) {
        long major = (device >>> 8 & 0xfff) | (device >>> 32 & ~0xfffL);
        long minor = (device & 0xff) | (device >>> 12 & 0xffffff00L);
        return "%02x:%02x".formatted(major, minor);
    }

    private record ChannelSource(FileChannel channel, long sizeBytes) implements ElfReader.Source {
        @Override
        public boolean read(long position, ByteBuffer target) throws IOException {
            int start = target.position();
            while (target.hasRemaining()) {
                if (channel.read(target, position + target.position() - start) < 0) {
                    return false;
                }
            }
            target.flip();
            return true;
        }
    }
}
