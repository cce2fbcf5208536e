package org.kprobe4j.cli.expression;

import java.util.List;

/** An expression as it is written; {@code at} is where in the text a mistake in it is shown. */
sealed interface Node {
    int at();

    /** What it is made of. */
    default List<Node> parts() {
        return switch (this) {
            case Literal _, Quoted _, Name _ -> List.of();
            case Member member -> List.of(member.of());
            case Index index -> List.of(index.of(), index.index());
            case Call call -> call.arguments();
            case Cast cast -> List.of(cast.of());
            case Unary unary -> List.of(unary.of());
            case Binary binary -> List.of(binary.left(), binary.right());
            case Choice choice -> List.of(choice.condition(), choice.yes(), choice.no());
        };
    }

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
