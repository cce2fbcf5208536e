package org.kprobe4j.compiler.internal.front;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Local variables, operand stack and the objects that the handler made, at one point of a method. */
final class State {
    /** What an object holds: a record's fields by name or an array's elements by index. */
    record Content(String type, Map<String, Operand> parts) {
        Content with(String part, Operand value) {
            var copy = new HashMap<>(parts);
            copy.put(part, value);
            return new Content(type, copy);
        }

        /** Whether this is an array, which can change after it was made. */
        boolean isArray() {
            return type.startsWith("[");
        }
    }

    private final @Nullable Operand[] locals;
    private final List<Operand> stack = new ArrayList<>();
    private final Map<Integer, Content> made;

    State(int locals) {
        this(new Operand[locals], Map.of());
    }

    private State(@Nullable Operand[] locals, Map<Integer, Content> made) {
        this.locals = locals;
        this.made = new HashMap<>(made);
    }

    /** A copy that shares nothing with this one. */
    State copy() {
        var copy = new State(Arrays.copyOf(locals, locals.length), made);
        copy.stack.addAll(stack);
        return copy;
    }

    /** The state at the start of a method that is called from here: its own locals, the same objects. */
    State callee(int locals) {
        return new State(new Operand[locals], made);
    }

    /** Notes that a value that may be null was found to be null, or not to be. */
    void found(Operand.Maybe value, boolean present) {
        Operand known = present ? value.content() : new Operand.Host(null);
        for (int slot = 0; slot < locals.length; slot++) {
            locals[slot] = value.equals(locals[slot]) ? known : locals[slot];
        }
        stack.replaceAll(operand -> value.equals(operand) ? known : operand);
    }

    /** Takes over what a called method did to the objects. */
    void returned(State callee) {
        made.putAll(callee.made);
    }

    int localCount() {
        return locals.length;
    }

    @Nullable
    Operand local(int slot) {
        return locals[slot];
    }

    Operand load(int slot) {
        Operand value = slot < locals.length ? locals[slot] : null;
        if (value == null || value instanceof Operand.Unusable) {
            throw new Refusal(
                    value instanceof Operand.Unusable(String reason) ? reason : new Operand.Unusable().reason());
        }
        return used(value);
    }

    private static Operand used(Operand value) {
        if (value instanceof Operand.Refused) {
            throw Refusal.again();
        }
        return value;
    }

    void store(int slot, @Nullable Operand value) {
        if (slot >= locals.length) {
            throw new Refusal(
                    "the class file is damaged: there is no local variable %d; compile the class anew".formatted(slot));
        }
        locals[slot] = value;
    }

    void push(Operand value) {
        stack.add(value);
    }

    Operand pop() {
        if (stack.isEmpty()) {
            throw new Refusal("the class file is damaged: its operand stack underflows here; compile the class anew");
        }
        return used(stack.removeLast());
    }

    /** Goes on after an instruction that was refused: nothing is known of the stack. */
    void forget(int slots) {
        stack.clear();
        for (int i = 0; i < slots; i++) {
            stack.add(new Operand.Refused());
        }
    }

    List<Operand> stack() {
        return stack;
    }

    Map<Integer, Content> made() {
        return made;
    }

    Content content(Operand.Made object) {
        Content content = made.get(object.id());
        if (content == null) {
            throw new IllegalStateException("no content for " + object);
        }
        return content;
    }
}
