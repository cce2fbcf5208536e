package org.kprobe4j.cli.expression;

/** What two numbers of 64 bits are joined by. */
public enum Operator {
    ADD,
    SUBTRACT,
    MULTIPLY,
    /** Of signed numbers; by zero it ends the handler, which is counted. */
    DIVIDE,
    DIVIDE_UNSIGNED,
    REMAINDER,
    REMAINDER_UNSIGNED,
    AND,
    OR,
    XOR,
    SHIFT_LEFT,
    SHIFT_RIGHT,
    SHIFT_RIGHT_UNSIGNED,
    EQUAL,
    NOT_EQUAL,
    LESS,
    LESS_UNSIGNED,
    LESS_OR_EQUAL,
    LESS_OR_EQUAL_UNSIGNED;

    /** The one for unsigned numbers, where it makes a difference. */
    Operator unsigned() {
        return switch (this) {
            case DIVIDE -> DIVIDE_UNSIGNED;
            case REMAINDER -> REMAINDER_UNSIGNED;
            case SHIFT_RIGHT -> SHIFT_RIGHT_UNSIGNED;
            case LESS -> LESS_UNSIGNED;
            case LESS_OR_EQUAL -> LESS_OR_EQUAL_UNSIGNED;
            default -> this;
        };
    }
}
