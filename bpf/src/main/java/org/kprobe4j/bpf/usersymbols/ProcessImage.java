package org.kprobe4j.bpf.usersymbols;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a process had mapped at one moment. */
final class ProcessImage {
    private static final String VDSO = "[vdso]";
    private static final long MAX_VDSO_BYTES = 1 << 20;
    /** Words of /proc/PID/stat behind the name in brackets, which may hold anything. Source: proc_pid_stat(5). */
    private static final int STARTTIME = 22 - 3;

    private static final int STARTCODE = 26 - 3;

    private final Path folder;
    private final String identity;
    private final List<MappedRange> ranges;
    private final ElfCache files;
    private final Map<MappedRange, Optional<ElfSymbols>> symbols = new HashMap<>();
    private @Nullable PerfMap perfMap;

    private ProcessImage(Path folder, String identity, List<MappedRange> ranges, ElfCache files) {
        this.folder = folder;
        this.identity = identity;
        this.ranges = ranges;
        this.files = files;
    }

    /** Gives null if there is no such process, or it may not be looked into. */
    static @Nullable ProcessImage read(Path folder, ElfCache files) {
        String identity = identity(folder);
        if (identity == null) {
            return null;
        }
        try {
            String maps = text(folder.resolve("maps"));
            return new ProcessImage(folder, identity, MappedRange.parse(maps), files);
        } catch (IOException e) {
            return null;
        }
    }

    /** Tells a process from a later one of the same number, and from itself after an execve(2); null if it is gone. */
    static @Nullable String identity(Path folder) {
        try {
            String stat = text(folder.resolve("stat"));
            String[] words = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return words[STARTTIME] + " " + words[STARTCODE];
        } catch (IOException | IndexOutOfBoundsException e) {
            return null;
        }
    }

    /** Names of files and of threads may be any bytes. */
    private static String text(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }

    String identity() {
        return identity;
    }

    boolean hasAll(long... addresses) {
        return Arrays.stream(addresses).allMatch(address -> range(address) != null);
    }

    boolean isEmpty() {
        return ranges.isEmpty();
    }

    /** The range that an address lies in, or null. */
    @Nullable
    MappedRange range(long address) {
        int low = 0;
        int high = ranges.size() - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            MappedRange range = ranges.get(middle);
            if (range.contains(address)) {
                return range;
            } else if (Long.compareUnsigned(address, range.start()) < 0) {
                high = middle - 1;
            } else {
                low = middle + 1;
            }
        }
        return null;
    }

    UserSymbol symbol(long address) {
        MappedRange range = range(address);
        if (range == null) {
            return UserSymbol.unknown(address);
        }
        Optional<ElfSymbols> elf = symbols.computeIfAbsent(range, r -> Optional.ofNullable(load(r)));
        String file = range.path().isEmpty() ? null : printable(range.path());
        if (elf.isPresent()) {
            return elf.get().symbol(address, file, elf.get().addressOf(address - range.start() + range.offset()));
        }
        UserSymbol compiled = compiledCode(address);
        return compiled != null ? compiled : new UserSymbol(address, null, 0, file, 0);
    }

    private static String printable(String path) {
        return path.replaceAll("\\p{Cntrl}", "?");
    }

    private @Nullable ElfSymbols load(MappedRange range) {
        return range.path().equals(VDSO) ? vdso(range) : files.symbols(folder, range);
    }

    /** The vdso is in no file; its image in memory is a whole ELF file. */
    private @Nullable ElfSymbols vdso(MappedRange range) {
        long size = range.end() - range.start();
        if (size <= 0 || size > MAX_VDSO_BYTES) {
            return null;
        }
        try (FileChannel memory = FileChannel.open(folder.resolve("mem"))) {
            ByteBuffer image = ByteBuffer.allocate((int) size);
            while (image.hasRemaining() && memory.read(image, range.start() + image.position()) > 0) {}
            return ElfReader.read(new Memory(image.flip()));
        } catch (IOException | RuntimeException e) {
            return null;
        }
    }

    private record Memory(ByteBuffer image) implements ElfReader.Source {
        @Override
        public long sizeBytes() {
            return image.limit();
        }

        @Override
        public boolean read(long position, ByteBuffer target) {
            if (target.remaining() > image.limit() - position) {
                return false;
            }
            target.put(image.slice((int) position, target.remaining())).flip();
            return true;
        }
    }

    /** A perf map is named by the number that the process has in its own namespace, and lies in its own /tmp. */
    private @Nullable UserSymbol compiledCode(long address) {
        String name = "/tmp/perf-" + ownNumber() + ".map";
        UserSymbol symbol = perfMap == null ? null : perfMap.symbol(address, name);
        if (symbol == null) {
            Path there = folder.resolve("root" + name);
            // When the process has gone, what it left in our own /tmp; if it was in another namespace, there is
            // nothing.
            perfMap = PerfMap.read(Files.exists(folder) ? there : Path.of(name), owner(), perfMap);
            symbol = perfMap == null ? null : perfMap.symbol(address, name);
        }
        return symbol;
    }

    private String ownNumber() {
        try {
            return text(folder.resolve("status"))
                    .lines()
                    .filter(line -> line.startsWith("NSpid:"))
                    .map(line -> line.substring(line.lastIndexOf('\t') + 1).strip())
                    .findFirst()
                    .orElse(String.valueOf(folder.getFileName()));
        } catch (IOException e) {
            return String.valueOf(folder.getFileName());
        }
    }

    private int owner() {
        try {
            return (int) Files.getAttribute(folder, "unix:uid");
        } catch (IOException e) {
            return 0;
        }
    }
}
