package org.kprobe4j.cli.trace;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.cli.KprobeException;
import org.kprobe4j.cli.expression.Expressions;
import org.kprobe4j.cli.expression.Expressions.Condition;
import org.kprobe4j.cli.expression.Signature;
import org.kprobe4j.cli.expression.Text;
import org.kprobe4j.cli.expression.Type;
import org.kprobe4j.cli.expression.Type.Numeric;
import org.kprobe4j.cli.expression.Type.Numeric.Meaning;
import org.kprobe4j.cli.expression.Typed;
import org.kprobe4j.cli.expression.Value;
import org.kprobe4j.cli.tool.Targets;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.internal.Machine;

/**
 * What is read of one function's calls, and how it is shown. Functions of which the same is read share a probe, so arguments are read as
 * whole registers, and typed where they are shown.
 *
 * @param reads what handlers read
 * @param condition which calls are wanted
 * @param view how they are shown
 */
record FunctionPlan(Tracer.Reads reads, Condition condition, FunctionView view) {
    /** What a function of unknown types returns: whatever it is. */
    private static final Numeric UNKNOWN = new Numeric(Long.BYTES, false, Meaning.ADDRESS);

    /** What {@code const char *} are called that lead to data, not to a text with an end. */
    private static final Set<String> DATA =
            Set.of("buf", "buffer", "ubuf", "data", "p", "s", "value", "src", "from", "base");

    /** What functions have in common for which one program does. */
    record Shared(Tracer.Reads reads, Condition condition) {}

    Shared shared() {
        return new Shared(reads, condition);
    }

    /**
     * With the arguments as its types have them.
     *
     * @param atEntry whether the arguments are of a function that is entered; elsewhere registers hold something else
     */
    static FunctionPlan ofArguments(Signature signature, Condition condition, boolean atEntry) {
        var slots = new Slots();
        if (!atEntry) {
            return slots.plan(signature, condition);
        }
        if (signature.types() == null) {
            Architecture machine = Machine.architecture();
            for (int i = 0; machine.argument(i).isPresent(); i++) {
                slots.add(
                        "arg" + i, UNKNOWN, Shown.Style.DECIMAL, new Value.Argument(i, Long.BYTES, false), null, false);
            }
            return slots.plan(signature, condition);
        }
        Expressions over = Expressions.over(signature);
        for (int i = 0; i < signature.parameters().size(); i++) {
            slots.argument(over, signature, signature.parameters().get(i), i);
        }
        return slots.plan(signature, condition);
    }

    /** With the values of expressions. */
    static FunctionPlan ofExpressions(
            Signature signature, Condition condition, String expressions, boolean atEntry, boolean returns) {
        var slots = new Slots();
        List<Typed> all = Expressions.over(signature).readList(expressions);
        List<String> names = Targets.split(expressions);
        for (int i = 0; i < all.size(); i++) {
            Typed typed = all.get(i);
            String name = names.get(i);
            if (typed.atReturn() && !returns) {
                throw new KprobeException(
                        "--print '%s': it is known when the function returns, which is not waited for%s"
                                .formatted(name, atEntry ? "; leave --args out" : " at an offset"));
            }
            slots.expression(name, typed);
        }
        return slots.plan(signature, condition);
    }

    /** Gives values their places in the record. */
    private static final class Slots {
        private final List<Kept> numbers = new ArrayList<>();
        private final List<Said> early = new ArrayList<>();
        private final List<Said> late = new ArrayList<>();
        private final List<Shown> shown = new ArrayList<>();

        void argument(Expressions over, Signature signature, Signature.Parameter parameter, int index) {
            String name = parameter.name().isEmpty() ? "arg" + index : parameter.name();
            if (parameter.register() < 0) {
                shown.add(new Shown(name, UNKNOWN, Shown.Style.DECIMAL, Shown.NONE, Shown.NONE));
                return;
            }
            var whole = new Value.Argument(parameter.register(), Long.BYTES, false);
            if (parameter.name().isEmpty()) {
                add(name, UNKNOWN, Shown.Style.DECIMAL, whole, null, false);
                return;
            }
            Btf btf = signature.types();
            Typed typed = over.read(parameter.name());
            Said text = btf == null ? null : text(over, btf, parameter, typed, whole);
            boolean isPath = text instanceof Said.FileName;
            Shown.Style style = isPath || btf == null ? Shown.Style.PATH : style(name, btf.nameOf(parameter.type()));
            add(name, typed.type(), style, whole, text, false);
        }

        private @Nullable Said text(
                Expressions over, Btf btf, Signature.Parameter parameter, Typed typed, Value.Argument whole) {
            if (early.size() == TraceEvent.TEXTS
                    || !(typed.type() instanceof Type.Pointer(Btf _, int target, boolean _))) {
                return null;
            }
            if (isText(btf, parameter.type()) && !DATA.contains(parameter.name())) {
                return new Said.Characters(whole);
            }
            if (target == 0 || !(btf.resolve(target) instanceof BtfType.Struct struct)) {
                return null;
            }
            return switch (struct.name()) {
                case "file" -> new Said.FileName(whole, new Text.FilePath(whole));
                case "path" -> new Said.FileName(whole, new Text.PathName(whole));
                case "dentry" -> new Said.FileName(whole, new Text.DentryPath(whole));
                case "filename" -> {
                    Value name = over.read(parameter.name() + "->name").value();
                    yield name == null ? null : new Said.Behind(whole, new Said.Characters(name));
                }
                default -> null;
            };
        }

        void expression(String name, Typed typed) {
            Text text = Expressions.textOf(typed).orElse(null);
            boolean isPath =
                    text instanceof Text.FilePath || text instanceof Text.PathName || text instanceof Text.DentryPath;
            Value value = typed.value();
            Said said = text == null
                    ? null
                    : isPath && value != null
                            ? new Said.FileName(value, text)
                            : typed.type() instanceof Type.Pointer && value != null
                                    ? new Said.Characters(value)
                                    : new Said.Expressed(text);
            Value number = text != null && !(typed.type() instanceof Type.Pointer) ? null : value;
            Shown.Style style = isPath ? Shown.Style.PATH : style(name.substring(name.lastIndexOf('>') + 1), "");
            if (said != null && early.size() == TraceEvent.TEXTS) {
                throw full("texts", TraceEvent.TEXTS, name);
            } else if (number != null && numbers.size() == TraceEvent.NUMBERS) {
                throw full("numbers", TraceEvent.NUMBERS, name);
            }
            add(name, typed.type(), style, number, said, typed.atReturn());
        }

        private static KprobeException full(String what, int most, String name) {
            return new KprobeException(
                    "--print: a call has room for %d %s; leave '%s' or another out".formatted(most, what, name));
        }

        void add(
                String name,
                Type type,
                Shown.Style style,
                @Nullable Value number,
                @Nullable Said text,
                boolean atReturn) {
            int numberSlot = Shown.NONE;
            if (number != null && numbers.size() < TraceEvent.NUMBERS) {
                numberSlot = numbers.size();
                // The probe itself keeps arguments for the return.
                numbers.add(
                        atReturn || number instanceof Value.Argument
                                ? new Kept.AtReturn(number)
                                : new Kept.AtEntry(number));
            }
            int textSlot = Shown.NONE;
            if (text != null) {
                textSlot = early.size();
                early.add(atReturn ? new Said.Nothing() : text);
                late.add(atReturn ? text : new Said.Nothing());
            }
            shown.add(new Shown(name, type, style, numberSlot, textSlot));
        }

        FunctionPlan plan(Signature signature, Condition condition) {
            numbers.addAll(Collections.nCopies(TraceEvent.NUMBERS - numbers.size(), new Kept.Nothing()));
            early.addAll(Collections.nCopies(TraceEvent.TEXTS - early.size(), new Said.Nothing()));
            late.addAll(Collections.nCopies(TraceEvent.TEXTS - late.size(), new Said.Nothing()));
            var reads = new Tracer.Reads(
                    numbers.get(0),
                    numbers.get(1),
                    numbers.get(2),
                    numbers.get(3),
                    numbers.get(4),
                    numbers.get(5),
                    numbers.get(6),
                    numbers.get(7),
                    early.get(0),
                    early.get(1),
                    early.get(2),
                    early.get(3),
                    late.get(0),
                    late.get(1),
                    late.get(2),
                    late.get(3));
            return new FunctionPlan(reads, condition, new FunctionView(signature.function(), shown, result(signature)));
        }
    }

    private static @Nullable Type result(Signature signature) {
        if (signature.types() == null) {
            return UNKNOWN;
        }
        return signature.result() == 0
                ? null
                : Expressions.over(signature).read("retval").type();
    }

    private static Shown.Style style(String name, String type) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (type.equals("umode_t") || (lower.endsWith("mode") && type.isEmpty())) {
            return Shown.Style.OCTAL;
        }
        return lower.endsWith("flags") || lower.endsWith("flag") || lower.endsWith("mask")
                ? Shown.Style.HEX
                : Shown.Style.DECIMAL;
    }

    /** Whether a parameter is a {@code const char *}. */
    private static boolean isText(Btf btf, int type) {
        if (!(btf.resolve(type) instanceof BtfType.Pointer pointer)) {
            return false;
        }
        boolean constant = false;
        int at = pointer.target();
        while (true) {
            switch (btf.type(at)) {
                case BtfType.Const modifier -> {
                    constant = true;
                    at = modifier.target();
                }
                case BtfType.Volatile modifier -> at = modifier.target();
                case BtfType.TypeTag tag -> at = tag.target();
                case BtfType.Int number -> {
                    return constant && number.sizeBytes() == 1 && btf.nameOf(at).equals("char");
                }
                default -> {
                    return false;
                }
            }
        }
    }
}
