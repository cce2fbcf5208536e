package org.kprobe4j.bpf.usersymbols;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A line of /proc/PID/maps.
 *
 * @param start first address
 * @param end first address behind it
 * @param offset where in the file it begins
 * @param device as the kernel writes it, {@code 08:01}
 * @param inode 0 without a file
 * @param path of the file or the kernel's name in brackets; empty for memory without a name
 */
record MappedRange(long start, long end, long offset, String device, long inode, String path) {
    private static final String DELETED = " (deleted)";

    /** Source: fs/proc/task_mmu.c show_map_vma(). */
    static List<MappedRange> parse(String maps) {
        List<MappedRange> ranges = new ArrayList<>();
        maps.lines().forEach(line -> {
            MappedRange range = parseLine(line);
            if (range != null) {
                ranges.add(range);
            }
        });
        return ranges;
    }

    /** The path is the rest of the line and may have blanks; null for a line that is none. */
    private static @Nullable MappedRange parseLine(String line) {
        String[] words = line.split(" +", 6);
        int dash = words[0].indexOf('-');
        if (words.length < 5 || dash < 0) {
            return null;
        }
        try {
            return new MappedRange(
                    Long.parseUnsignedLong(words[0], 0, dash, 16),
                    Long.parseUnsignedLong(words[0], dash + 1, words[0].length(), 16),
                    Long.parseUnsignedLong(words[2], 16),
                    words[3],
                    Long.parseUnsignedLong(words[4]),
                    words.length < 6 ? "" : words[5]);
        } catch (NumberFormatException e) {
            return null;
        }
    }

    boolean contains(long address) {
        return Long.compareUnsigned(address, start) >= 0 && Long.compareUnsigned(address, end) < 0;
    }

    boolean isDeleted() {
        return path.endsWith(DELETED);
    }

    /** Whether there is a file with bytes behind it. */
    boolean hasFile() {
        return inode != 0 && path.startsWith("/");
    }

    /** As the link in map_files is called. */
    String linkName() {
        return Long.toHexString(start) + "-" + Long.toHexString(end);
    }
}
