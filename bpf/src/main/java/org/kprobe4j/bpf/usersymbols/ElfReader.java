package org.kprobe4j.bpf.usersymbols;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the function symbols of an ELF file, of either word size and byte order. The file may be anybody's: what does not fit into it
 * is not there, and how much is read has limits.
 *
 * <p>It is read and not mapped: a mapped file that somebody cuts makes the reader fail in the middle of anything. Source: elf(5).
 */
final class ElfReader {
    private static final int MAX_SEGMENTS = 1 << 10;
    private static final int MAX_SECTIONS = 1 << 16;
    private static final int MAX_SYMBOLS = 1 << 21;
    private static final int MAX_PART_BYTES = 1 << 28;
    private static final int PIECE_SYMBOLS = 1 << 12;
    /** Above any process's memory; so sums of two numbers below it do not overflow. */
    private static final long LIMIT = 1L << 60;

    private static final int MAGIC = 0x7f454c46;
    private static final int EM_ARM = 40;
    private static final int PT_LOAD = 1;
    private static final int PF_X = 1;
    private static final int SHT_SYMTAB = 2;
    private static final int SHT_DYNSYM = 11;
    private static final long SHF_EXECINSTR = 4;
    private static final int STT_NOTYPE = 0;
    private static final int STT_FUNC = 2;
    private static final int STT_GNU_IFUNC = 10;
    private static final int STB_GLOBAL = 1;
    private static final int STB_WEAK = 2;

    /** Where the bytes come from. */
    interface Source {
        /** How many there are. */
        long sizeBytes();

        /** Fills the target; false if there are not as many. */
        boolean read(long position, ByteBuffer target) throws IOException;
    }

    private record Section(
            int type, long flags, long address, long offset, long sizeBytes, int link, long entryBytes) {}

    private final Source source;
    private final boolean wide;
    private final ByteOrder order;
    private final ByteBuffer header;

    private ElfReader(Source source, ByteBuffer header, boolean wide, ByteOrder order) {
        this.source = source;
        this.header = header.order(order);
        this.wide = wide;
        this.order = order;
    }

    /** Gives the file's symbols, or null if it is no ELF file. */
    static @Nullable ElfSymbols read(Source source) throws IOException {
        final int headerBytes = 64;
        ByteBuffer header = ByteBuffer.allocate((int) Math.min(headerBytes, source.sizeBytes()));
        if (header.capacity() < 52 || !source.read(0, header) || header.getInt(0) != MAGIC) {
            return null;
        }
        boolean wide = header.get(4) == 2;
        ByteOrder order = header.get(5) == 2 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
        if (header.get(4) < 1 || header.get(4) > 2 || (wide && header.capacity() < headerBytes)) {
            return null;
        }
        ElfReader reader = new ElfReader(source, header, wide, order);
        return new ElfSymbols(reader.segments(), reader.symbols());
    }

    /** An address-sized field at one of two places. */
    private long word(ByteBuffer from, int narrowAt, int wideAt) {
        return wide ? from.getLong(wideAt) : Integer.toUnsignedLong(from.getInt(narrowAt));
    }

    private int half(int narrowAt, int wideAt) {
        return Short.toUnsignedInt(header.getShort(wide ? wideAt : narrowAt));
    }

    /** A part of the file; null if it does not lie in it. */
    private @Nullable ByteBuffer part(long offset, long lengthBytes) throws IOException {
        if (lengthBytes > MAX_PART_BYTES || !isInside(offset, lengthBytes)) {
            return null;
        }
        ByteBuffer part = ByteBuffer.allocate((int) lengthBytes).order(order);
        return source.read(offset, part) ? part : null;
    }

    private boolean isInside(long offset, long lengthBytes) {
        return offset >= 0
                && lengthBytes >= 0
                && offset <= source.sizeBytes()
                && lengthBytes <= source.sizeBytes() - offset;
    }

    private List<ElfSymbols.Segment> segments() throws IOException {
        List<ElfSymbols.Segment> segments = new ArrayList<>();
        int entryBytes = half(42, 54);
        int count = half(44, 56);
        ByteBuffer table = entryBytes < (wide ? 56 : 32) || count > MAX_SEGMENTS
                ? null
                : part(word(header, 28, 32), (long) count * entryBytes);
        for (int i = 0; table != null && i < count; i++) {
            ByteBuffer entry = table.slice(i * entryBytes, entryBytes).order(order);
            long offset = word(entry, 4, 8);
            long address = word(entry, 8, 16);
            long size = word(entry, 16, 32);
            boolean sane = isBelow(offset) && isBelow(address) && isBelow(size);
            if (entry.getInt(0) == PT_LOAD && sane) {
                boolean code = (entry.getInt(wide ? 4 : 24) & PF_X) != 0;
                segments.add(new ElfSymbols.Segment(offset, address, size, code));
            }
        }
        return segments;
    }

    private static boolean isBelow(long number) {
        return number >= 0 && number < LIMIT;
    }

    private List<Section> sections() throws IOException {
        List<Section> sections = new ArrayList<>();
        long offset = word(header, 32, 40);
        int entryBytes = half(46, 58);
        long count = half(48, 60);
        if (offset == 0 || entryBytes < (wide ? 64 : 40)) {
            return sections;
        }
        if (count == 0) { // more than fit into 16 bits: the first section's size
            ByteBuffer first = part(offset, entryBytes);
            count = first == null ? 0 : word(first, 20, 32);
        }
        ByteBuffer table = count < 0 || count > MAX_SECTIONS ? null : part(offset, count * entryBytes);
        for (int i = 0; table != null && i < count; i++) {
            ByteBuffer entry = table.slice(i * entryBytes, entryBytes).order(order);
            sections.add(new Section(
                    entry.getInt(4),
                    word(entry, 8, 8),
                    word(entry, 12, 16),
                    word(entry, 16, 24),
                    word(entry, 20, 32),
                    entry.getInt(wide ? 40 : 24),
                    word(entry, 36, 56)));
        }
        return sections;
    }

    /** The full table where the file has it, otherwise what the dynamic linker needs. */
    private SymbolTable symbols() throws IOException {
        List<Section> sections = sections();
        SymbolTable symbols = SymbolTable.EMPTY;
        for (int type : new int[] {SHT_SYMTAB, SHT_DYNSYM}) {
            for (Section section : sections) {
                if (symbols.size() == 0 && section.type() == type) {
                    symbols = symbols(section, sections);
                }
            }
        }
        return symbols;
    }

    private SymbolTable symbols(Section table, List<Section> sections) throws IOException {
        int entryBytes = wide ? 24 : 16;
        long count = table.sizeBytes() / entryBytes;
        if (table.entryBytes() != entryBytes
                || count < 0
                || count > MAX_SYMBOLS
                || !isInside(table.offset(), table.sizeBytes())) {
            return SymbolTable.EMPTY;
        }
        byte[] names = strings(table.link(), sections);
        SymbolTable.Builder builder = new SymbolTable.Builder(names);
        for (long first = 0; first < count; first += PIECE_SYMBOLS) {
            int inPiece = (int) Math.min(PIECE_SYMBOLS, count - first);
            ByteBuffer piece = part(table.offset() + first * entryBytes, (long) inPiece * entryBytes);
            for (int i = 0; piece != null && i < inPiece; i++) {
                symbol(piece.slice(i * entryBytes, entryBytes).order(order), sections, names, builder);
            }
        }
        return builder.build();
    }

    private byte[] strings(int link, List<Section> sections) throws IOException {
        if (link < 0 || link >= sections.size()) {
            return new byte[0];
        }
        Section section = sections.get(link);
        if (section.sizeBytes() > MAX_PART_BYTES || !isInside(section.offset(), section.sizeBytes())) {
            return new byte[0];
        }
        byte[] strings = new byte[(int) section.sizeBytes()];
        return source.read(section.offset(), ByteBuffer.wrap(strings)) ? strings : new byte[0];
    }

    private void symbol(ByteBuffer entry, List<Section> sections, byte[] names, SymbolTable.Builder builder) {
        int info = entry.get(wide ? 4 : 12);
        int type = info & 15;
        int sectionIndex = Short.toUnsignedInt(entry.getShort(wide ? 6 : 14));
        boolean typed = type == STT_FUNC || type == STT_GNU_IFUNC;
        if ((!typed && type != STT_NOTYPE) || sectionIndex == 0 || sectionIndex >= sections.size()) {
            return; // data, undefined, or absolute
        }
        Section section = sections.get(sectionIndex);
        int name = entry.getInt(0);
        boolean isCode = (section.flags() & SHF_EXECINSTR) != 0;
        if (!isCode || name <= 0 || name >= names.length || (!typed && isMark(names, name))) {
            return;
        }
        long address = word(entry, 4, 8);
        long size = word(entry, 8, 16);
        if (half(18, 18) == EM_ARM && typed) {
            address &= ~1; // set for Thumb code
        }
        if (!isBelow(address) || !isBelow(size) || !isBelow(section.address()) || !isBelow(section.sizeBytes())) {
            return;
        }
        long end = size > 0 ? address + size : -(section.address() + section.sizeBytes());
        builder.add(address, end, name, rank(size > 0, typed, (info >> 4) & 15, names, name));
    }

    /** Marks of assemblers, such as {@code $x} and {@code .L12}: no names of functions. */
    private static boolean isMark(byte[] names, int at) {
        return names[at] == '$' || names[at] == '.' || names[at] == 0;
    }

    /** Of several names the one that people use: {@code fork} and not {@code __libc_fork}. */
    private static int rank(boolean sized, boolean typed, int binding, byte[] names, int at) {
        int underscores = 0;
        while (underscores < 7 && at + underscores < names.length && names[at + underscores] == '_') {
            underscores++;
        }
        int bound = binding == STB_GLOBAL ? 0 : binding == STB_WEAK ? 1 : 2;
        return (sized ? 0 : 1 << 10) + (typed ? 0 : 1 << 9) + (underscores << 4) + bound;
    }
}
