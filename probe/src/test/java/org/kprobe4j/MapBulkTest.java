package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.internal.NamedKernelStack;
import org.kprobe4j.internal.StackSymbols;

/** What Java does with whole maps, on the heap: many entries at once, the largest ones, all taken out. */
class MapBulkTest {
    record Size(int bytes, String name) implements Comparable<Size> {
        @Override
        public int compareTo(Size other) {
            return Integer.compare(bytes, other.bytes);
        }
    }

    record Plain(int number) {}

    private static Map<Long, Long> squares(int count) {
        var map = new TreeMap<Long, Long>();
        for (long i = 0; i < count; i++) {
            map.put(i, i * i);
        }
        return map;
    }

    @Test
    void manyAtOnce() {
        try (var _ = SimulatedKernel.open();
                var map = KernelMap.of(Long.class, Long.class, 100)) {
            map.putAll(squares(100));
            assertThat(map.entries()).isEqualTo(squares(100));
            assertThat(map.size()).isEqualTo(100);
            assertThat(map.stream().mapToLong(Map.Entry::getValue).sum()).isEqualTo(328_350);
            var seen = new HashMap<Long, Long>();
            map.forEach(seen::put);
            assertThat(seen).isEqualTo(squares(100));
            assertThatThrownBy(() -> map.putAll(Map.of(100L, 1L)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageMatching(
                            "map\\d+ is full: it holds 100 entries; make it for more with KernelMap.of\\(…, maxEntries\\)");
            assertThat(map.takeAll()).isEqualTo(squares(100));
            assertThat(map.isEmpty()).isTrue();
            assertThat(map.takeAll()).isEmpty();
            map.put(1L, 2L);
            map.clear();
            assertThat(map.size()).isZero();
        }
    }

    /** As {@code put} does: such a key would match no stack. */
    @Test
    void stacksOfAnotherMapAreRefused() {
        var unknown = new NamedKernelStack(new StackSymbols.Stack(List.of(), Errno.ENOENT), _ -> List.of());
        try (var _ = SimulatedKernel.open();
                var map = KernelMap.of(KernelStack.class, Long.class)) {
            String refusal = "put: the key's stack is none of this map's; only handlers bring stacks into a map";
            assertThatThrownBy(() -> map.put(unknown, 1L))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(refusal);
            assertThatThrownBy(() -> map.putAll(Map.of(unknown, 1L)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(refusal);
            assertThat(map.isEmpty()).isTrue();
        }
    }

    @Test
    void theLargest() {
        try (var _ = SimulatedKernel.open();
                var map = KernelMap.of(Long.class, Long.class);
                var sizes = KernelMap.of(Integer.class, Size.class);
                var plain = KernelMap.of(Integer.class, Plain.class)) {
            map.putAll(squares(10));
            map.put(50L, -1L);
            assertThat(map.top(3)).containsExactly(Map.entry(9L, 81L), Map.entry(8L, 64L), Map.entry(7L, 49L));
            assertThat(map.top(0)).isEmpty();
            assertThat(map.top(100)).hasSize(11).endsWith(Map.entry(50L, -1L));
            assertThat(map.top(1, Comparator.reverseOrder())).containsExactly(Map.entry(50L, -1L));
            sizes.putAll(Map.of(1, new Size(10, "a"), 2, new Size(30, "b"), 3, new Size(20, "c")));
            assertThat(sizes.top(2).stream().map(Map.Entry::getKey)).isEqualTo(List.of(2, 3));
            plain.put(1, new Plain(4));
            plain.put(2, new Plain(5));
            assertThat(plain.top(1, Comparator.comparing(Plain::number))).containsExactly(Map.entry(2, new Plain(5)));
            assertThatThrownBy(() -> plain.top(1))
                    .isInstanceOf(UsageException.class)
                    .hasMessage(
                            "Plain has no order of its own: say what is large, top(n, Comparator.comparing(Plain::…))");
            assertThatThrownBy(() -> map.top(-1))
                    .isInstanceOf(UsageException.class)
                    .hasMessage("top(-1): give the number of entries wanted");
        }
    }

    @Test
    void whatWasNotUsedForLongIsDropped() {
        try (var kernel = SimulatedKernel.open();
                var map = KernelMap.lru(Long.class, Long.class, 3)) {
            PreHandler handler = (p, regs) -> {
                map.put(regs.arg(0), 1L);
                return 0;
            };
            for (long key = 1; key <= 3; key++) {
                kernel.runPre(
                        handler, kernel.kprobe("f"), kernel.x86().arg(0, key).make());
            }
            assertThat(map.get(1L)).isOne();
            kernel.runPre(handler, kernel.kprobe("f"), kernel.x86().arg(0, 4).make());
            assertThat(map.entries()).containsOnlyKeys(1L, 3L, 4L);
            assertThat(kernel.entriesLost()).isZero();
        }
    }

    @Test
    void closed() {
        try (var _ = SimulatedKernel.open()) {
            var map = KernelMap.of(Long.class, Long.class);
            map.close();
            assertThatThrownBy(map::entries)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageMatching("map map\\d+ is closed");
            assertThatThrownBy(() -> map.put(1L, 1L)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(map::takeAll).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void badSizes() {
        assertThatThrownBy(() -> KernelMap.lru(Long.class, Long.class, -1))
                .isInstanceOf(UsageException.class)
                .hasMessage("a map for -1 entries: it must hold at least one");
    }
}
