package org.kprobe4j.compiler.internal.front;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.internal.ir.Block;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Value;

/** Joins the states of several ways into one block: what differs and is a number becomes a phi. */
final class Merge {
    private static final String NULL =
            "a variable cannot hold a kernel structure on one path and Java's null on another; begin with the null pointer, Kernel.struct(0, TaskStruct.class), and ask isNull()";

    private static final String TEXTS =
            "a variable cannot hold one kind of string on one path and another on another, each being read in its own way: of the kernel, of user memory, of a length of its own, Kernel.comm(), a map's, a constant; use one variable for each, or compare and send it in each branch";

    private final Block block;
    private final Supply ids;

    /** Hands out the numbers of objects that the handler makes. */
    interface Supply {
        int next();
    }

    Merge(Block block, Supply ids) {
        this.block = block;
        this.ids = ids;
    }

    /**
     * The state at the start of the block.
     *
     * @param states in the order of the block's predecessors
     * @param live the local variables that may still be read
     */
    State join(List<State> states, BitSet live) {
        State first = states.getFirst();
        if (states.size() == 1) {
            return first.copy();
        }
        boolean different =
                states.stream().anyMatch(s -> s.stack().size() != first.stack().size());
        boolean refused = states.stream().anyMatch(s -> s.stack().stream().anyMatch(Operand.Refused.class::isInstance));
        if (different && !refused) {
            throw new Refusal(
                    "the class file is damaged: ways with different operand stacks meet here; compile the class anew");
        }
        State result = first.callee(first.localCount());
        joinContents(states, result);
        live.stream()
                .filter(slot -> slot < first.localCount())
                .forEach(slot -> result.store(slot, join(states, s -> s.local(slot), result)));
        for (int depth = 0; depth < first.stack().size(); depth++) {
            int at = depth;
            if (different) {
                // Behind a refusal the stack's depth is known in slots, of which a long has two.
                result.push(new Operand.Refused());
                continue;
            }
            Operand joined = join(states, s -> s.stack().get(at), result);
            result.push(joined == null ? new Operand.Unusable() : joined);
        }
        return result;
    }

    /** An object that several ways know may have got other contents on each: an array's elements, a record's fields while it is made. */
    private void joinContents(List<State> states, State result) {
        states.forEach(result::returned);
        for (int id : List.copyOf(result.made().keySet())) {
            List<State> knowing =
                    states.stream().filter(s -> s.made().containsKey(id)).toList();
            State.Content first = knowing.getFirst().content(new Operand.Made(id));
            if (knowing.size() == states.size()
                    && knowing.stream().anyMatch(s -> !first.equals(s.made().get(id)))) {
                var names = new TreeSet<String>();
                knowing.forEach(s ->
                        names.addAll(s.content(new Operand.Made(id)).parts().keySet()));
                var parts = new HashMap<String, Operand>();
                for (String name : names) {
                    Operand joined = join(
                            states, s -> s.content(new Operand.Made(id)).parts().get(name), result);
                    parts.put(name, joined == null ? new Operand.Unusable() : joined);
                }
                result.made().put(id, new State.Content(first.type(), parts));
            }
        }
    }

    @Nullable
    Operand join(List<State> states, Function<State, @Nullable Operand> part, State result) {
        List<@Nullable Operand> operands =
                states.stream().<@Nullable Operand>map(part).toList();
        Operand first = operands.getFirst();
        if (operands.stream().allMatch(o -> Objects.equals(o, first))) {
            return first;
        }
        if (operands.stream().anyMatch(Objects::isNull)) {
            return null;
        }
        List<Operand> present = operands.stream().map(Objects::requireNonNull).toList();
        if (present.stream().anyMatch(Operand.Refused.class::isInstance)) {
            return new Operand.Refused();
        }
        boolean nullable = present.stream().anyMatch(o -> o.isNull() || o instanceof Operand.Maybe);
        if (nullable && present.stream().anyMatch(Merge::isCopy)) {
            return joinNullable(states, present, result);
        }
        Operand sample = present.stream()
                .filter(o -> !(o instanceof Operand.Host))
                .findFirst()
                .orElse(present.getFirst());
        return switch (sample) {
            case Operand.Scalar scalar -> joinScalars(present, scalar);
            case Operand.Boxed boxed -> joinBoxed(present, boxed);
            case Operand.Text text -> joinTexts(present, text);
            case Operand.Struct struct -> joinStructs(present, struct);
            case Operand.KernelArray array -> joinArrays(present, array);
            case Operand.KernelEnum constant -> joinEnums(present, constant);
            case Operand.Made made -> joinMade(states, present, made, result);
            case Operand.Ipv4 _
            when present.stream().allMatch(Operand.Ipv4.class::isInstance) ->
                new Operand.Ipv4(
                        phi(present.stream().map(o -> ((Operand.Ipv4) o).word()).toList()));
            case Operand.Ipv6 _
            when present.stream().allMatch(Operand.Ipv6.class::isInstance) ->
                new Operand.Ipv6(phi(
                        present.stream().map(o -> ((Operand.Ipv6) o).address()).toList()));
            case Operand.KernelString text -> joinTexts(present, text);
            case Operand.LocalArray array -> joinArrays(present, array);
            case Operand.Comm _ -> new Operand.Unusable(TEXTS);
            default -> new Operand.Unusable();
        };
    }

    private Operand joinScalars(List<Operand> operands, Operand.Scalar sample) {
        return operands.stream()
                        .allMatch(o -> o instanceof Operand.Scalar s
                                && s.value().kind() == sample.value().kind())
                ? new Operand.Scalar(phi(
                        operands.stream().map(o -> ((Operand.Scalar) o).value()).toList()))
                : new Operand.Unusable();
    }

    private Operand joinBoxed(List<Operand> operands, Operand.Boxed sample) {
        return operands.stream().allMatch(o -> o instanceof Operand.Boxed b && b.type() == sample.type())
                ? new Operand.Boxed(
                        phi(operands.stream()
                                .map(o -> ((Operand.Boxed) o).value())
                                .toList()),
                        sample.type())
                : new Operand.Unusable();
    }

    private Operand joinTexts(List<Operand> operands, Operand.Text sample) {
        Operand.Text longest = operands.stream()
                .filter(Operand.Text.class::isInstance)
                .map(Operand.Text.class::cast)
                .max(Comparator.comparingInt(Operand.Text::bytes))
                .orElse(sample);
        int length = longest.words().size();
        List<List<Value>> texts =
                operands.stream().map(operand -> words(operand, longest)).toList();
        if (texts.stream().anyMatch(words -> words.size() != length)) {
            return new Operand.Unusable(TEXTS);
        }
        var words = new ArrayList<Value>();
        for (int i = 0; i < length; i++) {
            int at = i;
            words.add(phi(texts.stream().map(text -> text.get(at)).toList()));
        }
        return new Operand.Text(words, longest.bytes());
    }

    /** A text's words, also those of a constant, as many as another text has; nothing for what is no text, or a longer one. */
    static List<Value> words(Operand operand, Operand.Text like) {
        int length = like.words().size();
        if (operand instanceof Operand.Host(String constant)) {
            byte[] bytes = constant.getBytes(StandardCharsets.UTF_8);
            if (bytes.length > like.bytes() || constant.indexOf('\0') >= 0) {
                return List.of();
            }
            LongBuffer words = ByteBuffer.wrap(Arrays.copyOf(bytes, length * Long.BYTES))
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asLongBuffer();
            return IntStream.range(0, length)
                    .<Value>mapToObj(i -> GraphBuilder.constant(words.get(i)))
                    .toList();
        }
        if (!(operand instanceof Operand.Text text) || text.bytes() > like.bytes()) {
            return List.of();
        }
        var words = new ArrayList<>(text.words());
        words.addAll(Collections.nCopies(length - words.size(), GraphBuilder.constant(0L)));
        return words;
    }

    /** Whether it is what a map's get gives, or can be joined with it. */
    private static boolean isCopy(Operand operand) {
        return operand instanceof Operand.Boxed || operand instanceof Operand.Made || operand instanceof Operand.Maybe;
    }

    /** Values of which some are, or may be, null. */
    private Operand joinNullable(List<State> states, List<Operand> operands, State result) {
        int first = operands.indexOf(
                operands.stream().filter(Merge::isCopy).findFirst().orElseThrow());
        State known = states.get(first);
        Operand sample = operands.get(first) instanceof Operand.Maybe maybe ? maybe.content() : operands.get(first);
        var contents = new ArrayList<Operand>();
        var flags = new ArrayList<Value>();
        for (int i = 0; i < operands.size(); i++) {
            Operand operand = operands.get(i);
            flags.add(presence(operand));
            contents.add(
                    operand.isNull()
                            ? nothing(sample, known, states.get(i), ids)
                            : operand instanceof Operand.Maybe maybe ? maybe.content() : operand);
        }
        Operand joined = join(states, s -> contents.get(states.indexOf(s)), result);
        return joined instanceof Operand.Boxed || joined instanceof Operand.Made
                ? new Operand.Maybe(phi(flags), joined)
                : new Operand.Unusable();
    }

    /** Whether it can be joined with what may be null. */
    static boolean mayBeNull(Operand operand) {
        return operand.isNull() || isCopy(operand);
    }

    /** A LONG that is zero just for null. */
    static Value presence(Operand operand) {
        return operand instanceof Operand.Maybe maybe
                ? maybe.present()
                : GraphBuilder.constant(operand.isNull() ? 0L : 1L);
    }

    /** What stands for the content of null in a state: of the shape of a sample from another, so that they can be joined. */
    static Operand nothing(Operand sample, State known, State state, Supply ids) {
        return switch (sample) {
            case Operand.Scalar(Value value) -> new Operand.Scalar(zero(value));
            case Operand.Boxed(Value value, Class<?> type) -> new Operand.Boxed(zero(value), type);
            case Operand.Text(List<Value> words, int bytes) ->
                new Operand.Text(words.stream().map(Merge::zero).toList(), bytes);
            case Operand.Ipv4(Value word) -> new Operand.Ipv4(zero(word));
            case Operand.Made made -> {
                State.Content content = known.content(made);
                var parts = new HashMap<String, Operand>();
                content.parts().forEach((name, part) -> parts.put(name, nothing(part, known, state, ids)));
                var copy = new Operand.Made(ids.next());
                state.made().put(copy.id(), new State.Content(content.type(), parts));
                yield copy;
            }
            default -> sample;
        };
    }

    private static Value zero(Value like) {
        return new Value.Constant(like.kind(), 0);
    }

    private Operand joinStructs(List<Operand> operands, Operand.Struct sample) {
        var addresses =
                operands.stream().<@Nullable Value>map(o -> address(o, sample)).toList();
        if (operands.stream().anyMatch(Operand::isNull)) {
            return new Operand.Unusable(NULL);
        }
        if (addresses.stream().anyMatch(Objects::isNull)) {
            return new Operand.Unusable();
        }
        boolean alike = operands.stream()
                .allMatch(o -> !(o instanceof Operand.Struct s) || Objects.equals(s.declared(), sample.declared()));
        return new Operand.Struct(
                phi(addresses.stream().map(Objects::requireNonNull).toList()),
                sample.type(),
                sample.user(),
                alike ? sample.declared() : null);
    }

    private Operand joinArrays(List<Operand> operands, Operand.KernelArray sample) {
        return operands.stream()
                        .allMatch(o -> o instanceof Operand.KernelArray a
                                && a.elements().equals(sample.elements()))
                ? new Operand.KernelArray(
                        phi(operands.stream()
                                .map(o -> ((Operand.KernelArray) o).address())
                                .toList()),
                        sample.elements())
                : new Operand.Unusable();
    }

    private Operand joinEnums(List<Operand> operands, Operand.KernelEnum sample) {
        return operands.stream()
                        .allMatch(o -> o instanceof Operand.KernelEnum e
                                && e.type().equals(sample.type())
                                && e.kernel().equals(sample.kernel()))
                ? new Operand.KernelEnum(
                        phi(operands.stream()
                                .map(o -> ((Operand.KernelEnum) o).value())
                                .toList()),
                        sample.type(),
                        sample.kernel())
                : new Operand.Unusable();
    }

    /** The address of a structure of that type in the same memory. Java's null is none: it throws where the null pointer says isNull(). */
    static @Nullable Value address(Operand operand, Operand.Struct like) {
        return operand instanceof Operand.Struct struct
                        && struct.type().equals(like.type())
                        && struct.user() == like.user()
                ? struct.address()
                : null;
    }

    private Operand joinTexts(List<Operand> operands, Operand.KernelString sample) {
        var addresses = operands.stream()
                .<@Nullable Value>map(o -> textAddress(o, sample))
                .toList();
        return addresses.stream().anyMatch(Objects::isNull)
                ? new Operand.Unusable(TEXTS)
                : sample.at(phi(addresses.stream().map(Objects::requireNonNull).toList()));
    }

    /** The address of a text of the same kind; null is a text at address 0. */
    static @Nullable Value textAddress(Operand operand, Operand.KernelString sample) {
        return switch (operand) {
            case Operand.KernelString text
            when text.source() == sample.source()
                    && text.bytes() == sample.bytes()
                    && text.array() == sample.array()
                    && text.made() == sample.made()
                    && text.orEmpty() == sample.orEmpty() -> text.address();
            case Operand.Host host when host.object() == null && sample.isNullable() -> GraphBuilder.constant(0L);
            default -> null;
        };
    }

    private Operand joinArrays(List<Operand> operands, Operand.LocalArray sample) {
        boolean alike = operands.stream()
                .allMatch(o -> o instanceof Operand.LocalArray array
                        && array.element() == sample.element()
                        && array.length() == sample.length());
        return alike
                ? new Operand.LocalArray(
                        phi(operands.stream()
                                .map(o -> ((Operand.LocalArray) o).room())
                                .toList()),
                        sample.element(),
                        sample.length())
                : new Operand.Unusable();
    }

    private Operand joinMade(List<State> states, List<Operand> operands, Operand.Made sample, State result) {
        State.Content pattern = states.get(operands.indexOf(sample)).content(sample);
        for (int i = 0; i < operands.size(); i++) {
            if (pattern.isArray()
                    || !(operands.get(i) instanceof Operand.Made made)
                    || !states.get(i).content(made).type().equals(pattern.type())
                    || !states.get(i)
                            .content(made)
                            .parts()
                            .keySet()
                            .equals(pattern.parts().keySet())) {
                return new Operand.Unusable();
            }
        }
        var parts = new HashMap<String, Operand>();
        for (String part : pattern.parts().keySet()) {
            Operand joined = join(
                    states,
                    s -> {
                        Operand object = operands.get(states.indexOf(s));
                        return s.content((Operand.Made) object).parts().get(part);
                    },
                    result);
            parts.put(part, joined == null ? new Operand.Unusable() : joined);
        }
        var made = new Operand.Made(ids.next());
        result.made().put(made.id(), new State.Content(pattern.type(), parts));
        return made;
    }

    private Value phi(List<Value> inputs) {
        if (inputs.stream().allMatch(inputs.getFirst()::equals)) {
            return inputs.getFirst();
        }
        Value.Phi phi = block.phi(inputs.getFirst().kind());
        inputs.forEach(phi::add);
        return phi;
    }
}
