package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.btf.Field;

/** Where mm is found, and why it is not, in made-up memory. */
class MeasuredTypesTest {
    private static final long TASK = 0xc100_0000L;
    private static final long MM = 0xc200_0000L;
    private static final long OTHER = 0xc300_0000L;
    private static final Set<Long> ADDRESSES = Set.of(
            0x1_0000L,
            0x2_0000L,
            0xbef0_0000L,
            0x3_0000L,
            0x4_0000L,
            0x5_0000L,
            0xbef1_0000L,
            0xbef2_0000L,
            0xbef3_0000L,
            0xbef4_0000L);

    private final Map<Long, ByteBuffer> memory = new HashMap<>();

    private ByteBuffer page(long address) {
        return memory.computeIfAbsent(address, _ -> ByteBuffer.allocate(4096).order(ByteOrder.nativeOrder()));
    }

    private byte[] read(long address, int count) throws IOException {
        ByteBuffer page = memory.get(address - (address & 0xff_ffff));
        int offset = (int) (address & 0xff_ffff);
        if (page == null || offset + count > page.capacity()) {
            throw new IOException("not mapped");
        }
        byte[] bytes = new byte[count];
        page.get(offset, bytes);
        return bytes;
    }

    private void word(long address, int offset, long value, int wordBytes) {
        if (wordBytes == Long.BYTES) {
            page(address).putLong(offset, value);
        } else {
            page(address).putInt(offset, (int) value);
        }
    }

    private void addressSpace(long at, int wordBytes) {
        int offset = 0x120;
        for (long address : ADDRESSES) {
            word(at, offset, address, wordBytes);
            offset += wordBytes;
        }
    }

    private void pair(int offset, long pointer, int wordBytes) {
        word(TASK, offset, pointer, wordBytes);
        word(TASK, offset + wordBytes, pointer, wordBytes);
    }

    private Optional<Integer> measure(int wordBytes) {
        return MeasuredTypes.mmOffset(this::read, TASK, ADDRESSES, wordBytes);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 8})
    void isWhereAPairLeadsToTheProcessesOwnAddresses(int wordBytes) {
        addressSpace(MM, wordBytes);
        page(OTHER);
        pair(0x40, OTHER, wordBytes);
        pair(0x80, 0xdead_0000L, wordBytes);
        pair(0x3a0, MM, wordBytes);
        assertThat(measure(wordBytes)).contains(0x3a0);
    }

    @Test
    void behindATaskAnotherThreadOfItsProcessMayLie() {
        addressSpace(MM, 4);
        pair(0x3a0, MM, 4);
        pair(0xba0, MM, 4);
        assertThat(measure(4)).contains(0x3a0);
    }

    @Test
    void anAddressSpaceOfAnotherProcessIsNoAnswer() {
        addressSpace(MM, 4);
        word(MM, 0x120, 0x99, 4);
        pair(0x3a0, MM, 4);
        assertThat(measure(4)).isEmpty();
    }

    @Test
    void addressesThatTheKernelHidesProveNothing() {
        pair(0x3a0, MM, 4);
        addressSpace(MM, 4);
        assertThat(MeasuredTypes.mmOffset(this::read, TASK, Set.of(0L, 1L), 4)).isEmpty();
    }

    @Test
    void theAddressesAreTheFieldsOfTheProcessesStat() {
        String stat = "42 (a (b) c) S 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 126 127 128 29 30 31"
                + " 32 33 34 35 36 37 38 39 40 41 42 43 44 145 146 147 148 149 150 151 52\n";
        assertThat(MeasuredTypes.addresses(stat))
                .containsExactlyInAnyOrder(126L, 127L, 128L, 145L, 146L, 147L, 148L, 149L, 150L, 151L);
    }

    @Test
    void theTypesHaveTheFieldAndNothingElse() {
        var types = MeasuredTypes.types(0x3a0, 4);
        BtfType.Composite task = types.struct("task_struct").orElseThrow();
        Field mm = types.field(task, "mm").orElseThrow();
        assertThat(mm.byteOffset()).isEqualTo(0x3a0);
        assertThat(types.field(task, "pid")).isEmpty();
        assertThat(types.struct("file")).isEmpty();
    }
}
