package org.kprobe4j.internal.targets;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A function that answers to some clause, while it is found out what can be said of it. */
final class Candidate {
    final long address;
    /** Of its first symbol. */
    final int index;

    final @Nullable String module;
    /** In the kernel's order, the one to be shown first. */
    private String[] names;
    /** Clauses with {@link Selection.Hit}, packed. */
    private int[] hits;
    /** Where the next symbol begins; 0 if not known. */
    long end;

    boolean excluded;
    Place.Traceable traceable = Place.Traceable.UNKNOWN;

    Candidate(long address, int index, @Nullable String module, List<String> names, int[] hits) {
        this.address = address;
        this.index = index;
        this.module = module;
        this.names = names.toArray(String[]::new);
        this.hits = hits;
        names.stream().filter(name -> !Padding.isNamed(name)).findFirst().ifPresent(this::prefer);
    }

    static int pack(int clause, Selection.Hit how) {
        return clause << 2
                | switch (how) {
                    case ITSELF -> 0;
                    case COPY -> 1;
                    case PART -> 2;
                };
    }

    static int clause(int hit) {
        return hit >>> 2;
    }

    static Selection.Hit how(int hit) {
        return switch (hit & 3) {
            case 0 -> Selection.Hit.ITSELF;
            case 1 -> Selection.Hit.COPY;
            default -> Selection.Hit.PART;
        };
    }

    int[] hits() {
        return hits;
    }

    List<String> names() {
        return Arrays.asList(names);
    }

    String name() {
        return names[0];
    }

    /** Shows a name first. */
    void prefer(String name) {
        int at = names().indexOf(name);
        if (at > 0) {
            System.arraycopy(names, 0, names, 1, at);
            names[0] = name;
        }
    }

    long sizeBytes() {
        return Long.compareUnsigned(end, address) > 0 ? end - address : 0;
    }

    /** The function's name without what the compiler added. */
    String stem() {
        int dot = name().indexOf('.', 1);
        return dot < 0 ? name() : name().substring(0, dot);
    }

    boolean isVariant() {
        return name().indexOf('.', 1) > 0;
    }
}
