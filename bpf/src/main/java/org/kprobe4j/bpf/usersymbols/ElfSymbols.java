package org.kprobe4j.bpf.usersymbols;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The functions of one ELF file, by the addresses that the file itself gives to them. */
final class ElfSymbols {
    /** A part of the file that is loaded. */
    record Segment(long offset, long address, long sizeBytes, boolean code) {
        boolean contains(long fileOffset) {
            return fileOffset >= offset && fileOffset - offset < sizeBytes;
        }
    }

    private final List<Segment> segments;
    private final SymbolTable functions;

    ElfSymbols(List<Segment> segments, SymbolTable functions) {
        this.segments = segments;
        this.functions = functions;
    }

    /**
     * The address that the file gives to a place in it: so no load address has to be known, whether it is a program or a library. The
     * segments of code come first: pages at their borders are mapped twice.
     *
     * @return -1 if the place is not loaded
     */
    long addressOf(long fileOffset) {
        Segment best = null;
        for (Segment segment : segments) {
            if (segment.contains(fileOffset) && (best == null || (segment.code() && !best.code()))) {
                best = segment;
            }
        }
        return best == null ? -1 : best.address() + (fileOffset - best.offset());
    }

    /** The symbol at an address of the file. */
    UserSymbol symbol(long address, @Nullable String file, long fileAddress) {
        int index = fileAddress < 0 ? -1 : functions.find(fileAddress);
        return index < 0
                ? new UserSymbol(address, null, 0, file, Math.max(0, fileAddress))
                : new UserSymbol(
                        address, functions.name(index), fileAddress - functions.start(index), file, fileAddress);
    }
}
