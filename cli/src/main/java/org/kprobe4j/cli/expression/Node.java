package org.kprobe4j.cli.expression;

import java.util.List;

/** An expression as it is written; {@code at} is where in the text a mistake in it is shown. */
sealed interface Node {
    int at();

    record Literal(long number, boolean unsigned, int at) implements Node {}

    record Quoted(String text, int at) implements Node {}

    record Name(String name, int at) implements Node {}

    record Member(Node of, String name, int at) implements Node {}

    record Index(Node of, Node index, int at) implements Node {}

    record Call(String function, List<Node> arguments, int at) implements Node {
        public Call {
            arguments = List.copyOf(arguments);
        }
    }

    /** {@code (struct file *) x}, {@code (u32) x}; the type's words without stars. */
    record Cast(String type, int stars, Node of, int at) implements Node {}

    record Unary(char operator, Node of, int at) implements Node {}

    record Binary(String operator, Node left, Node right, int at) implements Node {}

    record Choice(Node condition, Node yes, Node no, int at) implements Node {}
}
