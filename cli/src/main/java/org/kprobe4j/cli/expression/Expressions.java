package org.kprobe4j.cli.expression;

import java.util.List;
import java.util.Optional;
import org.kprobe4j.cli.expression.Type.Numeric;
import org.kprobe4j.cli.expression.Value.Constant;

/** Reads expressions over one function's calls. */
public final class Expressions {
    /** A condition that is always true. */
    public static final Value ALWAYS = new Constant(1);

    private final Signature signature;

    private Expressions(Signature signature) {
        this.signature = signature;
    }

    /** Over calls of a function. */
    public static Expressions over(Signature signature) {
        return new Expressions(signature);
    }

    /**
     * Reads one expression.
     *
     * @throws ExpressionException if it is written wrongly or names what is not there
     */
    public Typed read(String text) {
        return new Checker(text, signature).check(Parser.parse(text));
    }

    /**
     * Reads expressions that commas separate.
     *
     * @throws ExpressionException if one is written wrongly or names what is not there
     */
    public List<Typed> readList(String text) {
        var checker = new Checker(text, signature);
        return Parser.parseList(text).stream().map(checker::check).toList();
    }

    /**
     * What a call must fulfil.
     *
     * @param atEntry decided when the function is entered
     * @param atReturn decided when it returns
     */
    public record Condition(Value atEntry, Value atReturn) {
        /** Fulfilled by each call. */
        public static final Condition NONE = new Condition(ALWAYS, ALWAYS);

        /** Whether something is decided at the return. */
        public boolean needsReturn() {
            return !atReturn.equals(ALWAYS);
        }

        /** Both this and another. */
        public Condition and(Condition other) {
            return new Condition(both(atEntry, other.atEntry), both(atReturn, other.atReturn));
        }
    }

    /** The text that something is or leads to: characters, or the name of a file. */
    public static Optional<Text> textOf(Typed typed) {
        var memory = new Memory();
        return memory.text(typed).or(() -> memory.path(typed));
    }

    /** Both values, without those that are always true. */
    public static Value both(Value left, Value right) {
        return left.equals(ALWAYS) ? right : right.equals(ALWAYS) ? left : new Value.Both(left, right);
    }

    /**
     * Reads a condition. What {@code &&} joins at the top is decided as early as it can be.
     *
     * @throws ExpressionException if it is written wrongly, names what is not there, or is no number
     */
    public Condition condition(String text) {
        return condition(new Checker(text, signature), Parser.parse(text));
    }

    private static Condition condition(Checker checker, Node node) {
        if (node instanceof Node.Binary both && both.operator().equals("&&")) {
            return condition(checker, both.left()).and(condition(checker, both.right()));
        }
        Typed typed = checker.check(node);
        Value value = checker.truth(typed, node);
        return typed.atReturn() ? new Condition(ALWAYS, value) : new Condition(value, ALWAYS);
    }

    /** Whether the number that a function returned says that it failed. */
    static Value failed(Type type, Value returned) {
        if (type instanceof Numeric number && number.signed() && number.meaning() != Numeric.Meaning.BOOL) {
            return new Value.Binary(Operator.LESS, returned, new Constant(0));
        }
        return new Value.Binary(Operator.LESS_OR_EQUAL_UNSIGNED, new Constant(-Checker.MAX_ERRNO), returned);
    }
}
