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
        Operand value = locals[slot];
        if (value == null || value instanceof Operand.Unusable) {
            throw new Refusal(
                    "a variable that holds different objects on different paths cannot be read; use one variable for each");
        }
        return value;
    }

    void store(int slot, @Nullable Operand value) {
        locals[slot] = value;
    }

    void push(Operand value) {
        stack.add(value);
    }

    Operand pop() {
        return stack.removeLast();
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
