package org.kprobe4j.compiler.internal.ir;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A basic block: phis, operations, one end. */
public final class Block {
    private final int id;
    private final List<Value.Phi> phis = new ArrayList<>();
    private final List<Value.Operation> operations = new ArrayList<>();
    private final List<Block> predecessors = new ArrayList<>();
    private @Nullable End end;

    Block(int id) {
        this.id = id;
    }

    /** Number within its graph. */
    public int id() {
        return id;
    }

    /** Adds a phi without inputs. */
    public Value.Phi phi(Kind kind) {
        var phi = new Value.Phi(kind, this);
        phis.add(phi);
        return phi;
    }

    /** Appends an operation. */
    public Value.Operation append(Kind kind, Opcode opcode, Position position, Value... arguments) {
        var operation = new Value.Operation(kind, opcode, arguments, position);
        operations.add(operation);
        return operation;
    }

    /** Ends the block and makes it a predecessor of its successors. */
    public void end(End how) {
        if (end != null) {
            throw new IllegalStateException(this + " has ended already");
        }
        end = how;
        how.successors().forEach(s -> s.predecessors.add(this));
    }

    /** Whether {@link #end(End)} was called. */
    public boolean ended() {
        return end != null;
    }

    /** How it ends. */
    public End end() {
        if (end == null) {
            throw new IllegalStateException(this + " has not ended");
        }
        return end;
    }

    /** Replaces the end by one with the same successors. */
    public void replaceEnd(End how) {
        end = how;
    }

    /** Replaces the end by one that leads to {@code to} instead of {@code from}; the blocks' predecessors are the caller's matter. */
    void redirect(Block from, Block to) {
        end = switch (end()) {
            case End.Goto go -> new End.Goto(to, go.position());
            case End.Branch b ->
                new End.Branch(
                        b.cond(),
                        b.a(),
                        b.b(),
                        b.yes() == from ? to : b.yes(),
                        b.no() == from ? to : b.no(),
                        b.position());
            case End.Return r -> r;
            case End.Fault f -> f;
        };
    }

    /** Takes over what the one block after it does, which comes after no other. */
    void absorb(Block next) {
        operations.addAll(next.operations);
        end = next.end();
        for (Block successor : end().successors()) {
            successor.predecessors.replaceAll(p -> p == next ? this : p);
        }
    }

    /** Makes a block a predecessor; the phis' inputs for it are added by the caller. */
    void addPredecessor(Block block) {
        predecessors.add(block);
    }

    /** Forgets a predecessor with the phis' inputs for it. */
    void removePredecessor(Block block) {
        int index = predecessors.indexOf(block);
        predecessors.remove(index);
        phis.forEach(phi -> phi.remove(index));
    }

    /** Its phis; a pass may remove some. */
    public List<Value.Phi> phis() {
        return phis;
    }

    /** Its operations; a pass may remove some. */
    public List<Value.Operation> operations() {
        return operations;
    }

    /** The blocks that may come before it. */
    public List<Block> predecessors() {
        return predecessors;
    }

    @Override
    public String toString() {
        return "b" + id;
    }
}
