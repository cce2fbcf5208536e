package org.kprobe4j.cli.expression;

import java.util.Collection;
import org.kprobe4j.cli.expression.Value.Constant;
import org.kprobe4j.cli.expression.Value.Context;

/** Conditions on the task that runs, as options give them. */
public final class Filters {
    private Filters() {}

    /** Whether something of the task is one of some numbers; always true of none. */
    public static Value isOneOf(Context.Item item, Collection<? extends Number> numbers) {
        Value any = Expressions.ALWAYS;
        for (Number number : numbers) {
            Value is = new Value.Binary(Operator.EQUAL, new Context(item), new Constant(number.longValue()));
            any = any.equals(Expressions.ALWAYS) ? is : new Value.Either(any, is);
        }
        return any;
    }

    /** Whether something of the task is not a number. */
    public static Value isNot(Context.Item item, long number) {
        return new Value.Binary(Operator.NOT_EQUAL, new Context(item), new Constant(number));
    }

    /** Whether the task has one of some names; a star at a name's end stands for anything. Always true of none. */
    public static Value isNamed(Collection<String> names) {
        Value any = Expressions.ALWAYS;
        for (String name : names) {
            boolean starts = name.endsWith("*");
            Value is = new Value.Matches(
                    new Text.Comm(),
                    starts ? Value.Matches.Match.STARTS : Value.Matches.Match.EQUALS,
                    starts ? name.substring(0, name.length() - 1) : name);
            any = any.equals(Expressions.ALWAYS) ? is : new Value.Either(any, is);
        }
        return any;
    }
}
