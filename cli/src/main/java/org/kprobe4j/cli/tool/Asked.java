package org.kprobe4j.cli.tool;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.cli.expression.Expressions.Condition;
import org.kprobe4j.cli.expression.Type;
import org.kprobe4j.cli.expression.Typed;
import org.kprobe4j.cli.output.Column;
import org.kprobe4j.cli.output.Kind;

/**
 * What is asked of a function's calls.
 *
 * @param condition which of them count
 * @param keys by what they are told apart
 * @param returned what they return, where that is counted; null where it is not
 */
record Asked(
        Condition condition, List<KeyColumn> keys, @Nullable Typed returned) {
    Asked {
        keys = List.copyOf(keys);
    }

    Asked(Condition condition, List<KeyColumn> keys) {
        this(condition, keys, null);
    }

    /** The keys as expressions. */
    List<Typed> typed() {
        return keys.stream().map(KeyColumn::typed).toList();
    }

    /** The columns of the keys. */
    List<Column> columns() {
        return keys.stream().map(KeyColumn::column).toList();
    }

    /** Whether something of it is known when the function returns only. */
    boolean isAtReturn() {
        return condition.needsReturn() || typed().stream().anyMatch(Typed::atReturn) || returned != null;
    }

    /** A key's kind: keys of one kind may stand in one column and in one map. */
    private record KeyKind(
            Kind kind, boolean isText, @Nullable Type constants) {
        static KeyKind of(KeyColumn key) {
            Kind kind = key.column().kind();
            Typed typed = key.typed();
            return new KeyKind(
                    kind == Kind.UNSIGNED ? Kind.NUMBER : kind,
                    typed.text() != null,
                    typed.type() instanceof Type.Constants constants ? constants : null);
        }

        String describe() {
            return isText
                    ? "a text"
                    : constants != null
                            ? constants.describe()
                            : switch (kind) {
                                case ADDRESS -> "an address";
                                case FLAG -> "true or false";
                                case TEXT -> "a character";
                                default -> "a number";
                            };
        }
    }

    /** The kinds of the keys; equal ones of two functions can be counted together. */
    List<?> kinds() {
        return keys.stream().map(KeyKind::of).toList();
    }

    /** The first key that is of another kind with another function: {@code name is an address, elsewhere a text}. */
    String difference(Asked other) {
        for (int i = 0; i < keys.size(); i++) {
            KeyKind own = KeyKind.of(keys.get(i));
            KeyKind others = KeyKind.of(other.keys.get(i));
            if (!own.equals(others)) {
                return "%s is %s, elsewhere %s"
                        .formatted(keys.get(i).column().name(), own.describe(), others.describe());
            }
        }
        throw new IllegalArgumentException("they are alike");
    }
}
