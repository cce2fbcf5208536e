package org.kprobe4j.internal.targets;

import java.util.Arrays;

/** The clauses that one function answers to, each once and packed; used again for the next function. */
final class HitList {
    private int[] hits = new int[4];
    private int count;

    void clear() {
        count = 0;
    }

    boolean isEmpty() {
        return count == 0;
    }

    void add(int hit) {
        for (int i = 0; i < count; i++) {
            if (hits[i] == hit) {
                return;
            }
        }
        if (count == hits.length) {
            hits = Arrays.copyOf(hits, 2 * count);
        }
        hits[count++] = hit;
    }

    int[] toArray() {
        return Arrays.copyOf(hits, count);
    }
}
