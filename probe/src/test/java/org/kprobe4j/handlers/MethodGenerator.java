package org.kprobe4j.handlers;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Writes random static methods in Java: operators, casts, branches, switches, bounded loops, calls of earlier methods. Every
 * method ends, and compiles.
 */
final class MethodGenerator {
    private static final List<String> TYPES = List.of("int", "long", "boolean", "byte", "short", "char");
    private static final int MAX_DEPTH = 4;

    private record Variable(String type, String name, boolean assignable) {}

    private record Array(String type, String name, int length) {}

    private record Method(String name, String result, List<String> parameters) {}

    private final Random random;
    private final StringBuilder out = new StringBuilder();
    private final List<Method> methods = new ArrayList<>();
    private final List<Variable> variables = new ArrayList<>();
    private final List<Array> arrays = new ArrayList<>();
    private int names;
    private int loops;
    private int budget;

    MethodGenerator(long seed) {
        random = new Random(seed);
    }

    /** A class with methods {@code m0} to {@code m(count-1)}. */
    String generate(String className, int count) {
        out.append("final class ").append(className).append(" {\n");
        for (int i = 0; i < count; i++) {
            method("m" + i);
        }
        return out.append("}\n").toString();
    }

    private void method(String name) {
        variables.clear();
        arrays.clear();
        names = 0;
        loops = 0;
        budget = 12;
        String result = pick(TYPES);
        var parameters = new ArrayList<String>();
        var header = new ArrayList<String>();
        for (int i = 0, n = 1 + random.nextInt(4); i < n; i++) {
            String type = pick(TYPES);
            String parameter = "p" + i;
            parameters.add(type);
            header.add(type + " " + parameter);
            variables.add(new Variable(type, parameter, true));
        }
        out.append("    static %s %s(%s) {\n".formatted(result, name, String.join(", ", header)));
        block(2, 2 + random.nextInt(5));
        line(2, "return %s;".formatted(expression(result, 0)));
        out.append("    }\n\n");
        methods.add(new Method(name, result, parameters));
    }

    private <T> T pick(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    private boolean chance(int percent) {
        return random.nextInt(100) < percent;
    }

    private void line(int indent, String text) {
        out.append("    ".repeat(indent)).append(text).append('\n');
    }

    // ---- statements ----

    private void block(int indent, int statements) {
        int scope = variables.size();
        int arrayScope = arrays.size();
        for (int i = 0; i < statements && budget > 0; i++) {
            statement(indent);
        }
        while (variables.size() > scope) {
            variables.removeLast();
        }
        while (arrays.size() > arrayScope) {
            arrays.removeLast();
        }
    }

    private void statement(int indent) {
        budget--;
        if (chance(15)) {
            array(indent);
            return;
        }
        switch (random.nextInt(indent > 4 ? 5 : 12)) {
            case 0, 1 -> declaration(indent);
            case 2, 3 -> assignment(indent);
            case 4 -> compound(indent);
            case 5, 6 -> choice(indent);
            case 7 -> forLoop(indent);
            case 8 -> whileLoop(indent);
            case 9 -> switchStatement(indent);
            case 10 -> switchExpression(indent);
            default -> choice(indent);
        }
    }

    private void declaration(int indent) {
        String type = pick(TYPES);
        String initial = expression(type, 0);
        String name = "v" + names++;
        line(indent, "%s %s = %s;".formatted(type, name, initial));
        variables.add(new Variable(type, name, true));
    }

    /** A new array, or a new value of an element. */
    private void array(int indent) {
        if (arrays.isEmpty() || chance(30)) {
            String type = pick(TYPES);
            String name = "a" + names++;
            int length = 1 + random.nextInt(12);
            String made = chance(50)
                    ? "new %s[%d]".formatted(type, length)
                    : "{%s}"
                            .formatted(Stream.generate(() -> expression(type, 2))
                                    .limit(length)
                                    .collect(Collectors.joining(", ")));
            line(indent, "%s[] %s = %s;".formatted(type, name, made));
            arrays.add(new Array(type, name, length));
        } else {
            Array array = pick(arrays);
            line(indent, "%s = %s;".formatted(element(array, 1), expression(array.type, 0)));
        }
    }

    /** Mostly within bounds, or too many runs would end there. */
    private String element(Array array, int depth) {
        String index =
                chance(90) ? "Math.floorMod(%s, %d)".formatted(integer(depth + 1), array.length) : integer(depth + 1);
        return "%s[%s]".formatted(array.name, index);
    }

    private String elementOf(String type, int depth, Supplier<String> otherwise) {
        List<Array> fitting = arrays.stream().filter(a -> a.type.equals(type)).toList();
        return fitting.isEmpty() || depth >= MAX_DEPTH ? otherwise.get() : element(pick(fitting), depth);
    }

    private List<Variable> assignable(boolean numbersOnly) {
        return variables.stream()
                .filter(v -> v.assignable && !(numbersOnly && v.type.equals("boolean")))
                .toList();
    }

    private void assignment(int indent) {
        List<Variable> all = assignable(false);
        if (!all.isEmpty()) {
            Variable v = pick(all);
            line(indent, "%s = %s;".formatted(v.name, expression(v.type, 0)));
        }
    }

    private void compound(int indent) {
        List<Variable> all = assignable(true);
        if (all.isEmpty()) {
            return;
        }
        Variable v = pick(all);
        if (chance(30)) {
            line(indent, v.name + pick(List.of("++;", "--;")));
        } else {
            String op = pick(List.of("+=", "-=", "*=", "&=", "|=", "^=", "<<=", ">>=", ">>>=", "/=", "%="));
            line(indent, "%s %s %s;".formatted(v.name, op, expression(pick(List.of("int", "long")), 1)));
        }
    }

    private void choice(int indent) {
        line(indent, "if (%s) {".formatted(expression("boolean", 0)));
        block(indent + 1, 1 + random.nextInt(2));
        if (chance(50)) {
            line(indent, "} else {");
            block(indent + 1, 1 + random.nextInt(2));
        }
        line(indent, "}");
    }

    private void forLoop(int indent) {
        String name = "i" + names++;
        String label = "l" + name;
        line(
                indent,
                "%s: for (int %s = %d; %s < %d; %s++) {"
                        .formatted(label, name, random.nextInt(2), name, 1 + random.nextInt(5), name));
        loopBody(indent, new Variable("int", name, false), label);
        line(indent, "}");
    }

    private void whileLoop(int indent) {
        String name = "w" + names++;
        String label = "l" + name;
        boolean after = chance(40);
        line(indent, "int %s = %d;".formatted(name, 1 + random.nextInt(4)));
        String condition = "--%s > 0%s".formatted(name, chance(50) ? " && " + expression("boolean", 2) : "");
        line(indent, after ? label + ": do {" : "%s: while (%s) {".formatted(label, condition));
        loopBody(indent, new Variable("int", name, false), label);
        line(indent, after ? "} while (%s);".formatted(condition) : "}");
    }

    private void loopBody(int indent, Variable counter, String label) {
        if (loops >= 2) {
            return;
        }
        loops++;
        variables.add(counter);
        block(indent + 1, 1 + random.nextInt(3));
        if (chance(40)) {
            line(
                    indent + 1,
                    "if (%s) { %s %s; }"
                            .formatted(expression("boolean", 1), pick(List.of("break", "continue")), label));
            block(indent + 1, 1);
        }
        variables.remove(counter);
        loops--;
    }

    private void switchStatement(int indent) {
        line(indent, "switch ((int) %s & %d) {".formatted(expression("long", 1), chance(50) ? 7 : -1));
        List<Integer> labels = new ArrayList<>(chance(50) ? List.of(0, 1, 2, 3, 5) : List.of(-1000, 0, 7, 1 << 20));
        int position = random.nextInt(labels.size() + 1);
        for (int i = 0; i <= labels.size(); i++) {
            if (i == position) {
                line(indent + 1, "default:");
            } else {
                line(indent + 1, "case %d:".formatted(labels.get(i < position ? i : i - 1)));
            }
            block(indent + 2, random.nextInt(2));
            if (chance(60)) {
                line(indent + 2, "break;");
            }
        }
        line(indent, "}");
    }

    private void switchExpression(int indent) {
        List<Variable> all = assignable(false);
        if (all.isEmpty()) {
            return;
        }
        Variable v = pick(all);
        line(indent, "%s = switch ((int) %s) {".formatted(v.name, expression("int", 1)));
        line(indent + 1, "case 0 -> %s;".formatted(expression(v.type, 1)));
        line(indent + 1, "case 1, -1, 65536 -> %s;".formatted(expression(v.type, 1)));
        line(indent + 1, "default -> %s;".formatted(expression(v.type, 1)));
        line(indent, "};");
    }

    // ---- expressions ----

    private String expression(String type, int depth) {
        return switch (type) {
            case "boolean" -> bool(depth);
            case "int" -> integer(depth);
            case "long" -> wide(depth);
            default -> "((%s) %s)".formatted(type, chance(70) ? integer(depth + 1) : wide(depth + 1));
        };
    }

    private String variable(String type, Supplier<String> otherwise) {
        List<Variable> fitting = variables.stream()
                .filter(v -> v.type.equals(type)
                        || (type.equals("int")
                                && List.of("byte", "short", "char").contains(v.type)))
                .toList();
        return fitting.isEmpty() ? otherwise.get() : pick(fitting).name;
    }

    private String intLiteral() {
        long value = LanguageTest.INTERESTING[random.nextInt(LanguageTest.INTERESTING.length)];
        return (int) value == Integer.MIN_VALUE ? "Integer.MIN_VALUE" : "(%d)".formatted((int) value);
    }

    private String longLiteral() {
        long value = LanguageTest.INTERESTING[random.nextInt(LanguageTest.INTERESTING.length)];
        return value == Long.MIN_VALUE ? "Long.MIN_VALUE" : "(%dL)".formatted(value);
    }

    private String integer(int depth) {
        int d = depth + 1;
        if (depth >= MAX_DEPTH) {
            return chance(75) ? variable("int", this::intLiteral) : intLiteral();
        }
        return switch (random.nextInt(14)) {
            case 0 -> intLiteral();
            case 1, 2, 3 -> variable("int", this::intLiteral);
            case 4, 5 -> "(%s %s %s)".formatted(integer(d), pick(List.of("+", "-", "*", "&", "|", "^")), integer(d));
            case 6 -> "(%s %s %s)".formatted(integer(d), pick(List.of("/", "%")), divisor(integer(d)));
            case 7 ->
                "(%s %s %s)".formatted(integer(d), pick(List.of("<<", ">>", ">>>")), chance(80) ? integer(d) : wide(d));
            case 8 -> "(%s%s)".formatted(pick(List.of("-", "~")), integer(d));
            case 9 -> "((int) %s)".formatted(wide(d));
            case 10 -> "(%s ? %s : %s)".formatted(bool(d), integer(d), integer(d));
            case 11 -> "((%s) %s)".formatted(pick(List.of("byte", "short", "char")), integer(d));
            case 12 -> chance(50) ? library(d) : elementOf("int", d, () -> library(d));
            default -> call("int", d);
        };
    }

    private String wide(int depth) {
        int d = depth + 1;
        if (depth >= MAX_DEPTH) {
            return chance(75) ? variable("long", this::longLiteral) : longLiteral();
        }
        return switch (random.nextInt(12)) {
            case 0 -> longLiteral();
            case 1, 2, 3 -> variable("long", this::longLiteral);
            case 4, 5 -> "(%s %s %s)".formatted(wide(d), pick(List.of("+", "-", "*", "&", "|", "^")), wide(d));
            case 6 -> "(%s %s %s)".formatted(wide(d), pick(List.of("/", "%")), divisor(wide(d)));
            case 7 ->
                "(%s %s %s)".formatted(wide(d), pick(List.of("<<", ">>", ">>>")), chance(60) ? integer(d) : wide(d));
            case 8 -> "(%s%s)".formatted(pick(List.of("-", "~")), wide(d));
            case 9 -> elementOf("long", d, () -> "((long) %s)".formatted(integer(d)));
            case 10 -> "(%s ? %s : %s)".formatted(bool(d), wide(d), wide(d));
            default -> call("long", d);
        };
    }

    /** Mostly not zero, or too many runs would end there. */
    private String divisor(String expression) {
        return chance(80) ? "(%s | 1)".formatted(expression) : expression;
    }

    private String library(int d) {
        return switch (random.nextInt(7)) {
            case 0 -> "Math.min(%s, %s)".formatted(integer(d), integer(d));
            case 1 -> "Math.max(%s, %s)".formatted(integer(d), integer(d));
            case 2 -> "Math.abs(%s)".formatted(integer(d));
            case 3 -> "Integer.bitCount(%s)".formatted(integer(d));
            case 4 -> "Long.compare(%s, %s)".formatted(wide(d), wide(d));
            case 5 -> "Integer.rotateLeft(%s, %s)".formatted(integer(d), integer(d));
            default -> "Integer.numberOfTrailingZeros(%s)".formatted(integer(d));
        };
    }

    private String bool(int depth) {
        int d = depth + 1;
        if (depth >= MAX_DEPTH) {
            return variable("boolean", () -> chance(50) ? "true" : "false");
        }
        String comparison = pick(List.of("<", "<=", ">", ">=", "==", "!="));
        return switch (random.nextInt(9)) {
            case 0 -> elementOf("boolean", d, () -> variable("boolean", () -> "true"));
            case 1, 2 -> "(%s %s %s)".formatted(integer(d), comparison, integer(d));
            case 3, 4 -> "(%s %s %s)".formatted(wide(d), comparison, wide(d));
            case 5 -> "(%s %s %s)".formatted(bool(d), pick(List.of("&&", "||")), bool(d));
            case 6 -> "(%s %s %s)".formatted(bool(d), pick(List.of("&", "|", "^", "==", "!=")), bool(d));
            case 7 -> "(!%s)".formatted(bool(d));
            default -> "(%s ? %s : %s)".formatted(bool(d), bool(d), bool(d));
        };
    }

    private String call(String type, int depth) {
        // Calls are inlined, so only a few in each method, and only of the last few methods.
        List<Method> near = methods.subList(Math.max(0, methods.size() - 3), methods.size());
        if (near.isEmpty() || depth > 2 || !chance(25)) {
            return type.equals("int") ? variable("int", this::intLiteral) : variable("long", this::longLiteral);
        }
        Method method = pick(near);
        var arguments =
                method.parameters.stream().map(p -> expression(p, depth + 2)).toList();
        String call = "%s(%s)".formatted(method.name, String.join(", ", arguments));
        return method.result.equals("boolean") ? "(%s ? 1 : 0)".formatted(call) : "((%s) %s)".formatted(type, call);
    }
}
