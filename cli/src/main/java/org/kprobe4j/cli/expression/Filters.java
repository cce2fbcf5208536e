package org.kprobe4j.cli.expression;

import java.util.Collection;
import java.util.List;
import org.kprobe4j.cli.expression.Value.Constant;
import org.kprobe4j.cli.expression.Value.Context;

/** Conditions on the task that runs, as options give them. */
public final class Filters {
    private Filters() {}

    /** Whether something of the task is one of some numbers; always true of none. */
    public static Value isOneOf(Context.Item item, Collection<? extends Number> numbers) {
        return any(numbers.stream()
                .<Value>map(
                        number -> new Value.Binary(Operator.EQUAL, new Context(item), new Constant(number.longValue())))
                .toList());
    }

    /** Whether something of the task is not a number. */
    public static Value isNot(Context.Item item, long number) {
        return new Value.Binary(Operator.NOT_EQUAL, new Context(item), new Constant(number));
    }

    /** Whether the task has one of some names; a star at a name's end stands for anything. Always true of none. */
    public static Value isNamed(Collection<String> names) {
        return any(names.stream().map(Filters::isNamed).toList());
    }

    private static Value isNamed(String name) {
        boolean starts = name.endsWith("*");
        return new Value.Matches(
                new Text.Comm(),
                starts ? Value.Matches.Match.STARTS : Value.Matches.Match.EQUALS,
                starts ? name.substring(0, name.length() - 1) : name);
    }

    /** In halves: what is nested is a call within a call to the compiler. */
    private static Value any(List<Value> values) {
        if (values.isEmpty()) {
            return Expressions.ALWAYS;
        } else if (values.size() == 1) {
            return values.getFirst();
        }
        int middle = values.size() / 2;
        return new Value.Either(any(values.subList(0, middle)), any(values.subList(middle, values.size())));
    }
}
