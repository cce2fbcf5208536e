package org.kprobe4j.internal.targets;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.symbols.SymbolLine;
import org.kprobe4j.internal.targets.TargetSpec.Clause;

/** The clauses of a target, ready to judge every symbol of a kernel. Keeps state while it judges: not safe for several threads. */
final class Selection {
    private final List<Clause> clauses;
    private final NameTable names = new NameTable();
    /** By number of the name: the clauses that are this symbol. */
    private final List<List<Named>> named = new ArrayList<>();

    private final List<Ruled> rules = new ArrayList<>();
    private final Map<Long, List<Integer>> starts = new HashMap<>();
    private final long[] offsets;
    private int paddings;

    private record Named(int clause, @Nullable Glob module) {}

    private record Ruled(int clause, NameRule rule) {}

    /** Receives the clauses that a symbol answers to. */
    @FunctionalInterface
    interface Hits {
        void hit(int clause, Hit how);
    }

    /** How a symbol answers to a clause. */
    enum Hit {
        /** By its name, by a pattern or by its address. */
        ITSELF,
        /** As a copy of the function that is named. */
        COPY,
        /** As a part of the function that is named. */
        PART
    }

    /**
     * Of clauses.
     *
     * @param clauses all of them
     * @param types by clause, what the functions are that take a type; null for clauses without one
     */
    Selection(List<Clause> clauses, List<@Nullable TypedNames> types) {
        this.clauses = clauses;
        this.offsets = new long[clauses.size()];
        for (int i = 0; i < clauses.size(); i++) {
            add(i, clauses.get(i).target(), types.get(i));
        }
    }

    private void add(int clause, TargetSpec target, @Nullable TypedNames types) {
        switch (target) {
            case TargetSpec.Symbol symbol -> {
                int number = names.add(symbol.name());
                if (number == named.size()) {
                    named.add(new ArrayList<>(1));
                }
                named.get(number).add(new Named(clause, symbol.module() == null ? null : new Glob(symbol.module())));
                offsets[clause] = symbol.offset();
            }
            case TargetSpec.Matching matching -> rules.add(new Ruled(clause, NameRule.of(matching, types)));
            case TargetSpec.Expression expression -> rules.add(new Ruled(clause, NameRule.of(expression)));
            // Its function is told when the kernel's symbols were asked.
            case TargetSpec.Address _ -> {}
            case TargetSpec.Several _ -> throw new IllegalArgumentException("clauses do not nest");
        }
    }

    /** Tells in which function an address lies. */
    void at(int clause, long start, long offset) {
        starts.computeIfAbsent(start, _ -> new ArrayList<>(1)).add(clause);
        offsets[clause] = offset;
    }

    /** Whether some clause is a pattern, which only each function itself can answer. */
    boolean hasRules() {
        return !rules.isEmpty();
    }

    /** The functions that are asked for by their names. */
    List<String> names() {
        return clauses.stream()
                .filter(clause -> clause.target() instanceof TargetSpec.Symbol)
                .map(clause -> ((TargetSpec.Symbol) clause.target()).name())
                .distinct()
                .toList();
    }

    /** Where the functions begin in which the addresses lie. */
    Set<Long> starts() {
        return starts.keySet();
    }

    /** How far behind the function's first byte a clause means. */
    long offset(int clause) {
        return offsets[clause];
    }

    boolean isExcluding(int clause) {
        return clauses.get(clause).excluded();
    }

    /** How many symbols were passed over because they are the bytes before functions. */
    int paddings() {
        return paddings;
    }

    /** Tells what a function begins at an address answers to. */
    void judgeAddress(long address, Hits hits) {
        if (!starts.isEmpty()) {
            for (int clause : starts.getOrDefault(address, List.of())) {
                hits.hit(clause, Hit.ITSELF);
            }
        }
    }

    /** Tells which clauses a function answers to. */
    void judge(SymbolLine line, Hits hits) {
        if (names.size() == 0 && !mayMatch(line)) {
            return;
        }
        byte[] bytes = line.bytes();
        int stemEnd = Variant.stemEnd(bytes, line.nameFrom(), line.nameTo());
        Variant variant = Variant.of(bytes, stemEnd, line.nameTo());
        if (names.size() > 0) {
            hitNamed(line, line.nameTo(), Hit.ITSELF, hits);
            if (variant != Variant.NONE) {
                hitNamed(line, stemEnd, variant == Variant.COPY ? Hit.COPY : Hit.PART, hits);
            }
        }
        for (int i = 0; i < rules.size(); i++) {
            Ruled ruled = rules.get(i);
            if (ruled.rule().matches(line, stemEnd)) {
                hitRuled(line, ruled, variant, hits);
            }
        }
    }

    private boolean mayMatch(SymbolLine line) {
        for (int i = 0; i < rules.size(); i++) {
            if (rules.get(i).rule().mayMatch(line)) {
                return true;
            }
        }
        return false;
    }

    /** With which bytes the names begin that can be meant; null for any. */
    boolean @Nullable [] firstBytes() {
        boolean[] bytes = new boolean[1 << Byte.SIZE];
        for (Ruled ruled : rules) {
            String prefix = ruled.rule().prefix();
            if (prefix.isEmpty()) {
                return null;
            }
            bytes[prefix.charAt(0) & 0xff] = true;
        }
        for (String name : names()) {
            bytes[name.charAt(0) & 0xff] = true;
        }
        return starts.isEmpty() ? bytes : null;
    }

    private void hitRuled(SymbolLine line, Ruled ruled, Variant variant, Hits hits) {
        if (Padding.isNamed(line.bytes(), line.nameFrom(), line.nameTo())
                && !ruled.rule().asksForPadding()) {
            paddings++;
        } else {
            boolean whole = variant.isWhole() || ruled.rule().asksForParts();
            hits.hit(ruled.clause(), whole ? Hit.ITSELF : Hit.PART);
        }
    }

    private void hitNamed(SymbolLine line, int to, Hit how, Hits hits) {
        int number = names.find(line.bytes(), line.nameFrom(), to);
        if (number != NameTable.NONE) {
            for (Named one : named.get(number)) {
                if (NameRule.isIn(one.module(), line)) {
                    hits.hit(one.clause(), how);
                }
            }
        }
    }
}
