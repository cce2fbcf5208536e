package org.kprobe4j.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Types of maps, and many entries at once, on the running kernel. */
@Tag("kernel")
class MapTypesKernelTest {
    private static final int MANY = 100_000;

    @AfterEach
    void nothingLeaks() {
        assertThat(OpenDescriptors.list()).isEmpty();
    }

    private static MemorySegment keys(int from, int to) {
        int[] keys = new int[to - from];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = from + i;
        }
        return MemorySegment.ofArray(keys);
    }

    /** The value of key n is 10 n, for each CPU. */
    private static MemorySegment values(BpfMap map, int from, int to) {
        int words = map.valueBytes() / Long.BYTES;
        long[] values = new long[(to - from) * words];
        for (int i = 0; i < values.length; i++) {
            values[i] = 10L * (from + i / words);
        }
        return MemorySegment.ofArray(values);
    }

    private static BitSet read(BpfMap map, boolean take) {
        BitSet seen = new BitSet();
        EntryConsumer consumer = (key, value) -> {
            int number = key.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
            assertThat(seen.get(number)).as("entry %d twice", number).isFalse();
            seen.set(number);
            for (long at = 0; at < value.byteSize(); at += map.strideBytes()) {
                if (value.get(ValueLayout.JAVA_LONG_UNALIGNED, at) != 10L * number) {
                    throw new AssertionError("value of " + number);
                }
            }
        };
        int count = take ? map.takeEach(consumer) : map.forEach(consumer);
        assertThat(count).isEqualTo(seen.cardinality());
        return seen;
    }

    @ParameterizedTest
    @EnumSource(names = {"HASH", "LRU_HASH", "PERCPU_HASH", "LRU_PERCPU_HASH", "ARRAY", "PERCPU_ARRAY"})
    void manyEntriesAtOnce(MapType type) {
        final int count = 300;
        // The kernel's LRU keeps free entries apart for each CPU: it needs more room than there are entries.
        try (BpfMap map = BpfMap.create(type, "many", 4, 8, type.name().contains("ARRAY") ? count : 4096, 0)) {
            map.updateAll(keys(0, count), values(map, 0, count), BpfMap.ANY);
            assertThat(read(map, false).cardinality()).isEqualTo(count);
            if (type.name().contains("ARRAY")) {
                return;
            }
            assertThat(map.deleteAll(keys(100, 110))).isEqualTo(10);
            assertThat(map.deleteAll(keys(95, 115))).isEqualTo(10);
            assertThat(read(map, true).cardinality()).isEqualTo(count - 20);
            assertThat(read(map, false).isEmpty()).isTrue();
        }
    }

    @Test
    void hundredThousandEntries() {
        try (BpfMap map = BpfMap.create(MapType.HASH, "large", 4, 8, MANY, 0)) {
            map.updateAll(keys(0, MANY), values(map, 0, MANY), BpfMap.NOEXIST);
            for (int round = 0; round < 3; round++) {
                long start = System.nanoTime();
                assertThat(map.forEach((key, value) -> {})).isEqualTo(MANY);
                System.out.printf("100 000 entries read in %d us%n", (System.nanoTime() - start) / 1000);
            }
            assertThat(read(map, false).cardinality()).isEqualTo(MANY);
            assertThatThrownBy(() -> map.updateAll(keys(MANY, MANY + 2), values(map, 0, 2), BpfMap.ANY))
                    .hasMessage("update map large entry 1 of 2: argument list too long (E2BIG)");
        }
    }

    /** Keys below 1000 stay, others come and go all the time, also into the same buckets. */
    @Test
    void entriesThatStayComeOnceWhileOthersChange() throws InterruptedException {
        final int stay = 1000;
        try (BpfMap map = BpfMap.create(MapType.HASH, "busy", 4, 8, 3000, 0)) {
            map.updateAll(keys(0, stay), values(map, 0, stay), BpfMap.ANY);
            AtomicBoolean going = new AtomicBoolean(true);
            Thread changer = Thread.ofPlatform().start(() -> {
                for (int from = stay; going.get(); from = from == 2800 ? stay : from + 200) {
                    map.updateAll(keys(from, from + 200), values(map, from, from + 200), BpfMap.ANY);
                    map.deleteAll(keys(from, from + 150));
                    map.deleteAll(keys(stay, from));
                }
            });
            try {
                for (int round = 0; round < 20; round++) {
                    assertThat(read(map, false).nextClearBit(0)).isGreaterThanOrEqualTo(stay);
                }
            } finally {
                going.set(false);
                changer.join();
            }
        }
    }

    @Test
    void queueAndStackGiveBack() {
        try (BpfMap queue = BpfMap.create(MapType.QUEUE, "queue", 0, 8, 2, 0);
                BpfMap stack = BpfMap.create(MapType.STACK, "stack", 0, 8, 2, 0)) {
            for (BpfMap map : new BpfMap[] {queue, stack}) {
                MemorySegment value = MemorySegment.ofArray(new long[1]);
                assertThat(map.pop(value)).isFalse();
                assertThat(map.peek(value)).isFalse();
                map.push(MemorySegment.ofArray(new long[] {1}), BpfMap.ANY);
                map.push(MemorySegment.ofArray(new long[] {2}), BpfMap.ANY);
                assertThatThrownBy(() -> map.push(MemorySegment.ofArray(new long[] {3}), BpfMap.ANY))
                        .hasMessage(
                                "push to map %s: argument list too long (E2BIG)",
                                map.spec().name());
                long first = map == queue ? 1 : 2;
                assertThat(map.peek(value)).isTrue();
                assertThat(value.get(ValueLayout.JAVA_LONG_UNALIGNED, 0)).isEqualTo(first);
                assertThat(map.pop(value)).isTrue();
                assertThat(value.get(ValueLayout.JAVA_LONG_UNALIGNED, 0)).isEqualTo(first);
                assertThat(map.pop(value)).isTrue();
                assertThat(value.get(ValueLayout.JAVA_LONG_UNALIGNED, 0)).isEqualTo(3 - first);
            }
        }
    }

    @Test
    void stackTraceMapIsListed() {
        try (BpfMap map = BpfMap.create(MapType.STACK_TRACE, "stacks", 4, 127 * 8, 16, 0)) {
            assertThat(map.forEach((key, value) -> {})).isZero();
            assertThat(map.takeEach((key, value) -> {})).isZero();
        }
    }
}
