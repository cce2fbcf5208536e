package org.kprobe4j.cli.expression;

import org.kprobe4j.cli.expression.Type.Numeric;
import org.kprobe4j.cli.expression.Type.Numeric.Meaning;

/** Operators on two numbers: all is computed in 64 bits, unsigned where one side is unsigned and as wide, as in C. */
final class Arithmetic {
    private static final Numeric BOOL = new Numeric(1, false, Meaning.BOOL);
    private static final Numeric UNSIGNED = new Numeric(Long.BYTES, false, Meaning.PLAIN);

    private Arithmetic() {}

    static Typed of(Checker checker, Node.Binary node, Typed left, Typed right, boolean late) {
        refuseTexts(checker, node, left, right);
        Value a = checker.number(left, node.left());
        Value b = checker.number(right, node.right());
        boolean unsigned = isUnsigned(left.type()) || isUnsigned(right.type());
        boolean swap = node.operator().equals(">") || node.operator().equals(">=");
        Operator operator = operator(node.operator());
        boolean comparison = isComparison(operator);
        if (!comparison && (left.type() instanceof Type.Pointer || right.type() instanceof Type.Pointer)) {
            throw checker.wrong("a pointer has no place in arithmetic; use [n], or cast it: (u64) p", node.at());
        }
        Operator exact = (operator == Operator.SHIFT_RIGHT ? isUnsigned(left.type()) : unsigned)
                ? operator.unsigned()
                : operator;
        return Typed.number(
                comparison ? BOOL : unsigned ? UNSIGNED : resultType(left.type(), right.type()),
                new Value.Binary(exact, swap ? b : a, swap ? a : b),
                late);
    }

    /** Times stay times when they are added to or divided by numbers. */
    private static Numeric resultType(Type left, Type right) {
        return left instanceof Numeric(int bytes, boolean signed, Meaning meaning)
                        && meaning == Meaning.DURATION
                        && right instanceof Numeric
                ? new Numeric(bytes, signed, meaning)
                : Numeric.LONG;
    }

    private static void refuseTexts(Checker checker, Node.Binary node, Typed left, Typed right) {
        boolean first = left.type() instanceof Type.Characters;
        if (!first && !(right.type() instanceof Type.Characters)) {
            return;
        }
        if (first && right.type() instanceof Type.Characters) {
            throw checker.wrong("two texts of the kernel cannot be compared; one must be in quotes", node.at());
        }
        Node text = first ? node.left() : node.right();
        Node number = first ? node.right() : node.left();
        throw checker.wrong(
                "%s is a text and cannot be compared with %s, %s"
                        .formatted(
                                checker.source(text),
                                checker.source(number).equals("this") ? "this" : checker.source(number),
                                (first ? right : left).type().describe()),
                node.at());
    }

    private static boolean isUnsigned(Type type) {
        return switch (type) {
            case Numeric number -> number.isWideUnsigned();
            case Type.Pointer _ -> true;
            default -> false;
        };
    }

    private static boolean isComparison(Operator operator) {
        return switch (operator) {
            case EQUAL, NOT_EQUAL, LESS, LESS_OR_EQUAL -> true;
            default -> false;
        };
    }

    /** For signed numbers; > and >= are < and <= with their sides exchanged. */
    private static Operator operator(String sign) {
        return switch (sign) {
            case "+" -> Operator.ADD;
            case "-" -> Operator.SUBTRACT;
            case "*" -> Operator.MULTIPLY;
            case "/" -> Operator.DIVIDE;
            case "%" -> Operator.REMAINDER;
            case "&" -> Operator.AND;
            case "|" -> Operator.OR;
            case "^" -> Operator.XOR;
            case "<<" -> Operator.SHIFT_LEFT;
            case ">>" -> Operator.SHIFT_RIGHT;
            case "==" -> Operator.EQUAL;
            case "!=" -> Operator.NOT_EQUAL;
            case "<", ">" -> Operator.LESS;
            case "<=", ">=" -> Operator.LESS_OR_EQUAL;
            default -> throw new IllegalArgumentException(sign);
        };
    }
}
