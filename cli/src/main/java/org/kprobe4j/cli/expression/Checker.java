package org.kprobe4j.cli.expression;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.KernelErrno;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.btf.Field;
import org.kprobe4j.btf.NearestNames;
import org.kprobe4j.cli.expression.Type.Numeric;
import org.kprobe4j.cli.expression.Type.Numeric.Meaning;
import org.kprobe4j.cli.expression.Value.Constant;
import org.kprobe4j.cli.expression.Value.Context;
import org.kprobe4j.cli.expression.Value.Matches.Match;
import org.kprobe4j.internal.Machine;

/** Finds what the names of an expression stand for, and says what does not fit. */
final class Checker {
    static final int MAX_ERRNO = 4095;

    private static final int SUGGESTIONS = 3;
    private static final Type.Numeric BOOL = new Numeric(1, false, Meaning.BOOL);
    private static final Type.Numeric UNSIGNED = new Numeric(Long.BYTES, false, Meaning.PLAIN);
    private static final Type.Numeric DURATION = new Numeric(Long.BYTES, true, Meaning.DURATION);
    private static final Type.Numeric ADDRESS = new Numeric(Long.BYTES, false, Meaning.ADDRESS);

    private static final Map<String, Typed> CONTEXT = Map.ofEntries(
            Map.entry("pid", context(Context.Item.PID)),
            Map.entry("tid", context(Context.Item.TID)),
            Map.entry("uid", context(Context.Item.UID)),
            Map.entry("gid", context(Context.Item.GID)),
            Map.entry("cpu", context(Context.Item.CPU)),
            Map.entry("cgroup", context(Context.Item.CGROUP)),
            Map.entry("ktime", context(Context.Item.KTIME)),
            Map.entry("addr", Typed.number(ADDRESS, new Context(Context.Item.PLACE), false)),
            Map.entry("duration", Typed.number(DURATION, new Context(Context.Item.DURATION), true)),
            Map.entry("comm", Typed.text(new Text.Comm(), false)),
            Map.entry("func", Typed.text(new Text.Function(), false)),
            Map.entry("NULL", constant(0)),
            Map.entry("true", constant(1)),
            Map.entry("false", constant(0)));

    private static final Set<String> RETURN_NAMES = Set.of("retval", "failed");
    private static final Map<String, Match> MATCHES =
            Map.of("starts", Match.STARTS, "ends", Match.ENDS, "contains", Match.CONTAINS, "equals", Match.EQUALS);

    private final String text;
    private final Signature signature;
    private final Memory memory = new Memory();

    Checker(String text, Signature signature) {
        this.text = text;
        this.signature = signature;
    }

    private static Typed context(Context.Item item) {
        return Typed.number(Numeric.LONG, new Context(item), false);
    }

    private static Typed constant(long number) {
        return Typed.number(Numeric.LONG, new Constant(number), false);
    }

    /** What an expression is. */
    Typed check(Node node) {
        return switch (node) {
            case Node.Literal number ->
                Typed.number(number.unsigned() ? UNSIGNED : Numeric.LONG, new Constant(number.number()), false);
            case Node.Quoted quoted ->
                throw wrong("a text in quotes is there to be compared with another", quoted.at());
            case Node.Name name -> name(name);
            case Node.Member member -> member(member);
            case Node.Index index -> index(index);
            case Node.Call call -> call(call);
            case Node.Cast cast -> cast(cast);
            case Node.Unary unary -> unary(unary);
            case Node.Binary binary -> binary(binary);
            case Node.Choice(Node condition, Node yes, Node no, int at) -> {
                Typed first = check(condition);
                Typed left = check(yes);
                Typed right = check(no);
                yield Typed.number(
                        left.type().equals(right.type()) ? left.type() : Numeric.LONG,
                        new Value.Choice(truth(first, condition), number(left, yes), number(right, no)),
                        first.atReturn() || left.atReturn() || right.atReturn());
            }
        };
    }

    // ---- names ----

    private Typed name(Node.Name node) {
        for (Signature.Parameter parameter : signature.parameters()) {
            if (parameter.name().equals(node.name())) {
                return parameter(parameter, node);
            }
        }
        return otherName(node);
    }

    private Typed otherName(Node.Name node) {
        String name = node.name();
        if (name.matches("arg\\d")) {
            int register = name.charAt(3) - '0';
            if (Machine.architecture().argument(register).isEmpty()) {
                throw wrong("%s is not in a register on this machine".formatted(name), node.at());
            }
            return Typed.number(UNSIGNED, new Value.Argument(register, Long.BYTES, false), false);
        }
        Typed known = RETURN_NAMES.contains(name) ? returned(node) : CONTEXT.get(name);
        if (known == null && name.startsWith("E")) {
            known = KernelErrno.number(name).stream()
                    .mapToObj(Checker::constant)
                    .findFirst()
                    .orElse(null);
        }
        if (known == null) {
            throw unknownName(node);
        }
        return known;
    }

    private Typed parameter(Signature.Parameter parameter, Node.Name node) {
        Btf btf = types(node.at());
        if (parameter.register() < 0) {
            throw wrong(
                    "%s is a %s, which does not come in one register"
                            .formatted(parameter.name(), btf.nameOf(parameter.type())),
                    node.at());
        }
        return memory.typed(
                btf, parameter.type(), (bytes, signed) -> new Value.Argument(parameter.register(), bytes, signed));
    }

    private Typed returned(Node.Name node) {
        Typed result;
        if (signature.types() == null) {
            result = Typed.number(Numeric.LONG, new Value.Returned(Long.BYTES, true), true);
        } else if (signature.result() == 0) {
            throw wrong("%s returns nothing (void)".formatted(signature.function()), node.at());
        } else {
            Typed typed = memory.typed(signature.types(), signature.result(), Value.Returned::new);
            result = new Typed(typed.type(), typed.value(), typed.text(), true);
        }
        return node.name().equals("retval")
                ? result
                : Typed.number(BOOL, Expressions.failed(result.type(), value(result)), true);
    }

    private ExpressionException unknownName(Node.Name node) {
        List<String> parameters =
                signature.parameters().stream().map(Signature.Parameter::name).toList();
        List<String> nearest = NearestNames.nearest(
                node.name(),
                Stream.of(parameters, List.copyOf(CONTEXT.keySet()), List.copyOf(RETURN_NAMES))
                        .flatMap(List::stream),
                SUGGESTIONS);
        String has = signature.types() == null
                ? "the kernel's types do not have %s: its arguments are arg0, arg1, …".formatted(signature.function())
                : parameters.isEmpty()
                        ? "%s takes no arguments".formatted(signature.function())
                        : "%s takes %s".formatted(signature.function(), String.join(", ", parameters));
        return wrong(
                "unknown name %s%s; %s"
                        .formatted(
                                node.name(), nearest.isEmpty() ? "" : ", nearest: " + String.join(", ", nearest), has),
                node.at());
    }

    private Btf types(int at) {
        Btf btf = signature.types();
        if (btf == null) {
            throw wrong("the kernel's types do not have %s".formatted(signature.function()), at);
        }
        return btf;
    }

    // ---- structures, pointers, arrays ----

    private Typed member(Node.Member node) {
        Typed base = check(node.of());
        Type.Structure structure = switch (base.type()) {
            case Type.Structure found -> found;
            case Type.Pointer(Btf btf, int target, boolean user)
            when btf.resolve(target) instanceof BtfType.Composite composite -> new Type.Structure(btf, composite, user);
            default ->
                throw wrong(
                        "%s is %s, which has no fields%s"
                                .formatted(
                                        source(node.of()),
                                        base.type().describe(),
                                        base.type() instanceof Type.Pointer
                                                ? "; say what it is: ((struct file *) %s)->…"
                                                        .formatted(source(node.of()))
                                                : ""),
                        node.at());
        };
        Btf btf = structure.btf();
        Field field = btf.field(structure.of(), node.name()).orElseThrow(() -> unknownField(node, btf, structure.of()));
        return atReturn(memory.field(btf, field, value(base), structure.user()), base.atReturn());
    }

    private ExpressionException unknownField(Node.Member node, Btf btf, BtfType.Composite of) {
        List<String> nearest = NearestNames.nearest(node.name(), btf.fieldNames(of).stream(), SUGGESTIONS);
        return wrong(
                "%s has no field %s%s"
                        .formatted(
                                btf.nameOf(of.id()),
                                node.name(),
                                nearest.isEmpty() ? "" : "; nearest: " + String.join(", ", nearest)),
                node.at());
    }

    private Typed index(Node.Index node) {
        Typed base = check(node.of());
        Typed index = check(node.index());
        boolean late = base.atReturn() || index.atReturn();
        return switch (base.type()) {
            case Type.Elements(Btf btf, int element, int length, boolean user) ->
                atReturn(memory.element(btf, element, value(base), number(index, node.index()), user), late);
            case Type.Pointer(Btf btf, int target, boolean user)
            when target != 0 ->
                atReturn(memory.element(btf, target, value(base), number(index, node.index()), user), late);
            default ->
                throw wrong(
                        "%s is %s, which has no elements"
                                .formatted(source(node.of()), base.type().describe()),
                        node.at());
        };
    }

    private Typed cast(Node.Cast node) {
        Typed of = check(node.of());
        Value value = number(of, node.of());
        if (node.stars() == 0) {
            int bytes = Memory.bytesOf(node.type());
            if (bytes == 0) {
                throw wrong("a number can be cast to u8 … s64 or a C integer type, not to " + node.type(), node.at());
            }
            boolean signed = Memory.isSigned(node.type());
            return Typed.number(
                    new Numeric(bytes, signed, Meaning.PLAIN), new Value.Cast(value, bytes, signed), of.atReturn());
        }
        Btf btf = Optional.ofNullable(signature.types())
                .or(Machine::btf)
                .orElseThrow(() -> wrong(
                        "the kernel has no types of its own (CONFIG_DEBUG_INFO_BTF), so %s * means nothing"
                                .formatted(node.type()),
                        node.at()));
        int target = memory.named(btf, node.type()).orElseThrow(() -> unknownType(node, btf));
        if (node.stars() > 1) {
            throw wrong("a cast to a pointer to a pointer; use (u64 *) and [0]", node.at());
        }
        return Typed.number(new Type.Pointer(btf, target, false), value, of.atReturn());
    }

    private ExpressionException unknownType(Node.Cast node, Btf btf) {
        String name = node.type().substring(node.type().lastIndexOf(' ') + 1);
        List<String> nearest =
                NearestNames.nearest(name, btf.names(Memory.COMPOSITES).filter(other -> !other.isEmpty()), SUGGESTIONS);
        return wrong(
                "the kernel has no type %s%s"
                        .formatted(
                                node.type(),
                                nearest.isEmpty() ? "" : "; nearest: struct " + String.join(", struct ", nearest)),
                node.at());
    }

    // ---- calls ----

    private Typed call(Node.Call node) {
        Match match = MATCHES.get(node.function());
        if (match != null) {
            if (node.arguments().size() != 2 || !(node.arguments().get(1) instanceof Node.Quoted quoted)) {
                throw wrong("%s takes a text and a text in quotes".formatted(node.function()), node.at());
            }
            return matches(node.arguments().getFirst(), match, quoted.text());
        }
        if (node.arguments().size() != 1) {
            throw wrong("%s takes one argument".formatted(node.function()), node.at());
        }
        Node argument = node.arguments().getFirst();
        Typed of = check(argument);
        Text made = switch (node.function()) {
            case "str" -> new Text.InKernel(number(of, argument), Memory.TEXT_BYTES);
            case "ustr" -> new Text.InProcess(number(of, argument), Memory.TEXT_BYTES);
            case "path" ->
                memory.path(of)
                        .orElseThrow(() -> wrong(
                                "path takes a struct file, path or dentry; %s is %s"
                                        .formatted(source(argument), of.type().describe()),
                                node.at()));
            default ->
                throw wrong(
                        "there is no function %s; there are str(address), ustr(address), path(file), starts(text, \"…\"), ends, contains"
                                .formatted(node.function()),
                        node.at());
        };
        return Typed.text(made, of.atReturn());
    }

    // ---- operators ----

    private Typed binary(Node.Binary node) {
        boolean equality = node.operator().equals("==") || node.operator().equals("!=");
        if (node.right() instanceof Node.Quoted quoted) {
            return compared(node, equality, node.left(), quoted);
        }
        if (node.left() instanceof Node.Quoted quoted) {
            return compared(node, equality, node.right(), quoted);
        }
        if (equality) {
            Typed constant = constantOf(node.left(), node.right(), node);
            if (constant != null) {
                return constant;
            }
        }
        Typed left = check(node.left());
        Typed right = check(node.right());
        boolean late = left.atReturn() || right.atReturn();
        if (node.operator().equals("&&") || node.operator().equals("||")) {
            Value a = truth(left, node.left());
            Value b = truth(right, node.right());
            return Typed.number(
                    BOOL, node.operator().equals("&&") ? new Value.Both(a, b) : new Value.Either(a, b), late);
        }
        return Arithmetic.of(this, node, left, right, late);
    }

    /** A text compared with one in quotes; a character of a number. */
    private Typed compared(Node.Binary node, boolean equality, Node other, Node.Quoted quoted) {
        if (!equality) {
            throw wrong("a text can be compared by == and !=, starts, ends and contains", node.at());
        }
        Typed typed = check(other);
        if (typed.type() instanceof Numeric && quoted.text().length() == 1) {
            var value = new Value.Binary(
                    node.operator().equals("==") ? Operator.EQUAL : Operator.NOT_EQUAL,
                    number(typed, other),
                    new Constant(quoted.text().charAt(0)));
            return Typed.number(BOOL, value, typed.atReturn());
        }
        Typed same = matches(other, Match.EQUALS, quoted.text());
        return node.operator().equals("==")
                ? same
                : Typed.number(BOOL, new Value.Unary('!', value(same)), same.atReturn());
    }

    private Typed matches(Node of, Match match, String other) {
        Typed typed = check(of);
        Text found = memory.text(typed)
                .orElseThrow(() -> wrong(
                        "%s is %s and cannot be compared with a text"
                                .formatted(source(of), typed.type().describe()),
                        of.at()));
        return Typed.number(BOOL, new Value.Matches(found, match, other), typed.atReturn());
    }

    /** {@code x == CONSTANT}, where x is of an enumeration and the constant one of its own; null if it is none. */
    private @Nullable Typed constantOf(Node left, Node right, Node.Binary node) {
        boolean nameFirst = left instanceof Node.Name name && isConstantLike(name);
        Node.Name name = nameFirst ? (Node.Name) left : right instanceof Node.Name other ? other : null;
        if (name == null || !isConstantLike(name)) {
            return null;
        }
        Typed of = check(nameFirst ? right : left);
        if (!(of.type() instanceof Type.Constants(Btf btf, BtfType.Enumeration enumeration))) {
            return null;
        }
        long number = enumeration.enumerators().stream()
                .filter(constant -> constant.name().equals(name.name()))
                .mapToLong(BtfType.Enumerator::value)
                .findFirst()
                .orElseThrow(() -> unknownConstant(name, of, enumeration));
        Operator operator = node.operator().equals("==") ? Operator.EQUAL : Operator.NOT_EQUAL;
        return Typed.number(BOOL, new Value.Binary(operator, value(of), new Constant(number)), of.atReturn());
    }

    private boolean isConstantLike(Node.Name name) {
        return !CONTEXT.containsKey(name.name())
                && !RETURN_NAMES.contains(name.name())
                && signature.parameters().stream()
                        .noneMatch(parameter -> parameter.name().equals(name.name()));
    }

    private ExpressionException unknownConstant(Node.Name name, Typed of, BtfType.Enumeration enumeration) {
        List<String> nearest = NearestNames.nearest(
                name.name(), enumeration.enumerators().stream().map(BtfType.Enumerator::name), SUGGESTIONS);
        return wrong(
                "%s is not %s%s"
                        .formatted(
                                name.name(),
                                of.type().describe(),
                                nearest.isEmpty() ? "" : "; nearest: " + String.join(", ", nearest)),
                name.at());
    }

    // ---- what an expression is used as ----

    /** As a number; where it is none, says so. */
    Value number(Typed typed, Node node) {
        Value value = typed.value();
        if (value == null || typed.type() instanceof Type.Structure || typed.type() instanceof Type.Elements) {
            throw wrong(
                    "%s is %s, not a number%s"
                            .formatted(
                                    source(node),
                                    typed.type().describe(),
                                    typed.type() instanceof Type.Structure ? "; name a field of it" : ""),
                    node.at());
        }
        return value;
    }

    /** As a condition. */
    Value truth(Typed typed, Node node) {
        return number(typed, node);
    }

    private static Value value(Typed typed) {
        Value value = typed.value();
        if (value == null) {
            throw new IllegalStateException("a text alone");
        }
        return value;
    }

    private Typed unary(Node.Unary node) {
        Typed of = check(node.of());
        if (node.operator() == '!') {
            return Typed.number(BOOL, new Value.Unary('!', truth(of, node.of())), of.atReturn());
        }
        boolean unsigned = of.type() instanceof Numeric numeric && numeric.isWideUnsigned();
        return Typed.number(
                unsigned ? UNSIGNED : Numeric.LONG,
                new Value.Unary(node.operator(), number(of, node.of())),
                of.atReturn());
    }

    private static Typed atReturn(Typed typed, boolean late) {
        return late ? new Typed(typed.type(), typed.value(), typed.text(), true) : typed;
    }

    /** A part of the expression as messages name it. */
    String source(Node node) {
        return switch (node) {
            case Node.Name name -> name.name();
            case Node.Member member -> source(member.of()) + "->" + member.name();
            case Node.Index index -> source(index.of()) + "[…]";
            case Node.Call call -> call.function() + "(…)";
            default -> "this";
        };
    }

    ExpressionException wrong(String message, int at) {
        return new ExpressionException(message, text, at);
    }
}
