package org.kprobe4j.internal.targets;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.kprobe4j.bpf.symbols.SymbolLine;

/** The functions' names of one address while a pass goes over them: bytes, since most are not asked for. */
final class SymbolGroup implements Selection.Hits {
    private static final int FIRST_BYTES = 1 << 10;

    private final Selection selection;
    long address;
    private byte[] bytes = new byte[FIRST_BYTES];
    private int[] ends = new int[4];
    private int count;
    private int[] hits = new int[4];
    private int hitCount;
    boolean excluded;

    SymbolGroup(Selection selection) {
        this.selection = selection;
    }

    void begin(long newAddress) {
        address = newAddress;
        count = 0;
        hitCount = 0;
        excluded = false;
    }

    void add(SymbolLine line) {
        int from = count == 0 ? 0 : ends[count - 1];
        int length = line.nameTo() - line.nameFrom();
        if (from + length > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, from + length));
        }
        System.arraycopy(line.bytes(), line.nameFrom(), bytes, from, length);
        if (count == ends.length) {
            ends = Arrays.copyOf(ends, 2 * count);
        }
        ends[count++] = from + length;
        selection.judge(line, this);
    }

    @Override
    public void hit(int clause, Selection.Hit how) {
        if (selection.isExcluding(clause)) {
            excluded = true;
            return;
        }
        int hit = Candidate.pack(clause, how);
        for (int i = 0; i < hitCount; i++) {
            if (hits[i] == hit) {
                return;
            }
        }
        if (hitCount == hits.length) {
            hits = Arrays.copyOf(hits, 2 * hitCount);
        }
        hits[hitCount++] = hit;
    }

    /** Whether a probe may have been asked for here. */
    boolean isSelected() {
        return hitCount > 0;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** Whether it is a function that runs, and so a neighbour to tell. */
    boolean isFunction() {
        return count > 0 && !Padding.isNamed(bytes, 0, ends[0]);
    }

    int[] hits() {
        return Arrays.copyOf(hits, hitCount);
    }

    List<String> names() {
        var names = new ArrayList<String>(count);
        for (int i = 0; i < count; i++) {
            names.add(name(i));
        }
        return names;
    }

    String firstName() {
        return name(0);
    }

    private String name(int i) {
        int from = i == 0 ? 0 : ends[i - 1];
        return new String(bytes, from, ends[i] - from, StandardCharsets.UTF_8);
    }
}
