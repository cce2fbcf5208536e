package org.kprobe4j.compiler.internal.emit;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.kprobe4j.compiler.internal.lower.Lir;
import org.kprobe4j.compiler.internal.lower.LirBlock;
import org.kprobe4j.compiler.internal.lower.LirProgram;

/** One round of iterated register coalescing. */
final class Colouring {
    /** r0 to r9. */
    private static final int COLOURS = 10;

    private final BitSet unspillable;
    private final BitSet pinned;
    private final Map<Integer, Double> weights;
    private final int size;
    private final BitSet[] adjacent;
    private final int[] degree;
    private final int[] alias;
    private final int[] colour;
    private final List<Set<Lir.Move>> movesOf = new ArrayList<>();
    private final Set<Lir.Move> worklistMoves = new java.util.LinkedHashSet<>();
    private final Set<Lir.Move> activeMoves = new HashSet<>();
    private final BitSet present = new BitSet();
    private final BitSet simplify = new BitSet();
    private final BitSet freeze = new BitSet();
    private final BitSet spill = new BitSet();
    private final BitSet coalesced = new BitSet();
    private final BitSet selected = new BitSet();
    private final Deque<Integer> selectStack = new ArrayDeque<>();

    Colouring(LirProgram program, BitSet unspillable) {
        this.unspillable = unspillable;
        this.pinned = program.pinned();
        this.weights = RegisterAllocator.weights(program);
        this.size = program.registers();
        this.adjacent = new BitSet[size];
        this.degree = new int[size];
        this.alias = new int[size];
        this.colour = new int[size];
        for (int i = 0; i < size; i++) {
            adjacent[i] = new BitSet();
            alias[i] = i;
            colour[i] = i < COLOURS ? i : Lir.NONE;
            movesOf.add(new HashSet<>());
        }
        build(program);
    }

    int colour(int register) {
        return register == Lir.FRAME ? register : colour[find(register)];
    }

    /** Colours the graph.
     *
     * @return the registers that found none
     */
    List<Integer> run() {
        makeWorklists();
        while (true) {
            if (!simplify.isEmpty()) {
                simplifyOne();
            } else if (!worklistMoves.isEmpty()) {
                coalesceOne();
            } else if (!freeze.isEmpty()) {
                int node = freeze.nextSetBit(0);
                freeze.clear(node);
                simplify.set(node);
                freezeMoves(node);
            } else if (!spill.isEmpty()) {
                selectSpill();
            } else {
                return assignColours();
            }
        }
    }

    private void build(LirProgram program) {
        var liveness = new Liveness(program);
        for (LirBlock block : program.blocks()) {
            BitSet live = liveness.liveOut(block);
            for (Lir instruction : block.code().reversed()) {
                if (instruction instanceof Lir.Move(int dst, int src) && src != Lir.FRAME) {
                    live.clear(src);
                    var move = new Lir.Move(dst, src);
                    movesOf.get(dst).add(move);
                    movesOf.get(src).add(move);
                    worklistMoves.add(move);
                }
                Effects.forEachDefinition(instruction, present::set);
                Effects.forEachUse(instruction, present::set);
                Effects.forEachDefinition(instruction, live::set);
                Effects.forEachDefinition(instruction, d -> live.stream().forEach(other -> addEdge(other, d)));
                Liveness.step(instruction, live);
            }
        }
    }

    private static boolean isMachine(int register) {
        return register < COLOURS;
    }

    private void addEdge(int a, int b) {
        if (a == b || adjacent[a].get(b)) {
            return;
        }
        adjacent[a].set(b);
        adjacent[b].set(a);
        degree[a]++;
        degree[b]++;
    }

    private void makeWorklists() {
        for (int n = present.nextSetBit(Lir.FIRST_VIRTUAL); n >= 0; n = present.nextSetBit(n + 1)) {
            if (degree[n] >= COLOURS) {
                spill.set(n);
            } else if (isMoveRelated(n)) {
                freeze.set(n);
            } else {
                simplify.set(n);
            }
        }
    }

    private List<Lir.Move> nodeMoves(int node) {
        return movesOf.get(node).stream()
                .filter(m -> activeMoves.contains(m) || worklistMoves.contains(m))
                .toList();
    }

    private boolean isMoveRelated(int node) {
        return !nodeMoves(node).isEmpty();
    }

    /** Neighbours that are still in the graph. */
    private int[] neighbours(int node) {
        var result = (BitSet) adjacent[node].clone();
        result.andNot(selected);
        result.andNot(coalesced);
        return result.stream().toArray();
    }

    private void simplifyOne() {
        int node = simplify.nextSetBit(0);
        simplify.clear(node);
        selectStack.push(node);
        selected.set(node);
        for (int neighbour : neighbours(node)) {
            decrementDegree(neighbour);
        }
    }

    private void decrementDegree(int node) {
        int before = degree[node]--;
        if (before == COLOURS && !isMachine(node)) {
            enableMoves(node);
            for (int neighbour : neighbours(node)) {
                enableMoves(neighbour);
            }
            spill.clear(node);
            (isMoveRelated(node) ? freeze : simplify).set(node);
        }
    }

    private void enableMoves(int node) {
        for (Lir.Move move : nodeMoves(node)) {
            if (activeMoves.remove(move)) {
                worklistMoves.add(move);
            }
        }
    }

    private void coalesceOne() {
        Lir.Move move = worklistMoves.iterator().next();
        worklistMoves.remove(move);
        int x = find(move.dst());
        int y = find(move.src());
        int u = isMachine(y) ? y : x;
        int v = isMachine(y) ? x : y;
        if (u == v) {
            addWorklist(u);
        } else if (isMachine(v) || adjacent[u].get(v) || (!isMachine(u) && pinned.get(u) != pinned.get(v))) {
            // Pinned and other registers stay apart: together they could be kept in the frame, or could not where they
            // must.
            addWorklist(u);
            addWorklist(v);
        } else if (isMachine(u) ? allOk(u, v) : conservative(u, v)) {
            combine(u, v);
            addWorklist(u);
        } else {
            activeMoves.add(move);
        }
    }

    private void addWorklist(int node) {
        if (!isMachine(node) && !isMoveRelated(node) && degree[node] < COLOURS) {
            freeze.clear(node);
            simplify.set(node);
        }
    }

    private boolean allOk(int machine, int node) {
        return Arrays.stream(neighbours(node))
                .allMatch(t -> degree[t] < COLOURS || isMachine(t) || adjacent[t].get(machine));
    }

    private boolean conservative(int a, int b) {
        var all = new BitSet();
        for (int n : neighbours(a)) {
            all.set(n);
        }
        for (int n : neighbours(b)) {
            all.set(n);
        }
        return all.stream().filter(n -> isMachine(n) || degree[n] >= COLOURS).count() < COLOURS;
    }

    private int find(int node) {
        int current = node;
        while (coalesced.get(current)) {
            current = alias[current];
        }
        return current;
    }

    private void combine(int u, int v) {
        freeze.clear(v);
        spill.clear(v);
        coalesced.set(v);
        alias[v] = u;
        movesOf.get(u).addAll(movesOf.get(v));
        enableMoves(v);
        for (int t : neighbours(v)) {
            addEdge(t, u);
            decrementDegree(t);
        }
        if (degree[u] >= COLOURS && freeze.get(u)) {
            freeze.clear(u);
            spill.set(u);
        }
    }

    private void freezeMoves(int node) {
        for (Lir.Move move : nodeMoves(node)) {
            int x = find(move.dst());
            int y = find(move.src());
            int other = y == find(node) ? x : y;
            activeMoves.remove(move);
            worklistMoves.remove(move);
            if (!isMachine(other) && nodeMoves(other).isEmpty() && degree[other] < COLOURS) {
                freeze.clear(other);
                simplify.set(other);
            }
        }
    }

    private void selectSpill() {
        int cheapest = spill.stream()
                .boxed()
                .min((a, b) -> Double.compare(cost(a), cost(b)))
                .orElseThrow();
        spill.clear(cheapest);
        simplify.set(cheapest);
        freezeMoves(cheapest);
    }

    private double cost(int node) {
        return unspillable.get(node) ? Double.MAX_VALUE : weights.getOrDefault(node, 0.0) / degree[node];
    }

    private List<Integer> assignColours() {
        var spilled = new ArrayList<Integer>();
        while (!selectStack.isEmpty()) {
            int node = selectStack.pop();
            var free = new BitSet();
            free.set(0, COLOURS);
            adjacent[node].stream().map(this::find).filter(w -> colour[w] >= 0).forEach(w -> free.clear(colour[w]));
            int best = free.nextSetBit(0);
            if (best < 0) {
                spilled.add(node);
            } else {
                colour[node] = best;
            }
            selected.clear(node);
        }
        return spilled;
    }
}
