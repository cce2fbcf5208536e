package org.kprobe4j.bpf.symbols;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Keeps the names that differ least from a wanted one, in edits: insert, delete, replace a byte, swap two neighbours.
 *
 * <p>Almost all names are dismissed by their length or by a count of letters, before any table is filled.
 */
final class NearestNames {
    private static final int LONGEST = 128;

    private final byte[] wanted;
    private final int limit;
    private final int[] letters = new int[128];
    private final List<Near> best = new ArrayList<>();
    private final int[][] rows = new int[3][LONGEST + 1];
    private int worstKept;

    private record Near(String name, int edits) {}

    NearestNames(String name, int limit) {
        this.wanted = name.getBytes(StandardCharsets.UTF_8);
        this.limit = limit;
        this.worstKept = Math.max(1, Math.min(4, wanted.length / 3));
        for (byte b : wanted) {
            letters[b & 127]++;
        }
    }

    void offer(byte[] bytes, int from, int to) {
        int length = to - from;
        if (length > LONGEST || Math.abs(length - wanted.length) > worstKept || missing(bytes, from, to) > worstKept) {
            return;
        }
        int edits = edits(bytes, from, length);
        if (edits > worstKept) {
            return;
        }
        String name = new String(bytes, from, length, StandardCharsets.UTF_8);
        if (best.stream().noneMatch(near -> near.name().equals(name))) {
            keep(new Near(name, edits));
        }
    }

    private void keep(Near near) {
        best.add(near);
        best.sort(Comparator.comparingInt(Near::edits));
        if (best.size() > limit) {
            best.removeLast();
            worstKept = Math.max(0, best.isEmpty() ? 0 : best.getLast().edits());
        }
    }

    /** How many bytes of the name the wanted one has not got: a lower bound of the edits. */
    private int missing(byte[] bytes, int from, int to) {
        int missing = 0;
        for (int at = from; at < to; at++) {
            if (--letters[bytes[at] & 127] < 0) {
                missing++;
            }
        }
        for (int at = from; at < to; at++) {
            letters[bytes[at] & 127]++;
        }
        return missing;
    }

    private int edits(byte[] bytes, int from, int length) {
        int[] before = rows[0];
        int[] above = rows[1];
        int[] row = rows[2];
        for (int j = 0; j <= length; j++) {
            above[j] = j;
        }
        for (int i = 1; i <= wanted.length; i++) {
            row[0] = i;
            for (int j = 1; j <= length; j++) {
                byte mine = wanted[i - 1];
                byte other = bytes[from + j - 1];
                int edits = Math.min(Math.min(row[j - 1], above[j]) + 1, above[j - 1] + (mine == other ? 0 : 1));
                boolean swapped = i > 1 && j > 1 && mine == bytes[from + j - 2] && wanted[i - 2] == other;
                row[j] = swapped ? Math.min(edits, before[j - 2] + 1) : edits;
            }
            int[] free = before;
            before = above;
            above = row;
            row = free;
        }
        return above[length];
    }

    List<String> best() {
        return best.stream().map(Near::name).toList();
    }
}
