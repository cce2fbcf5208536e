package org.kprobe4j.handlers;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.kprobe4j.asm.Decoder;
import org.kprobe4j.asm.Instruction;

/**
 * An object file as clang makes it for BPF: each program is a section; what it says of maps and global variables are relocations.
 * A map is known by its symbol; the variables of a section {@code .data.NAME} are the value of the map NAME.
 *
 * <p>Source: System V ABI, chapter 4; Documentation/bpf/llvm_reloc.rst.
 */
final class BpfObject {
    private static final int SHT_SYMTAB = 2;
    private static final int SHT_REL = 9;
    private static final int SECTION_HEADER_BYTES = 64;
    private static final int SYMBOL_BYTES = 24;
    private static final int RELOCATION_BYTES = 16;
    private static final int R_BPF_64_64 = 1;
    private static final int PSEUDO_MAP_FD = 1;
    private static final int PSEUDO_MAP_VALUE = 2;
    private static final String MAPS = ".maps";
    /** What follows it in a section's name is the map that holds the section's variables. */
    private static final String DATA = ".data.";

    private record Section(int nameOffset, int type, int offset, int sizeBytes, int info) {}

    private record Symbol(String name, int section, int value) {}

    private final ByteBuffer file;
    private final List<Section> sections = new ArrayList<>();
    private final List<Symbol> symbols = new ArrayList<>();
    private final int nameTable;
    private final List<String> maps = new ArrayList<>();

    BpfObject(byte[] bytes) {
        file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int headers = (int) file.getLong(40);
        for (int i = 0; i < file.getShort(60); i++) {
            int at = headers + i * SECTION_HEADER_BYTES;
            sections.add(new Section(
                    file.getInt(at),
                    file.getInt(at + 4),
                    (int) file.getLong(at + 24),
                    (int) file.getLong(at + 32),
                    file.getInt(at + 44)));
        }
        nameTable = file.getShort(62);
        int headerOfSymbols = first(SHT_SYMTAB);
        int stringTable = file.getInt(headers + headerOfSymbols * SECTION_HEADER_BYTES + 40);
        Section table = sections.get(headerOfSymbols);
        for (int at = table.offset; at < table.offset + table.sizeBytes; at += SYMBOL_BYTES) {
            symbols.add(new Symbol(
                    string(stringTable, file.getInt(at)), file.getShort(at + 6), (int) file.getLong(at + 8)));
        }
    }

    private int first(int type) {
        int index = 0;
        while (sections.get(index).type != type) {
            index++;
        }
        return index;
    }

    private String string(int table, int offset) {
        int from = sections.get(table).offset + offset;
        int to = from;
        while (file.get(to) != 0) {
            to++;
        }
        return new String(file.array(), from, to - from, StandardCharsets.UTF_8);
    }

    private String name(int section) {
        return string(nameTable, sections.get(section).nameOffset);
    }

    /** The program of a section. */
    List<Instruction> program(String name) {
        for (int i = 0; i < sections.size(); i++) {
            if (name(i).equals(name)) {
                Section section = sections.get(i);
                byte[] code = Arrays.copyOfRange(file.array(), section.offset, section.offset + section.sizeBytes);
                relocate(i, ByteBuffer.wrap(code).order(ByteOrder.LITTLE_ENDIAN));
                return Decoder.decode(code, ByteOrder.LITTLE_ENDIAN, maps::get);
            }
        }
        throw new AssertionError("no section " + name);
    }

    private void relocate(int program, ByteBuffer code) {
        for (Section section : sections) {
            if (section.type != SHT_REL || section.info != program) {
                continue;
            }
            for (int at = section.offset; at < section.offset + section.sizeBytes; at += RELOCATION_BYTES) {
                long info = file.getLong(at + 8);
                if ((int) info != R_BPF_64_64) {
                    throw new AssertionError("relocation of type " + (int) info);
                }
                relocate(code, (int) file.getLong(at), symbols.get((int) (info >>> Integer.SIZE)));
            }
        }
    }

    private void relocate(ByteBuffer code, int at, Symbol symbol) {
        boolean isMap = name(symbol.section).equals(MAPS);
        String map = isMap ? symbol.name : name(symbol.section).substring(DATA.length());
        if (!maps.contains(map)) {
            maps.add(map);
        }
        int destination = code.get(at + 1) & 0x0f;
        int offset = symbol.value + code.getInt(at + 4);
        code.put(at + 1, (byte) (destination | (isMap ? PSEUDO_MAP_FD : PSEUDO_MAP_VALUE) << 4));
        code.putInt(at + 4, maps.indexOf(map));
        code.putInt(at + 12, isMap ? 0 : offset);
    }
}
