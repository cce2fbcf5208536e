package org.kprobe4j.bpf.usersymbols;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Makes small ELF files: header, one loaded segment of code, and a symbol table. */
final class ElfFileBuilder {
    static final int FUNC = 2;
    static final int NOTYPE = 0;
    static final int OBJECT = 1;
    static final int LOCAL = 0;
    static final int GLOBAL = 1;
    static final int WEAK = 2;
    /** Where the code lies in the file, and what address it has. */
    static final long CODE_OFFSET = 0x1000;

    static final int CODE_BYTES = 0x1000;

    private record Sym(String name, int info, long value, long size, int section) {}

    private final boolean wide;
    private final ByteOrder order;
    private final long codeAddress;
    private final List<Sym> symbols = new ArrayList<>();
    private int machine = 62;
    private int tableType = 2;

    ElfFileBuilder(boolean wide, ByteOrder order, long codeAddress) {
        this.wide = wide;
        this.order = order;
        this.codeAddress = codeAddress;
    }

    static ElfFileBuilder x86(long codeAddress) {
        return new ElfFileBuilder(true, ByteOrder.LITTLE_ENDIAN, codeAddress);
    }

    ElfFileBuilder machine(int number) {
        machine = number;
        return this;
    }

    ElfFileBuilder dynamicOnly() {
        tableType = 11;
        return this;
    }

    ElfFileBuilder symbol(String name, int type, int binding, long value, long size) {
        symbols.add(new Sym(name, binding << 4 | type, value, size, 1));
        return this;
    }

    private ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(order);
    }

    private void word(ByteBuffer to, long value) {
        if (wide) {
            to.putLong(value);
        } else {
            to.putInt((int) value);
        }
    }

    byte[] build() {
        ByteArrayOutputStream names = new ByteArrayOutputStream();
        names.write(0);
        ByteBuffer table = buffer((symbols.size() + 1) * (wide ? 24 : 16));
        table.position(wide ? 24 : 16);
        for (Sym symbol : symbols) {
            int name = names.size();
            names.writeBytes((symbol.name() + "\0").getBytes(StandardCharsets.UTF_8));
            table.putInt(name);
            if (wide) {
                table.put((byte) symbol.info()).put((byte) 0).putShort((short) symbol.section());
                table.putLong(symbol.value()).putLong(symbol.size());
            } else {
                table.putInt((int) symbol.value()).putInt((int) symbol.size());
                table.put((byte) symbol.info()).put((byte) 0).putShort((short) symbol.section());
            }
        }
        int tableAt = (int) CODE_OFFSET + CODE_BYTES;
        int namesAt = tableAt + table.capacity();
        int sectionsAt = (namesAt + names.size() + 7) & ~7;
        ByteBuffer file = buffer(sectionsAt + 4 * (wide ? 64 : 40));
        header(file, sectionsAt);
        segment(file);
        file.put(tableAt, table.array()).put(namesAt, names.toByteArray());
        file.position(sectionsAt + (wide ? 64 : 40));
        section(file, 1, 4, codeAddress, CODE_OFFSET, CODE_BYTES, 0, 0);
        section(file, tableType, 0, 0, tableAt, table.capacity(), 3, wide ? 24 : 16);
        section(file, 3, 0, 0, namesAt, names.size(), 0, 0);
        return file.array();
    }

    private void header(ByteBuffer file, int sectionsAt) {
        file.put(new byte[] {
            0x7f, 'E', 'L', 'F', (byte) (wide ? 2 : 1), (byte) (order == ByteOrder.BIG_ENDIAN ? 2 : 1), 1
        });
        file.position(16).putShort((short) 3).putShort((short) machine).putInt(1);
        word(file, 0);
        word(file, wide ? 64 : 52);
        word(file, sectionsAt);
        file.putInt(0).putShort((short) (wide ? 64 : 52)).putShort((short) (wide ? 56 : 32));
        file.putShort((short) 1)
                .putShort((short) (wide ? 64 : 40))
                .putShort((short) 4)
                .putShort((short) 3);
    }

    private void segment(ByteBuffer file) {
        final int load = 1;
        final int readAndExecute = 5;
        file.putInt(load);
        if (wide) {
            file.putInt(readAndExecute)
                    .putLong(CODE_OFFSET)
                    .putLong(codeAddress)
                    .putLong(0);
            file.putLong(CODE_BYTES).putLong(CODE_BYTES).putLong(4096);
        } else {
            file.putInt((int) CODE_OFFSET).putInt((int) codeAddress).putInt(0);
            file.putInt(CODE_BYTES).putInt(CODE_BYTES).putInt(readAndExecute).putInt(4096);
        }
    }

    private void section(
            ByteBuffer file, int type, long flags, long address, long offset, long size, int link, int entryBytes) {
        file.putInt(0).putInt(type);
        word(file, flags);
        word(file, address);
        word(file, offset);
        word(file, size);
        file.putInt(link).putInt(0);
        word(file, 1);
        word(file, entryBytes);
    }
}
