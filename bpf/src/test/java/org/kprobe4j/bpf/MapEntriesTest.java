package org.kprobe4j.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.internal.FakeKernel;
import org.kprobe4j.bpf.internal.Linux;

/** Many entries at once, on a hash that behaves as the kernel's does. */
class MapEntriesTest {
    private static final int NO_ERROR = 0;

    private final FakeKernel kernel = new FakeKernel();

    private BpfMap map(FakeHash hash, MapType type, int maxEntries) {
        kernel.onBpf = hash;
        return BpfMap.create(kernel, MapSpec.of(type, "m", 4, 8, maxEntries, 0));
    }

    private static FakeHash filled(int buckets, int entries) {
        FakeHash hash = new FakeHash(buckets, Math.max(1, 2 * entries));
        for (int i = 0; i < entries; i++) {
            hash.put(i, 10L * i, BpfMap.ANY);
        }
        return hash;
    }

    private static List<Integer> read(BpfMap map) {
        List<Integer> keys = new ArrayList<>();
        int count = map.forEach((key, value) -> {
            int number = key.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
            assertThat(value.get(ValueLayout.JAVA_LONG_UNALIGNED, 0)).isEqualTo(10L * number);
            keys.add(number);
        });
        assertThat(count).isEqualTo(keys.size());
        return keys;
    }

    private static List<Integer> numbers(int count) {
        List<Integer> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(i);
        }
        return all;
    }

    /** Batches of any size, and buckets larger than a batch. */
    @Property(tries = 60)
    void everyEntryComesOnce(
            @ForAll @IntRange(max = 700) int entries,
            @ForAll @IntRange(min = 1, max = 64) int buckets,
            @ForAll boolean batches) {
        FakeHash hash = filled(buckets, entries);
        hash.batchErrno = batches ? NO_ERROR : Errno.EINVAL;
        // The room for the first batch is as large as the map is said to be: half of what one bucket may have.
        try (BpfMap map = map(hash, MapType.HASH, Math.max(1, (entries + 1) / 2))) {
            assertThat(read(map)).containsExactlyInAnyOrderElementsOf(numbers(entries));
        }
        assertThat(OpenDescriptors.list()).isEmpty();
    }

    @Test
    void aValueIsTakenInTwoStepsWhereTheKernelHasNotTheOne() {
        FakeHash hash = filled(4, 3);
        try (BpfMap map = map(hash, MapType.HASH, 8)) {
            byte[] key = {2, 0, 0, 0};
            assertThat(map.take(key)).startsWith(20, 0);
            assertThat(map.take(key)).isNull();
            assertThat(hash.size()).isEqualTo(2);
        }
        assertThat(OpenDescriptors.list()).isEmpty();
    }

    @Test
    void hundredThousandEntriesTakeFewCalls() {
        FakeHash hash = filled(1 << 17, 100_000);
        try (BpfMap map = map(hash, MapType.HASH, 200_000)) {
            assertThat(read(map)).hasSize(100_000);
            // 256 KiB of keys and values, 12 bytes each, in one call.
            assertThat(hash.commands).hasSize(5).containsOnly(Linux.BPF_MAP_LOOKUP_BATCH);
        }
    }

    /** Others take entries out and put entries in all the time: what stays comes, and once. */
    @Property(tries = 60)
    void whatStaysComesJustOnceWhateverElseChanges(@ForAll long seed, @ForAll boolean batches, @ForAll boolean take) {
        final int stays = 40;
        final int goes = 80;
        FakeHash hash = filled(16, goes);
        hash.batchErrno = batches ? NO_ERROR : Errno.ENOTSUPP;
        Random random = new Random(seed);
        hash.before = command -> {
            if (random.nextInt(4) == 0) {
                hash.remove(stays + random.nextInt(goes));
            }
            if (random.nextInt(4) == 0) {
                int key = stays + random.nextInt(goes);
                hash.put(key, 10L * key, BpfMap.ANY);
            }
        };
        try (BpfMap map = map(hash, MapType.LRU_HASH, goes)) {
            List<Integer> keys = new ArrayList<>();
            EntryConsumer consumer = (key, value) -> keys.add(key.get(ValueLayout.JAVA_INT_UNALIGNED, 0));
            int count = take ? map.takeEach(consumer) : map.forEach(consumer);
            assertThat(count).isEqualTo(keys.size());
            assertThat(keys).doesNotHaveDuplicates().containsAll(numbers(stays));
            for (int key = 0; key < stays; key++) {
                assertThat(hash.remove(key)).as("entry %d", key).isEqualTo(take ? -Errno.ENOENT : 0);
            }
        }
    }

    @Test
    void kernelBeginsAgainWhereAKeyIsGone() {
        FakeHash hash = filled(1, 6); // one bucket, the newest first: 5 4 3 2 1 0
        hash.batchErrno = Errno.EINVAL;
        List<Integer> commands = new ArrayList<>();
        hash.before = command -> {
            if (command == Linux.BPF_MAP_GET_NEXT_KEY && commands.size() == 4) {
                hash.remove(3); // the key from which the next one is asked
            }
            commands.add(command);
        };
        try (BpfMap map = map(hash, MapType.HASH, 6)) {
            assertThat(read(map)).containsExactly(5, 4, 2, 1, 0);
        }
    }

    @Test
    void readingThatGetsNowhereIsGivenUp() {
        FakeHash hash = new FakeHash(1, 10);
        hash.batchErrno = Errno.EINVAL;
        hash.put(-1, -10, BpfMap.ANY);
        int[] next = {0};
        hash.before = command -> {
            if (command == Linux.BPF_MAP_GET_NEXT_KEY) { // a new first entry each time, and the one before it is gone
                hash.remove(next[0]++);
                hash.put(next[0], 10L * next[0], BpfMap.ANY);
            }
        };
        try (BpfMap map = map(hash, MapType.HASH, 10)) {
            assertThatThrownBy(() -> map.forEach((key, value) -> {}))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage(
                            "read map m: its entries vanish faster than one can go from key to key; read it while fewer programs write");
        }
    }

    @Test
    void refusedBatchesAreNotTriedAgain() {
        FakeHash hash = filled(4, 3);
        hash.batchErrno = Errno.ENOTSUPP;
        try (BpfMap map = map(hash, MapType.HASH, 3)) {
            assertThat(read(map)).hasSize(3);
            hash.commands.clear();
            assertThat(read(map)).hasSize(3);
            assertThat(Set.copyOf(hash.commands))
                    .containsExactlyInAnyOrder(Linux.BPF_MAP_GET_NEXT_KEY, Linux.BPF_MAP_LOOKUP_ELEM);
        }
    }

    @Test
    void otherErrorsAreSaid() {
        FakeHash hash = filled(4, 3);
        hash.batchErrno = Errno.EPERM;
        try (BpfMap map = map(hash, MapType.HASH, 3)) {
            assertThatThrownBy(() -> map.forEach((key, value) -> {}))
                    .hasMessage("read map m: operation not permitted (EPERM)");
            assertThatThrownBy(() -> map.takeEach((key, value) -> {}))
                    .hasMessage("take from map m: operation not permitted (EPERM)");
            hash.batchErrno = NO_ERROR;
            assertThatThrownBy(() -> map.forEach((key, value) -> {
                        throw new IllegalArgumentException("enough");
                    }))
                    .hasMessage("enough");
        }
    }

    @Test
    void consumerCannotWriteAndCannotKeep() {
        try (BpfMap map = map(filled(4, 3), MapType.HASH, 3)) {
            List<MemorySegment> kept = new ArrayList<>();
            map.forEach((key, value) -> {
                assertThatThrownBy(() -> value.set(ValueLayout.JAVA_BYTE, 0, (byte) 1))
                        .isInstanceOf(IllegalArgumentException.class);
                kept.add(value);
            });
            assertThat(new HashSet<>(kept)).hasSize(1);
            assertThatThrownBy(() -> kept.getFirst().get(ValueLayout.JAVA_BYTE, 0))
                    .isInstanceOf(IllegalStateException.class);
        }
    }

    private static MemorySegment ints(List<Integer> numbers) {
        return MemorySegment.ofArray(
                numbers.stream().mapToInt(Integer::intValue).toArray());
    }

    private static MemorySegment tenfold(List<Integer> numbers) {
        return MemorySegment.ofArray(
                numbers.stream().mapToLong(number -> 10L * number).toArray());
    }

    @Property(tries = 20)
    void manyAreSetAndRemovedAtOnce(@ForAll boolean batches) {
        FakeHash hash = new FakeHash(8, 100);
        hash.batchErrno = batches ? NO_ERROR : Errno.EINVAL;
        try (BpfMap map = map(hash, MapType.HASH, 100)) {
            List<Integer> keys = numbers(100);
            map.updateAll(ints(keys), tenfold(keys), BpfMap.NOEXIST);
            assertThat(hash.commands).hasSize(batches ? 1 : 101);
            assertThat(read(map)).containsExactlyInAnyOrderElementsOf(keys);
            List<Integer> some = new ArrayList<>(List.of(3, 200, 5, 201, 202, 7, 300));
            assertThat(map.deleteAll(ints(some))).isEqualTo(3);
            keys.removeAll(some);
            assertThat(read(map)).containsExactlyInAnyOrderElementsOf(keys);
            assertThatThrownBy(() -> map.updateAll(ints(List.of(3, 4)), tenfold(List.of(3, 4)), BpfMap.NOEXIST))
                    .hasMessage("update map m entry 2 of 2: file exists (EEXIST)");
            Collections.reverse(keys);
            assertThat(map.deleteAll(ints(keys))).isEqualTo(keys.size());
            assertThat(hash.size()).isEqualTo(1);
        }
    }

    @Test
    void sizesOfManyAreChecked() {
        try (BpfMap map = map(new FakeHash(8, 100), MapType.HASH, 100)) {
            assertThatThrownBy(() -> map.deleteAll(MemorySegment.ofArray(new byte[6])))
                    .hasMessage("map m: 6 bytes are no whole number of keys of 4 bytes");
            assertThatThrownBy(() -> map.updateAll(
                            MemorySegment.ofArray(new int[2]), MemorySegment.ofArray(new long[1]), BpfMap.ANY))
                    .hasMessage("map m: values has 8 bytes, not 16");
            map.updateAll(MemorySegment.ofArray(new int[0]), MemorySegment.ofArray(new long[0]), BpfMap.ANY);
        }
    }

    @Test
    void whatHasNoEntriesIsRefused() {
        try (BpfMap queue = map(new FakeHash(1, 1), MapType.QUEUE, 1);
                BpfMap array = map(new FakeHash(1, 1), MapType.ARRAY, 1)) {
            assertThatThrownBy(() -> queue.forEach((key, value) -> {}))
                    .hasMessage("QUEUE map m: the kernel does not list entries of this type");
            assertThatThrownBy(() -> array.takeEach((key, value) -> {}))
                    .hasMessage("ARRAY map m: entries of this type cannot be taken out");
            assertThatThrownBy(() -> array.push(MemorySegment.ofArray(new long[1]), BpfMap.ANY))
                    .hasMessage("ARRAY map m has keys; push, pop and peek are for QUEUE and STACK");
        }
    }
}
