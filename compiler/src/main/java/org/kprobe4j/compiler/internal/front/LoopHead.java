package org.kprobe4j.compiler.internal.front;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.internal.ir.Block;
import org.kprobe4j.compiler.internal.ir.Value;

/**
 * The state at the head of a loop, made before the ways back are known: each number in a variable that the loop assigns gets a
 * phi; everything else is taken to stay as it is, and each way back proves it.
 */
final class LoopHead {
    private static final String CHANGES =
            "a variable that a loop changes must hold a number, a structure or a record of them of one type; use one variable for each";

    private static final String KEEPS =
            "a variable cannot bring %s that the loop makes to its next round, which makes it anew in the same place; make it before the loop";

    /** Where a part of the state is found in the state at a way back. */
    private interface Place extends Function<State, @Nullable Operand> {}

    /** A part that the loop may change; {@code phi} is null where it must not. */
    private record Part(Place place, Operand atHead, Value.@Nullable Phi phi) {}

    private final Block block;
    private final int ways;
    private final Merge.Supply ids;
    private final List<Value.Phi> unchanged;
    private final List<Part> parts = new ArrayList<>();
    private final Map<Integer, State.Content> objects;

    /** Opens a loop; changes the state to the one at its head. {@code ways} lead into the loop. */
    LoopHead(Block block, int ways, BitSet assigned, BitSet live, State state, Merge.Supply ids) {
        this.block = block;
        this.ways = ways;
        this.ids = ids;
        this.unchanged = List.copyOf(block.phis());
        for (int slot = assigned.nextSetBit(0);
                slot >= 0 && slot < state.localCount();
                slot = assigned.nextSetBit(slot + 1)) {
            int at = slot;
            Operand value = state.local(slot);
            if (!live.get(slot)) {
                // An earlier variable of the slot: nothing reads it, and the loop need not keep it.
                state.store(slot, null);
            } else if (value != null) {
                state.store(slot, changing(value, s -> s.local(at), state));
            }
        }
        this.objects = Map.copyOf(state.made());
    }

    private Operand changing(Operand value, Place place, State state) {
        return switch (value) {
            case Operand.Scalar scalar -> new Operand.Scalar(phi(scalar.value(), value, place));
            case Operand.Boxed boxed -> new Operand.Boxed(phi(boxed.value(), value, place), boxed.type());
            case Operand.Struct struct -> struct.at(phi(struct.address(), value, place));
            case Operand.KernelEnum e -> new Operand.KernelEnum(phi(e.value(), value, place), e.type(), e.kernel());
            case Operand.KernelArray array ->
                new Operand.KernelArray(phi(array.address(), value, place), array.elements());
            case Operand.KernelString text when !text.made() -> text.at(phi(text.address(), value, place));
            case Operand.Made made when !state.content(made).isArray() -> record(made, place, state);
            case Operand.Text text -> text(text, place);
            case Operand.Maybe maybe ->
                new Operand.Maybe(
                        phi(maybe.present(), value, place),
                        changing(maybe.content(), content(place, state, maybe), state));
            default -> {
                parts.add(new Part(place, value, null));
                yield value;
            }
        };
    }

    private Operand.Text text(Operand.Text text, Place place) {
        int length = text.words().size();
        var words = new ArrayList<Value>();
        for (int i = 0; i < length; i++) {
            int at = i;
            Value word = text.words().get(at);
            Place inside = now -> {
                Operand found = place.apply(now);
                List<Value> there = found == null ? List.of() : Merge.words(found, text);
                return there.size() == length ? new Operand.Scalar(there.get(at)) : null;
            };
            words.add(phi(word, new Operand.Scalar(word), inside));
        }
        return new Operand.Text(words, text.bytes());
    }

    /** Where the content is of what may be null; for null something of the same shape. */
    private Place content(Place place, State head, Operand.Maybe maybe) {
        State before = head.copy();
        return now -> switch (place.apply(now)) {
            case Operand.Maybe found -> found.content();
            case Operand.Host(Object object) when object == null -> Merge.nothing(maybe.content(), before, now, ids);
            case Operand other -> other;
            case null -> null;
        };
    }

    private Operand record(Operand.Made made, Place place, State state) {
        State.Content content = state.content(made);
        var contents = new HashMap<String, Operand>();
        content.parts().forEach((name, part) -> {
            Place inside = s -> place.apply(s) instanceof Operand.Made now
                            && s.content(now).type().equals(content.type())
                    ? s.content(now).parts().get(name)
                    : null;
            contents.put(name, changing(part, inside, state));
        });
        var atHead = new Operand.Made(ids.next());
        state.made().put(atHead.id(), new State.Content(content.type(), contents));
        return atHead;
    }

    private Value.Phi phi(Value entry, Operand atHead, Place place) {
        Value.Phi phi = block.phi(entry.kind());
        for (int i = 0; i < ways; i++) {
            phi.add(entry instanceof Value.Phi joined && joined.block() == block ? joined.inputs()[i] : entry);
        }
        parts.add(new Part(place, atHead, phi));
        return phi;
    }

    /** A way back.
     *
     * @return why it cannot lead here, or null if it can
     */
    @Nullable
    String back(State state) {
        String refusal = null;
        unchanged.forEach(phi -> phi.add(phi));
        for (Part part : parts) {
            Operand now = part.place().apply(state);
            Value.Phi phi = part.phi();
            if (phi == null) {
                refusal = isSame(now, part.atHead()) ? refusal : changes(now);
                continue;
            }
            Value value = number(now, part.atHead());
            phi.add(value == null ? phi : value);
            refusal = value == null && !(now instanceof Operand.Refused) ? changes(now) : refusal;
        }
        for (var object : objects.entrySet()) {
            if (!object.getValue().equals(state.made().get(object.getKey()))) {
                refusal = "a loop cannot change an array that was made before it; use variables or a map";
            }
        }
        return refusal;
    }

    private static String changes(@Nullable Operand now) {
        return switch (now) {
            case Operand.LocalArray _ -> KEEPS.formatted("an array");
            case Operand.KernelString text when text.made() -> KEEPS.formatted("a string");
            case null, default -> CHANGES;
        };
    }

    private static boolean isSame(@Nullable Operand now, Operand atHead) {
        return now instanceof Operand.Refused
                || atHead instanceof Operand.Unusable
                || atHead instanceof Operand.Refused
                || Objects.equals(now, atHead);
    }

    /** The number on its way into a phi; null if the variable holds something of another type now. */
    private static @Nullable Value number(@Nullable Operand now, Operand atHead) {
        return switch (atHead) {
            case Operand.Scalar head
            when now instanceof Operand.Scalar scalar
                    && scalar.value().kind() == head.value().kind() -> scalar.value();
            case Operand.Boxed head
            when now instanceof Operand.Boxed boxed && boxed.type() == head.type() -> boxed.value();
            case Operand.Maybe _ when now != null && Merge.mayBeNull(now) -> Merge.presence(now);
            case Operand.Struct head when now != null -> Merge.address(now, head);
            case Operand.KernelEnum head
            when now instanceof Operand.KernelEnum e
                    && e.type().equals(head.type())
                    && e.kernel().equals(head.kernel()) -> e.value();
            case Operand.KernelArray head
            when now instanceof Operand.KernelArray array && array.elements().equals(head.elements()) ->
                array.address();
            case Operand.KernelString head when now != null -> Merge.textAddress(now, head);
            default -> null;
        };
    }
}
