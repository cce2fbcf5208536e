package org.kprobe4j.btf;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The names that someone may have meant: those with the fewest letters changed, missing, added or exchanged with their neighbour, and
 * after them those that the wanted name is a part of, such as {@code __x64_sys_open} for {@code sys_open}.
 */
public final class NearestNames {
    private final String wanted;
    private final int max;
    private final List<Match> best = new ArrayList<>();
    private final long letters;
    private final int part;
    private int bound;
    private int[] row;
    private int[] above;
    private int[] twoAbove;

    private record Match(String name, int distance) {
        static final Comparator<Match> ORDER =
                Comparator.comparingInt(Match::distance).thenComparing(Match::name);
    }

    /**
     * A search whose candidates come one by one.
     *
     * @param wanted the name that does not exist
     * @param max how many to suggest at most
     */
    public NearestNames(String wanted, int max) {
        this.wanted = wanted;
        this.max = max;
        this.letters = letters(wanted);
        // One slip in three letters is the most that still looks like a slip.
        this.bound = Math.clamp(wanted.length() / 3, 1, 4);
        this.part = bound + 1;
        this.row = new int[wanted.length() + 1];
        this.above = new int[wanted.length() + 1];
        this.twoAbove = new int[wanted.length() + 1];
    }

    /**
     * The candidates most like a name.
     *
     * @param wanted the name that does not exist
     * @param candidates the names that do; may repeat
     * @param max how many at most
     * @return distinct, the most alike first; empty if none is alike
     */
    public static List<String> nearest(String wanted, Stream<String> candidates, int max) {
        return nearest(wanted, candidates.iterator(), max);
    }

    /**
     * The candidates most like a name.
     *
     * @param wanted the name that does not exist
     * @param candidates the names that do; may repeat
     * @param max how many at most
     * @return distinct, the most alike first; empty if none is alike
     */
    public static List<String> nearest(String wanted, Iterator<String> candidates, int max) {
        if (wanted.isEmpty() || max <= 0) {
            return List.of();
        }
        var search = new NearestNames(wanted, max);
        while (candidates.hasNext()) {
            search.offer(candidates.next());
        }
        return search.best();
    }

    /**
     * What was most alike so far.
     *
     * @return distinct, the most alike first; empty if none is alike
     */
    public List<String> best() {
        return best.stream().map(Match::name).toList();
    }

    /**
     * Considers one more candidate.
     *
     * @param candidate a name that exists
     */
    public void offer(String candidate) {
        int distance = mayBeNear(candidate) ? distance(candidate) : Integer.MAX_VALUE;
        if (distance > bound) {
            if (worst() < part || !isPart(candidate)) {
                return;
            }
            distance = part;
        }
        keep(new Match(candidate, distance));
    }

    private void keep(Match match) {
        if (best.contains(match)) {
            return;
        }
        best.add(match);
        best.sort(Match.ORDER);
        if (best.size() > max) {
            best.removeLast();
        }
        if (best.size() == max) {
            bound = Math.min(bound, worst());
        }
    }

    private int worst() {
        return best.size() < max ? Integer.MAX_VALUE : best.getLast().distance();
    }

    /** Rules out most names at the cost of a few instructions each. */
    private boolean mayBeNear(String candidate) {
        if (Math.abs(candidate.length() - wanted.length()) > bound) {
            return false;
        }
        long others = letters(candidate);
        return Long.bitCount(letters & ~others) <= bound && Long.bitCount(others & ~letters) <= bound;
    }

    private static long letters(String name) {
        long set = 0;
        for (int i = 0; i < name.length(); i++) {
            set |= 1L << name.charAt(i);
        }
        return set;
    }

    private boolean isPart(String candidate) {
        int at = wanted.length() < 4 ? -1 : candidate.indexOf(wanted);
        return at >= 0
                && (at == 0 || candidate.charAt(at - 1) == '_')
                && (at + wanted.length() == candidate.length()
                        || "._".indexOf(candidate.charAt(at + wanted.length())) >= 0);
    }

    /** Edits between the names, exchanges of neighbours included (optimal string alignment); anything above the bound is as good. */
    private int distance(String candidate) {
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= candidate.length(); i++) {
            var free = twoAbove;
            twoAbove = above;
            above = row;
            row = free;
            row[0] = i;
            int least = i;
            for (int j = 1; j < row.length; j++) {
                row[j] = cell(candidate, i, j);
                least = Math.min(least, row[j]);
            }
            if (least > bound) {
                return Integer.MAX_VALUE;
            }
        }
        return row[wanted.length()];
    }

    private int cell(String candidate, int i, int j) {
        char theirs = candidate.charAt(i - 1);
        char ours = wanted.charAt(j - 1);
        int edits = Math.min(above[j - 1] + (theirs == ours ? 0 : 1), Math.min(above[j], row[j - 1]) + 1);
        boolean exchanged = i > 1 && j > 1 && theirs == wanted.charAt(j - 2) && candidate.charAt(i - 2) == ours;
        return exchanged ? Math.min(edits, twoAbove[j - 2] + 1) : edits;
    }
}
