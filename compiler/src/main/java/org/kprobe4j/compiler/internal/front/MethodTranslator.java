package org.kprobe4j.compiler.internal.front;

import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.CompileException;
import org.kprobe4j.compiler.internal.ir.Block;
import org.kprobe4j.compiler.internal.ir.Cond;
import org.kprobe4j.compiler.internal.ir.End;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Position;
import org.kprobe4j.compiler.internal.ir.Value;

/**
 * Follows one method block by block, in an order in which a block comes after all that lead to it, loops excepted. Ways that
 * a constant condition excludes are not followed: so a switch over the register sets leaves only this machine's arm.
 */
final class MethodTranslator {
    /** How a called method came back: its value, null for void. */
    record Returned(State state, @Nullable Operand value) {}

    private record Incoming(Block from, State state) {}

    private record Exit(Block from, State state, @Nullable Operand value) {}

    private static final String NULL = "NullPointerException";
    private static final int MAX_LOCALS = 256;

    private final Translation translation;
    private final GraphBuilder builder;
    private final MethodCode method;
    private final @Nullable JdkCall jdkCall;
    private final Map<Integer, Block> blocks = new HashMap<>();
    private final Map<Integer, List<Incoming>> incoming = new HashMap<>();
    private final Map<Integer, LoopHead> openLoops = new HashMap<>();
    private final List<Exit> exits = new ArrayList<>();

    /** For a method of the program, or one of the JDK within a call from the program. */
    MethodTranslator(Translation translation, MethodCode method, @Nullable JdkCall jdkCall) {
        this.translation = translation;
        this.builder = translation.builder();
        this.method = method;
        this.jdkCall = jdkCall;
    }

    /** Translates the method in place of a call; null if no way leads back from it. */
    @Nullable
    Returned translate(State caller, List<Operand> arguments) {
        checkShape();
        State entry = caller.callee(method.maxLocals());
        int slot = 0;
        for (Operand argument : arguments) {
            entry.store(slot, argument);
            slot += isWide(argument) ? 2 : 1;
        }
        Block start = builder.graph().block();
        builder.current().end(new End.Goto(start, builder.position()));
        MethodCode.Span first = method.order().getFirst();
        blocks.put(first.index(), start);
        incoming.computeIfAbsent(first.index(), _ -> new ArrayList<>()).add(new Incoming(start, entry));
        for (MethodCode.Span span : method.order()) {
            if (incoming.containsKey(span.index())) {
                translate(span);
            }
        }
        return join();
    }

    private void checkShape() {
        if (method.firstCaught().isPresent()) {
            translation.refuse(
                    place(method.firstCaught().getAsInt()),
                    "a handler cannot catch: where Java would throw, the handler stops and the fault is counted; test before instead of try");
        }
        if (!method.isReducible()) {
            throw new Refusal(
                    "the loops of %s have more than one entry, which Java cannot say; compile its class with javac"
                            .formatted(method.name()));
        }
        if (method.maxLocals() > MAX_LOCALS) {
            throw new Refusal("%s has room for %d local variables, a handler's methods have at most %d; split it"
                    .formatted(method.name(), method.maxLocals(), MAX_LOCALS));
        }
    }

    private Position place(int instruction) {
        return jdkCall != null ? jdkCall.position() : method.position(instruction);
    }

    static boolean isWide(Operand operand) {
        return operand instanceof Operand.Scalar scalar && scalar.value().kind() == Kind.LONG;
    }

    private void translate(MethodCode.Span span) {
        Block block = block(span);
        List<Incoming> ways = incoming.getOrDefault(span.index(), List.of());
        builder.at(place(span.from()));
        builder.continueIn(block);
        State state;
        try {
            state = new Merge(block, translation::nextMade)
                    .join(ways.stream().map(Incoming::state).toList(), method.live(span));
        } catch (Refusal refusal) {
            refuse(refusal);
            return;
        }
        if (method.isLoopHeader(span)) {
            openLoops.put(
                    span.index(),
                    new LoopHead(
                            block,
                            ways.size(),
                            method.changedIn(span),
                            method.live(span),
                            state,
                            translation::nextMade));
        }
        var instructions = new InstructionTranslator(translation, this, method, span, state);
        int next = span.from();
        while (next < span.to()) {
            next = translate(span, next, instructions, state);
        }
    }

    /** One instruction, or all up to the next statement if it is refused; the index of what follows. */
    private int translate(MethodCode.Span span, int at, InstructionTranslator instructions, State state) {
        builder.at(place(at));
        try {
            translation.countInstruction();
            instructions.translate(method.instruction(at));
            if (at + 1 == span.to() && !builder.current().ended()) {
                jump(span, method.next(span), state);
            }
            return at + 1;
        } catch (Refusal refusal) {
            refuse(refusal);
            return skip(span, at, state);
        } catch (DeadEnd end) {
            // All ways through a call end inside it.
            return span.to();
        } catch (CompileException e) {
            throw e;
        } catch (RuntimeException e) {
            refuse(translation.unexpected(e));
            return skip(span, at, state);
        }
    }

    private void refuse(Refusal refusal) {
        if (refusal.isNew()) {
            Refusal said = jdkCall == null || Api.isType(jdkCall.owner())
                    ? refusal
                    : Forbidden.call(jdkCall.owner(), jdkCall.name());
            translation.refuse(builder.position(), said.reason());
        }
    }

    /** The call from the program that leads here, if this is a method of the JDK. */
    @Nullable
    JdkCall jdkCall() {
        return jdkCall;
    }

    /**
     * Goes on at the next statement, so that one run reports all that has to be changed. What the skipped instructions would
     * have made is known as refused; the graph is not used any more.
     */
    private int skip(MethodCode.Span span, int from, State state) {
        if (builder.current().ended()) {
            builder.continueIn(builder.graph().block());
        }
        for (int i = from; i < span.to(); i++) {
            switch (method.instruction(i)) {
                case StoreInstruction store ->
                    LocalLiveness.assigned(store, slot -> {
                        if (slot < state.localCount()) {
                            state.store(slot, new Operand.Refused());
                        }
                    });
                case ReturnInstruction back ->
                    exit(state, back.typeKind() == TypeKind.VOID ? null : new Operand.Refused());
                default -> {}
            }
            if (i + 1 < span.to() && method.depthBefore(i + 1) == 0) {
                state.forget(0);
                return i + 1;
            }
        }
        Block current = builder.current();
        for (MethodCode.Span next : method.successors(span)) {
            state.forget(method.depthBefore(next.from()));
            arrive(span, next, current, state);
        }
        stop();
        return span.to();
    }

    /** Thrown where no way leads on: after a call that never returns, or where Java would always throw. */
    static final class DeadEnd extends RuntimeException {
        private static final long serialVersionUID = 1L;

        DeadEnd() {
            super(null, null, false, false);
        }
    }

    private void stop() {
        if (!builder.current().ended()) {
            builder.current().end(new End.Return(true, builder.position()));
        }
    }

    private Block block(MethodCode.Span span) {
        return blocks.computeIfAbsent(span.index(), _ -> builder.graph().block());
    }

    MethodCode.Span span(Label label) {
        return method.span(label);
    }

    /** Ends the current block with a way to another. */
    void jump(MethodCode.Span from, MethodCode.Span to, State state) {
        Block block = block(to);
        Block current = builder.current();
        current.end(new End.Goto(block, builder.position()));
        arrive(from, to, current, state);
    }

    /** Ends the current block with a choice; a way that a known value excludes is not followed. */
    void branch(
            Cond cond, Value a, Value b, MethodCode.Span from, MethodCode.Span yes, MethodCode.Span no, State state) {
        if (yes.index() == no.index()) {
            jump(from, yes, state);
            return;
        }
        branch(cond, a, b, from, new InstructionTranslator.Way(yes, state), new InstructionTranslator.Way(no, state));
    }

    /** The same for two ways that lead to different places and may know different things. */
    void branch(
            Cond cond,
            Value a,
            Value b,
            MethodCode.Span from,
            InstructionTranslator.Way yes,
            InstructionTranslator.Way no) {
        if (a instanceof Value.Constant x && b instanceof Value.Constant y) {
            InstructionTranslator.Way only = cond.holds(x.value(), y.value()) ? yes : no;
            jump(from, only.to(), only.state());
            return;
        }
        Block current = builder.current();
        builder.branch(cond, a, b, block(yes.to()), block(no.to()));
        arrive(from, yes.to(), current, yes.state());
        arrive(from, no.to(), current, no.state());
    }

    /** Leaves for a switch's case if the selector has its value, else goes on in a new block. */
    void branchToCase(Value selector, Value value, MethodCode.Span from, MethodCode.Span to, State state) {
        Block current = builder.current();
        Block rest = builder.graph().block();
        builder.branch(Cond.EQ, selector, value, block(to), rest);
        arrive(from, to, current, state);
        builder.continueIn(rest);
    }

    /** Goes on in a new block if the condition holds, else stops the handler: Java would throw here. */
    void faultUnless(Cond cond, Value a, Value b, String what) {
        boolean known = a instanceof Value.Constant && b instanceof Value.Constant;
        if (known && cond.holds(((Value.Constant) a).value(), ((Value.Constant) b).value())) {
            return;
        }
        if (known) {
            fault(what);
            throw new DeadEnd();
        }
        Block stop = builder.graph().block();
        Block on = builder.graph().block();
        builder.branch(cond, a, b, on, stop);
        stop.end(new End.Fault(translation.faultSite(what), builder.position()));
        builder.continueIn(on);
    }

    /** What a reference stands for that Java needs not to be null here. */
    Operand present(State state, Operand reference) {
        if (reference.isNull()) {
            fault(NULL);
            throw new DeadEnd();
        }
        if (reference instanceof Operand.Maybe maybe) {
            faultUnless(Cond.NE, maybe.present(), GraphBuilder.constant(0L), NULL);
            state.found(maybe, true);
            return maybe.content();
        }
        return reference;
    }

    /** Stops the handler: Java would throw here. */
    void fault(String what) {
        builder.current().end(new End.Fault(translation.faultSite(what), builder.position()));
    }

    /** Notes a return; the method's callers go on after all of them. */
    void exit(State state, @Nullable Operand value) {
        Block current = builder.current();
        Block bridge = builder.graph().block();
        current.end(new End.Goto(bridge, builder.position()));
        exits.add(new Exit(bridge, state, value));
    }

    private @Nullable Returned join() {
        if (exits.isEmpty()) {
            return null;
        }
        Block after = builder.graph().block();
        exits.forEach(exit -> exit.from().end(new End.Goto(after, builder.position())));
        builder.continueIn(after);
        var merge = new Merge(after, translation::nextMade);
        List<State> states = exits.stream()
                .map(exit -> {
                    State state = exit.state().callee(1);
                    state.store(0, exit.value());
                    return state;
                })
                .toList();
        var result = new BitSet();
        result.set(0);
        State joined = merge.join(states, result);
        return new Returned(joined, joined.local(0));
    }

    private void arrive(MethodCode.Span from, MethodCode.Span to, Block current, State state) {
        LoopHead loop = openLoops.get(to.index());
        if (loop == null || !method.isBackEdge(from, to)) {
            incoming.computeIfAbsent(to.index(), _ -> new ArrayList<>()).add(new Incoming(current, state.copy()));
            return;
        }
        String refusal = loop.back(state);
        if (refusal != null) {
            translation.refuse(builder.position(), refusal);
        }
    }
}
