package org.kprobe4j.internal;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Keeps those entries of many that have the largest values.
 *
 * @param <K> type of the keys
 * @param <V> type of the values
 */
public final class Largest<K, V> {
    private final int count;
    private final PriorityQueue<Map.Entry<K, V>> kept;

    /**
     * Keeps so many.
     *
     * @throws IllegalArgumentException if the number is negative
     */
    public Largest(int count, Comparator<? super V> order) {
        if (count < 0) {
            throw new IllegalArgumentException("top(%d): give the number of entries wanted".formatted(count));
        }
        this.count = count;
        this.kept = new PriorityQueue<>((a, b) -> order.compare(a.getValue(), b.getValue()));
    }

    /** One more entry. */
    public void add(K key, V value) {
        kept.add(Map.entry(key, value));
        if (kept.size() > count) {
            kept.remove();
        }
    }

    /** The entries, largest first. */
    public List<Map.Entry<K, V>> toList() {
        var list = new ArrayList<Map.Entry<K, V>>(kept.size());
        while (!kept.isEmpty()) {
            list.add(kept.remove());
        }
        Collections.reverse(list);
        return List.copyOf(list);
    }

    /**
     * How values are compared that have an order of their own.
     *
     * @throws IllegalArgumentException if they have none
     */
    @SuppressWarnings("unchecked")
    public static <V> Comparator<V> naturalOrder(Class<V> type) {
        if (!Comparable.class.isAssignableFrom(type)) {
            throw new IllegalArgumentException(
                    "%s has no order of its own: say what is large, top(n, Comparator.comparing(%s::…))"
                            .formatted(type.getSimpleName(), type.getSimpleName()));
        }
        return (Comparator<V>) Comparator.<Comparable<Object>>naturalOrder();
    }
}
