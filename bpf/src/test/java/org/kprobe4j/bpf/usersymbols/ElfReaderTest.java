package org.kprobe4j.bpf.usersymbols;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kprobe4j.bpf.usersymbols.ElfFileBuilder.CODE_OFFSET;
import static org.kprobe4j.bpf.usersymbols.ElfFileBuilder.FUNC;
import static org.kprobe4j.bpf.usersymbols.ElfFileBuilder.GLOBAL;
import static org.kprobe4j.bpf.usersymbols.ElfFileBuilder.LOCAL;
import static org.kprobe4j.bpf.usersymbols.ElfFileBuilder.NOTYPE;
import static org.kprobe4j.bpf.usersymbols.ElfFileBuilder.OBJECT;
import static org.kprobe4j.bpf.usersymbols.ElfFileBuilder.WEAK;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ElfReaderTest {
    private static final long CODE = 0x40_0000;

    private record Bytes(byte[] all) implements ElfReader.Source {
        @Override
        public long sizeBytes() {
            return all.length;
        }

        @Override
        public boolean read(long position, ByteBuffer target) {
            if (position < 0 || target.remaining() > all.length - position) {
                return false;
            }
            target.put(all, (int) position, target.remaining()).flip();
            return true;
        }
    }

    private static ElfSymbols read(byte[] file) throws IOException {
        ElfSymbols symbols = ElfReader.read(new Bytes(file));
        assertThat(symbols).isNotNull();
        return symbols;
    }

    /** The name at a place behind the beginning of the code. */
    private static String at(ElfSymbols symbols, long place) {
        long address = symbols.addressOf(CODE_OFFSET + place);
        UserSymbol symbol = symbols.symbol(0x1234, "f", address);
        return symbol.name() == null ? "-" : symbol.name() + "+" + symbol.offset();
    }

    @ParameterizedTest
    @CsvSource({"true,true", "true,false", "false,true", "false,false"})
    void functionsOfBothWidthsAndByteOrders(boolean wide, boolean little) throws IOException {
        ByteOrder order = little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
        ElfSymbols symbols = read(new ElfFileBuilder(wide, order, CODE)
                .symbol("second", FUNC, GLOBAL, CODE + 0x100, 0x20)
                .symbol("first", FUNC, LOCAL, CODE + 0x10, 0x10)
                .symbol("data", OBJECT, GLOBAL, CODE + 0x200, 0x10)
                .build());
        assertThat(at(symbols, 0x10)).isEqualTo("first+0");
        assertThat(at(symbols, 0x1f)).isEqualTo("first+15");
        assertThat(at(symbols, 0x20)).isEqualTo("-");
        assertThat(at(symbols, 0x11f)).isEqualTo("second+31");
        assertThat(at(symbols, 0x0f)).isEqualTo("-");
        assertThat(at(symbols, 0x205)).isEqualTo("-");
        assertThat(symbols.addressOf(0x10)).isEqualTo(-1);
        assertThat(symbols.addressOf(CODE_OFFSET)).isEqualTo(CODE);
    }

    @Test
    void ofSeveralNamesTheOneThatPeopleUse() throws IOException {
        ElfSymbols symbols = read(ElfFileBuilder.x86(CODE)
                .symbol("__libc_fork", FUNC, GLOBAL, CODE, 8)
                .symbol("fork", FUNC, WEAK, CODE, 8)
                .symbol("local", FUNC, LOCAL, CODE, 8)
                .symbol("label", NOTYPE, GLOBAL, CODE, 0)
                .build());
        assertThat(at(symbols, 4)).isEqualTo("fork+4");
    }

    @Test
    void labelWithoutSizeReachesToTheNextOrToTheEndOfTheCode() throws IOException {
        ElfSymbols symbols = read(ElfFileBuilder.x86(CODE)
                .symbol("_start", NOTYPE, GLOBAL, CODE + 0x40, 0)
                .symbol("$x", NOTYPE, LOCAL, CODE + 0x44, 0)
                .symbol("main", FUNC, GLOBAL, CODE + 0x80, 0x10)
                .symbol("_end", NOTYPE, GLOBAL, CODE + 0xff0, 0)
                .build());
        assertThat(at(symbols, 0x7f)).isEqualTo("_start+63");
        assertThat(at(symbols, 0x90)).isEqualTo("-");
        assertThat(at(symbols, 0xfff)).isEqualTo("_end+15");
    }

    @Test
    void functionGoesOnBehindOneThatLiesInIt() throws IOException {
        ElfSymbols symbols = read(ElfFileBuilder.x86(CODE)
                .symbol("outer", FUNC, GLOBAL, CODE, 0x100)
                .symbol("inner", FUNC, LOCAL, CODE + 0x20, 0x10)
                .build());
        assertThat(at(symbols, 0x25)).isEqualTo("inner+5");
        assertThat(at(symbols, 0x30)).isEqualTo("outer+48");
    }

    @Test
    void thumbBitAndDynamicTable() throws IOException {
        final int arm = 40;
        ElfSymbols symbols = read(new ElfFileBuilder(false, ByteOrder.LITTLE_ENDIAN, 0x1_0000)
                .machine(arm)
                .dynamicOnly()
                .symbol("thumb", FUNC, GLOBAL, 0x1_0101, 8)
                .build());
        assertThat(at(symbols, 0x100)).isEqualTo("thumb+0");
    }

    @Test
    void namesCannotCommandATerminal() throws IOException {
        ElfSymbols symbols = read(ElfFileBuilder.x86(CODE)
                .symbol("red\u001b[31m\nfake line", FUNC, GLOBAL, CODE, 8)
                .build());
        assertThat(at(symbols, 0)).isEqualTo("red?[31m+0");
    }

    @Test
    void whatIsNoElfFileIsNone() throws IOException {
        assertThat(ElfReader.read(new Bytes(new byte[0]))).isNull();
        assertThat(ElfReader.read(new Bytes("#!/bin/sh\n".repeat(20).getBytes())))
                .isNull();
        assertThat(ElfReader.read(new Bytes(new byte[] {0x7f, 'E', 'L', 'F', 2, 1})))
                .isNull();
    }

    private static byte[] sample() {
        ElfFileBuilder builder = ElfFileBuilder.x86(CODE);
        for (int i = 0; i < 20; i++) {
            builder.symbol("f" + i, i % 3 == 0 ? NOTYPE : FUNC, i % 3, CODE + 16L * i, i % 2 * 16);
        }
        return builder.build();
    }

    /** Damaged at some places, most of them in its tables, and cut: it may be misunderstood, but nothing is thrown. */
    @Property(tries = 3000)
    void damagedFileIsReadWithoutHarm(@ForAll long seed, @ForAll boolean wide) throws IOException {
        Random random = new Random(seed);
        byte[] file = wide
                ? sample()
                : new ElfFileBuilder(false, ByteOrder.BIG_ENDIAN, CODE)
                        .symbol("f", FUNC, GLOBAL, CODE, 8)
                        .build();
        int tables = (int) CODE_OFFSET + ElfFileBuilder.CODE_BYTES;
        for (int i = random.nextInt(12); i >= 0; i--) {
            int at = random.nextBoolean() ? random.nextInt(120) : tables + random.nextInt(file.length - tables);
            file[at] = switch (random.nextInt(4)) {
                case 0 -> (byte) 0xff;
                case 1 -> 0x7f;
                case 2 -> 0;
                default -> (byte) random.nextInt();
            };
        }
        byte[] cut = random.nextInt(4) == 0 ? Arrays.copyOf(file, random.nextInt(file.length)) : file;
        ElfSymbols symbols = ElfReader.read(new Bytes(cut));
        for (int i = 0; symbols != null && i < 20; i++) {
            long place = random.nextBoolean() ? CODE_OFFSET + random.nextInt(512) : random.nextLong();
            assertThat(symbols.symbol(1, "f", symbols.addressOf(place)).toString())
                    .isNotEmpty();
            assertThat(symbols.symbol(1, "f", random.nextLong()).toString()).isNotEmpty();
        }
    }
}
