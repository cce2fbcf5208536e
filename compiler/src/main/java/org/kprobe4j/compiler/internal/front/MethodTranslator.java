package org.kprobe4j.compiler.internal.front;

import java.lang.classfile.Label;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
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

    /** A phi at a loop's head: for a local variable that the loop assigns, or one that only joined the ways into the loop. */
    private record LoopPhi(int slot, Value.Phi phi) {}

    private static final int UNASSIGNED = -1;

    private final Translation translation;
    private final GraphBuilder builder;
    private final MethodCode method;
    private final @Nullable Position fixedPosition;
    private final Map<Integer, Block> blocks = new HashMap<>();
    private final Map<Integer, List<Incoming>> incoming = new HashMap<>();
    private final Map<Integer, List<LoopPhi>> openLoops = new HashMap<>();
    private final List<Exit> exits = new ArrayList<>();

    /** With a fixed position, everything in the method counts as that line: used for the JDK's own methods. */
    MethodTranslator(Translation translation, MethodCode method, @Nullable Position fixedPosition) {
        this.translation = translation;
        this.builder = translation.builder();
        this.method = method;
        this.fixedPosition = fixedPosition;
    }

    /** Translates the method in place of a call; null if no way leads back from it. */
    @Nullable
    Returned translate(State caller, List<Operand> arguments) {
        if (method.catches()) {
            throw new Refusal("%s has a try/catch; a handler cannot catch: a fault stops it and is counted"
                    .formatted(method.name()));
        }
        State entry = caller.callee(method.maxLocals());
        int slot = 0;
        for (Operand argument : arguments) {
            entry.store(slot, argument);
            slot += isWide(argument) ? 2 : 1;
        }
        Block start = builder.graph().block();
        builder.current().end(new End.Goto(start));
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

    static boolean isWide(Operand operand) {
        return operand instanceof Operand.Scalar scalar && scalar.value().kind() == Kind.LONG;
    }

    private void translate(MethodCode.Span span) {
        Block block = block(span);
        List<Incoming> ways = incoming.getOrDefault(span.index(), List.of());
        State state = new Merge(block, translation::nextMade)
                .join(ways.stream().map(Incoming::state).toList());
        if (method.isLoopHeader(span)) {
            openLoop(span, block, state);
        }
        builder.continueIn(block);
        try {
            var instructions = new InstructionTranslator(translation, this, method, span, state);
            for (int i = span.from(); i < span.to(); i++) {
                builder.at(fixedPosition != null ? fixedPosition : method.position(i));
                instructions.translate(method.instruction(i));
            }
            if (!builder.current().ended()) {
                jump(span, method.next(span), state);
            }
        } catch (Refusal refusal) {
            translation.refuse(builder.position(), refusal.reason());
            stop();
        } catch (DeadEnd end) {
            // All ways through a call end inside it.
        }
    }

    /** Thrown after a call from which no way leads back. */
    static final class DeadEnd extends RuntimeException {
        private static final long serialVersionUID = 1L;

        DeadEnd() {
            super(null, null, false, false);
        }
    }

    private void stop() {
        if (!builder.current().ended()) {
            builder.current().end(new End.Return(GraphBuilder.constant(0), builder.position()));
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
        current.end(new End.Goto(block));
        arrive(from, to, current, state);
    }

    /** Ends the current block with a choice; a way that a known value excludes is not followed. */
    void branch(
            Cond cond, Value a, Value b, MethodCode.Span from, MethodCode.Span yes, MethodCode.Span no, State state) {
        if (a instanceof Value.Constant x && b instanceof Value.Constant y) {
            jump(from, cond.holds(x.value(), y.value()) ? yes : no, state);
            return;
        }
        if (yes.index() == no.index()) {
            jump(from, yes, state);
            return;
        }
        Block current = builder.current();
        builder.branch(cond, a, b, block(yes), block(no));
        arrive(from, yes, current, state);
        arrive(from, no, current, state);
    }

    /** Leaves for a switch's case if the selector has its value, else goes on in a new block. */
    void branchToCase(Value selector, int value, MethodCode.Span from, MethodCode.Span to, State state) {
        Block current = builder.current();
        Block rest = builder.graph().block();
        builder.branch(Cond.EQ, selector, GraphBuilder.constant(value), block(to), rest);
        arrive(from, to, current, state);
        builder.continueIn(rest);
    }

    /** Goes on in a new block if the condition holds, else stops the handler: Java would throw here. */
    void faultUnless(Cond cond, Value a, Value b, String what) {
        if (a instanceof Value.Constant x && b instanceof Value.Constant y && cond.holds(x.value(), y.value())) {
            return;
        }
        Block stop = builder.graph().block();
        Block on = builder.graph().block();
        builder.branch(cond, a, b, on, stop);
        stop.end(new End.Fault(translation.faultSite(what), builder.position()));
        builder.continueIn(on);
    }

    /** Notes a return; the method's callers go on after all of them. */
    void exit(State state, @Nullable Operand value) {
        Block current = builder.current();
        Block bridge = builder.graph().block();
        current.end(new End.Goto(bridge));
        exits.add(new Exit(bridge, state, value));
    }

    private @Nullable Returned join() {
        if (exits.isEmpty()) {
            return null;
        }
        Block after = builder.graph().block();
        exits.forEach(exit -> exit.from().end(new End.Goto(after)));
        builder.continueIn(after);
        var merge = new Merge(after, translation::nextMade);
        List<State> states = exits.stream()
                .map(exit -> {
                    State state = exit.state().callee(1);
                    state.store(0, exit.value());
                    return state;
                })
                .toList();
        State joined = merge.join(states);
        return new Returned(joined, joined.local(0));
    }

    private void arrive(MethodCode.Span from, MethodCode.Span to, Block current, State state) {
        List<LoopPhi> phis = openLoops.get(to.index());
        if (phis == null || !method.isBackEdge(from, to)) {
            incoming.computeIfAbsent(to.index(), _ -> new ArrayList<>()).add(new Incoming(current, state.copy()));
            return;
        }
        for (LoopPhi loop : phis) {
            loop.phi()
                    .add(
                            loop.slot() == UNASSIGNED
                                    ? loop.phi()
                                    : scalarOf(
                                            state.local(loop.slot()), loop.phi().kind()));
        }
    }

    /** A number on its way into a loop's phi. A variable of another type is dead at the loop's head, so any number will do. */
    private static Value scalarOf(@Nullable Operand operand, Kind kind) {
        Value value = switch (operand) {
            case Operand.Scalar scalar -> scalar.value();
            case Operand.Boxed boxed -> boxed.value();
            case Operand.Struct struct -> struct.address();
            case null, default -> GraphBuilder.constant(0L);
        };
        return value.kind() == kind ? value : new Value.Constant(kind, 0);
    }

    /** Gives each number that the loop assigns a phi whose further inputs come with the ways back. */
    private void openLoop(MethodCode.Span header, Block block, State state) {
        BitSet assigned = method.assignedIn(header);
        var phis = new ArrayList<LoopPhi>();
        block.phis().forEach(phi -> phis.add(new LoopPhi(UNASSIGNED, phi)));
        int ways = incoming.getOrDefault(header.index(), List.of()).size();
        for (int slot = assigned.nextSetBit(0);
                slot >= 0 && slot < state.localCount();
                slot = assigned.nextSetBit(slot + 1)) {
            Operand value = state.local(slot);
            switch (value) {
                case Operand.Scalar scalar ->
                    state.store(slot, new Operand.Scalar(loopPhi(block, ways, slot, scalar.value(), phis)));
                case Operand.Boxed boxed ->
                    state.store(slot, new Operand.Boxed(loopPhi(block, ways, slot, boxed.value(), phis), boxed.type()));
                case Operand.Struct struct ->
                    state.store(
                            slot,
                            new Operand.Struct(loopPhi(block, ways, slot, struct.address(), phis), struct.type()));
                case null -> {}
                default -> state.store(slot, new Operand.Unusable());
            }
        }
        openLoops.put(header.index(), phis);
    }

    private static Value.Phi loopPhi(Block block, int ways, int slot, Value entry, List<LoopPhi> phis) {
        Value.Phi phi = block.phi(entry.kind());
        for (int i = 0; i < ways; i++) {
            phi.add(entry instanceof Value.Phi joined && joined.block() == block ? joined.inputs()[i] : entry);
        }
        phis.add(new LoopPhi(slot, phi));
        return phi;
    }
}
