package org.kprobe4j.cli.expression;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads expressions as C has them: names, numbers, quoted texts, operators by C's precedence, calls, casts. */
final class Parser {
    /** So deep may expressions nest; the compiler follows as many calls. */
    private static final int MAX_DEPTH = 24;

    /** Names, numbers and signs: some 120 comparisons; the compiler follows 10000 instructions. */
    private static final int MAX_WORDS = 500;

    private static final Map<String, Integer> PRECEDENCE = Map.ofEntries(
            Map.entry("||", 1),
            Map.entry("&&", 2),
            Map.entry("|", 3),
            Map.entry("^", 4),
            Map.entry("&", 5),
            Map.entry("==", 6),
            Map.entry("!=", 6),
            Map.entry("<", 7),
            Map.entry("<=", 7),
            Map.entry(">", 7),
            Map.entry(">=", 7),
            Map.entry("<<", 8),
            Map.entry(">>", 8),
            Map.entry("+", 9),
            Map.entry("-", 9),
            Map.entry("*", 10),
            Map.entry("/", 10),
            Map.entry("%", 10));

    /** A bracket with one of these behind it begins a cast. */
    private static final Set<String> TYPE_WORDS = Set.of(
            "struct",
            "union",
            "enum",
            "unsigned",
            "signed",
            "int",
            "long",
            "short",
            "char",
            "void",
            "bool",
            "u8",
            "u16",
            "u32",
            "u64",
            "s8",
            "s16",
            "s32",
            "s64",
            "size_t",
            "ssize_t",
            "const");

    private final String text;
    private final List<Token> tokens;
    private int next;
    private int depth;

    private Parser(String text) {
        this.text = text;
        tokens = Token.read(text);
        if (tokens.size() > MAX_WORDS) {
            throw new ExpressionException(
                    "the expression has %d words, and there is room for %d; kprobe run takes any handler"
                            .formatted(tokens.size() - 1, MAX_WORDS - 1),
                    "...",
                    0);
        }
    }

    /** Reads one expression. */
    static Node parse(String text) {
        var parser = new Parser(text);
        Node node = parser.choice();
        parser.end();
        parser.measure(node, 0);
        return node;
    }

    /** Reads expressions that commas separate. */
    static List<Node> parseList(String text) {
        var parser = new Parser(text);
        var nodes = new ArrayList<Node>();
        do {
            nodes.add(parser.choice());
        } while (parser.accept(","));
        parser.end();
        nodes.forEach(node -> parser.measure(node, 0));
        return nodes;
    }

    /** What is nested is a call within a call to the compiler. */
    private void measure(Node node, int above) {
        if (above > MAX_DEPTH) {
            throw tooDeep(node.at());
        }
        node.parts().forEach(part -> measure(part, above + 1));
    }

    private ExpressionException tooDeep(int at) {
        return wrong("the expression nests deeper than " + MAX_DEPTH, at);
    }

    private void end() {
        if (token().kind() != Token.Kind.END) {
            throw wrong("'" + token().text() + "' is not expected here", token().at());
        }
    }

    private Node choice() {
        if (++depth > MAX_DEPTH) {
            throw tooDeep(token().at());
        }
        Node condition = binary(1);
        if (accept("?")) {
            int at = token().at();
            Node yes = choice();
            expect(":");
            condition = new Node.Choice(condition, yes, choice(), at);
        }
        depth--;
        return condition;
    }

    private Node binary(int least) {
        Node left = unary();
        while (true) {
            Token operator = token();
            Integer precedence = operator.kind() == Token.Kind.SIGN ? PRECEDENCE.get(operator.text()) : null;
            if (precedence == null || precedence < least) {
                return left;
            }
            if (operator.text().equals("||") || operator.text().equals("&&")) {
                left = chain(operator.text(), left, precedence);
            } else {
                next++;
                left = new Node.Binary(operator.text(), left, binary(precedence + 1), operator.at());
            }
        }
    }

    /** {@code a || b || c || d}: the order in which they are asked stays, however they are bracketed. */
    private Node chain(String operator, Node first, int precedence) {
        var terms = new ArrayList<>(List.of(first));
        var places = new ArrayList<Integer>();
        while (token().kind() == Token.Kind.SIGN && token().text().equals(operator)) {
            places.add(token().at());
            next++;
            terms.add(binary(precedence + 1));
        }
        return halved(operator, terms, places);
    }

    private static Node halved(String operator, List<Node> terms, List<Integer> places) {
        if (terms.size() == 1) {
            return terms.getFirst();
        }
        int middle = terms.size() / 2;
        return new Node.Binary(
                operator,
                halved(operator, terms.subList(0, middle), places.subList(0, middle - 1)),
                halved(operator, terms.subList(middle, terms.size()), places.subList(middle, places.size())),
                places.get(middle - 1));
    }

    private Node unary() {
        Token sign = token();
        if (sign.kind() == Token.Kind.SIGN && sign.text().length() == 1 && "-!~+*".contains(sign.text())) {
            if (++depth > MAX_DEPTH) {
                throw tooDeep(sign.at());
            }
            next++;
            Node of = unary();
            depth--;
            return switch (sign.text()) {
                case "+" -> of;
                case "*" -> new Node.Index(of, new Node.Literal(0, false, sign.at()), sign.at());
                default -> new Node.Unary(sign.text().charAt(0), of, sign.at());
            };
        }
        return postfix(primary());
    }

    private Node postfix(Node first) {
        Node node = first;
        while (true) {
            int at = token().at();
            if (accept("->") || accept(".")) {
                Token name = token();
                if (name.kind() != Token.Kind.NAME) {
                    throw wrong("the name of a field is expected here", name.at());
                }
                next++;
                node = new Node.Member(node, name.text(), name.at());
            } else if (accept("[")) {
                node = new Node.Index(node, choice(), at);
                expect("]");
            } else {
                return node;
            }
        }
    }

    private Node primary() {
        Token token = token();
        next++;
        return switch (token.kind()) {
            case NUMBER -> new Node.Literal(token.number(), token.number() < 0, token.at());
            case TEXT -> new Node.Quoted(token.text(), token.at());
            case NAME -> accept("(") ? call(token) : new Node.Name(token.text(), token.at());
            case SIGN -> {
                if (!token.text().equals("(")) {
                    throw wrong("a value is expected here, not '" + token.text() + "'", token.at());
                }
                Node cast = cast(token);
                if (cast != null) {
                    yield cast;
                }
                Node inner = choice();
                expect(")");
                yield inner;
            }
            case END -> throw wrong("the expression ends where a value is expected", token.at());
        };
    }

    private Node call(Token function) {
        var arguments = new ArrayList<Node>();
        if (!accept(")")) {
            do {
                arguments.add(choice());
            } while (accept(","));
            expect(")");
        }
        return new Node.Call(function.text(), arguments, function.at());
    }

    /** After an opening bracket: a cast, or null if it is none. */
    private @Nullable Node cast(Token bracket) {
        if (token().kind() != Token.Kind.NAME || !TYPE_WORDS.contains(token().text())) {
            return null;
        }
        var words = new StringBuilder();
        while (token().kind() == Token.Kind.NAME) {
            if (!token().text().equals("const")) {
                words.append(words.isEmpty() ? "" : " ").append(token().text());
            }
            next++;
        }
        int stars = 0;
        while (accept("*")) {
            stars++;
        }
        expect(")");
        return new Node.Cast(words.toString(), stars, unary(), bracket.at());
    }

    private Token token() {
        return tokens.get(next);
    }

    private boolean accept(String sign) {
        if (token().kind() == Token.Kind.SIGN && token().text().equals(sign)) {
            next++;
            return true;
        }
        return false;
    }

    private void expect(String sign) {
        if (!accept(sign)) {
            Token found = token();
            throw wrong(
                    "'%s' is expected here%s"
                            .formatted(sign, found.kind() == Token.Kind.END ? "" : ", not '" + found.text() + "'"),
                    found.at());
        }
    }

    private ExpressionException wrong(String message, int at) {
        return new ExpressionException(message, text, at);
    }
}
