package org.kprobe4j.compiler.internal.front;

import java.lang.classfile.Attributes;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.classfile.attribute.SourceFileAttribute;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.ExceptionCatch;
import java.lang.classfile.instruction.IncrementInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.LookupSwitchInstruction;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.classfile.instruction.TableSwitchInstruction;
import java.lang.classfile.instruction.ThrowInstruction;
import java.lang.reflect.AccessFlag;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.internal.ir.Position;

/** A method's instructions cut into basic blocks, with its loops. */
final class MethodCode {
    /** Instructions {@code from} to {@code to} (exclusive), and the blocks that may follow. */
    record Span(int index, int from, int to, List<Integer> successors) {}

    private final String owner;
    private final String name;
    private final String descriptor;
    private final String file;
    private final int maxLocals;
    private final List<Instruction> instructions = new ArrayList<>();
    private final List<Integer> lines = new ArrayList<>();
    private final Map<Label, Integer> targets = new HashMap<>();
    private final List<Span> spans = new ArrayList<>();
    private final Map<Integer, Integer> spanAt = new HashMap<>();
    private final List<Integer> order = new ArrayList<>();
    private final Map<Integer, BitSet> loops = new HashMap<>();
    private final List<Integer> caught = new ArrayList<>();
    private boolean reducible = true;
    private @Nullable LocalLiveness liveness;
    private @Nullable StackDepths depths;

    private MethodCode(String owner, String name, String descriptor, String file, int maxLocals) {
        this.owner = owner;
        this.name = name;
        this.descriptor = descriptor;
        this.file = file;
        this.maxLocals = maxLocals;
    }

    /** Reads a method that has code. */
    static MethodCode of(ClassModel owner, MethodModel method) {
        CodeAttribute code = method.findAttribute(Attributes.code())
                .orElseThrow(() -> new Refusal(method.methodName().stringValue() + " has no body"));
        if (method.flags().has(AccessFlag.SYNCHRONIZED)) {
            throw new Refusal(InstructionTranslator.CANNOT_SYNCHRONIZE);
        }
        String internalName = owner.thisClass().asInternalName();
        String file = owner.findAttribute(Attributes.sourceFile())
                .map(SourceFileAttribute::sourceFile)
                .map(Object::toString)
                .orElse(internalName.substring(internalName.lastIndexOf('/') + 1) + ".java");
        var result = new MethodCode(
                internalName,
                method.methodName().stringValue(),
                method.methodType().stringValue(),
                file,
                code.maxLocals());
        result.read(code);
        result.cut();
        result.findLoops();
        code.exceptionHandlers().forEach(result::keep);
        return result;
    }

    String owner() {
        return owner;
    }

    String name() {
        return name;
    }

    String descriptor() {
        return descriptor;
    }

    int maxLocals() {
        return maxLocals;
    }

    /** The first instruction that an exception handler of the source covers; nothing if there is none. */
    OptionalInt firstCaught() {
        return caught.stream().mapToInt(Integer::intValue).min();
    }

    /** Not those that javac adds: round a record pattern to wrap what an accessor throws, round synchronized to leave the monitor. */
    private void keep(ExceptionCatch handler) {
        int at = targets.getOrDefault(handler.handler(), 0);
        boolean ofPattern = at + 1 < instructions.size()
                && instructions.get(at) instanceof StoreInstruction
                && instructions.get(at + 1) instanceof NewObjectInstruction make
                && make.className().asInternalName().equals("java/lang/MatchException");
        boolean ofSynchronized = at + 2 < instructions.size() && instructions.get(at + 2) instanceof MonitorInstruction;
        if (!ofPattern && !ofSynchronized) {
            caught.add(targets.getOrDefault(handler.tryStart(), 0));
        }
    }

    /** Number of instructions. */
    int size() {
        return instructions.size();
    }

    /** Whether its loops can be entered at their heads only, as those of Java's own statements. */
    boolean isReducible() {
        return reducible;
    }

    /** The local variables that may still be read when a block starts. */
    BitSet live(Span span) {
        if (liveness == null) {
            liveness = new LocalLiveness(spans, instructions);
        }
        return (BitSet) liveness.at(span).clone();
    }

    /** How many slots are on the operand stack before an instruction, or at the method's end. */
    int depthBefore(int instruction) {
        if (depths == null) {
            depths = new StackDepths(order(), instructions, spans);
        }
        return depths.before(instruction);
    }

    /** The blocks that may follow. */
    List<Span> successors(Span span) {
        return span.successors().stream().map(spans::get).toList();
    }

    Instruction instruction(int index) {
        return instructions.get(index);
    }

    Position position(int index) {
        return new Position(file, lines.get(index));
    }

    /** The blocks in reverse postorder, the first one first. */
    List<Span> order() {
        return order.stream().map(spans::get).toList();
    }

    Span span(Label label) {
        return spans.get(spanIndex(label));
    }

    Span next(Span span) {
        return spans.get(spanStartingAt(span.to()));
    }

    /** Whether a loop starts at this block. */
    boolean isLoopHeader(Span span) {
        return loops.containsKey(span.index());
    }

    /** Whether going from one block to the other closes a loop. */
    boolean isBackEdge(Span from, Span to) {
        BitSet body = loops.get(to.index());
        return body != null && body.get(from.index());
    }

    /** The local variables that a loop assigns and that are read before that. */
    BitSet changedIn(Span header) {
        var slots = new BitSet();
        loops.getOrDefault(header.index(), new BitSet()).stream()
                .mapToObj(spans::get)
                .forEach(span -> {
                    for (int i = span.from(); i < span.to(); i++) {
                        Instruction instruction = instructions.get(i);
                        if (instruction instanceof StoreInstruction store) {
                            LocalLiveness.assigned(store, slots::set);
                        } else if (instruction instanceof IncrementInstruction increment) {
                            slots.set(increment.slot());
                        }
                    }
                });
        slots.and(live(header));
        return slots;
    }

    private void read(CodeAttribute code) {
        int line = 0;
        for (CodeElement element : code) {
            if (element instanceof Instruction instruction) {
                instructions.add(instruction);
                lines.add(line);
            } else if (element instanceof LineNumber number) {
                line = number.line();
            } else if (element instanceof LabelTarget target) {
                targets.put(target.label(), instructions.size());
            }
        }
    }

    private void cut() {
        var leaders = new TreeSet<Integer>();
        leaders.add(0);
        for (int i = 0; i < instructions.size(); i++) {
            List<Label> labels = jumpTargets(instructions.get(i));
            labels.forEach(label -> leaders.add(targets.get(label)));
            if (endsBlock(instructions.get(i)) && i + 1 < instructions.size()) {
                leaders.add(i + 1);
            }
        }
        var starts = List.copyOf(leaders);
        for (int i = 0; i < starts.size(); i++) {
            spanAt.put(starts.get(i), i);
        }
        for (int i = 0; i < starts.size(); i++) {
            int to = i + 1 < starts.size() ? starts.get(i + 1) : instructions.size();
            spans.add(new Span(i, starts.get(i), to, successors(to - 1, i)));
        }
    }

    private List<Integer> successors(int last, int span) {
        Instruction instruction = instructions.get(last);
        var result = new ArrayList<Integer>();
        jumpTargets(instruction).forEach(label -> result.add(spanIndex(label)));
        boolean fallsThrough =
                !endsBlock(instruction) || (instruction instanceof BranchInstruction b && isConditional(b));
        if (fallsThrough) {
            result.add(span + 1);
        }
        return result.stream().distinct().toList();
    }

    private int spanIndex(Label label) {
        Integer index = targets.get(label);
        if (index == null) {
            throw new Refusal("a jump out of the method " + name);
        }
        return spanStartingAt(index);
    }

    private int spanStartingAt(int index) {
        Integer span = spanAt.get(index);
        if (span == null) {
            throw new Refusal("the method %s does not end with a return".formatted(name));
        }
        return span;
    }

    static boolean isConditional(BranchInstruction branch) {
        return switch (branch.opcode()) {
            case GOTO, GOTO_W -> false;
            default -> true;
        };
    }

    private static boolean endsBlock(Instruction instruction) {
        return instruction instanceof BranchInstruction
                || instruction instanceof TableSwitchInstruction
                || instruction instanceof LookupSwitchInstruction
                || instruction instanceof ReturnInstruction
                || instruction instanceof ThrowInstruction;
    }

    private static List<Label> jumpTargets(Instruction instruction) {
        if (instruction instanceof BranchInstruction branch) {
            return List.of(branch.target());
        }
        var labels = new ArrayList<Label>();
        if (instruction instanceof TableSwitchInstruction table) {
            table.cases().forEach(c -> labels.add(c.target()));
            labels.add(table.defaultTarget());
        } else if (instruction instanceof LookupSwitchInstruction lookup) {
            lookup.cases().forEach(c -> labels.add(c.target()));
            labels.add(lookup.defaultTarget());
        }
        return labels;
    }

    /** Depth-first over the blocks: their order, and for each edge back to an open block the loop that it closes. */
    private void findLoops() {
        var done = new BitSet();
        var open = new BitSet();
        var predecessors = new HashMap<Integer, List<Integer>>();
        spans.forEach(s -> s.successors()
                .forEach(t ->
                        predecessors.computeIfAbsent(t, _ -> new ArrayList<>()).add(s.index())));
        var backEdges = new ArrayList<int[]>();
        var path = new ArrayList<int[]>();
        path.add(new int[] {0, 0});
        open.set(0);
        while (!path.isEmpty()) {
            int[] top = path.getLast();
            List<Integer> successors = spans.get(top[0]).successors();
            if (top[1] == successors.size()) {
                open.clear(top[0]);
                done.set(top[0]);
                order.addFirst(top[0]);
                path.removeLast();
                continue;
            }
            int successor = successors.get(top[1]++);
            if (open.get(successor)) {
                backEdges.add(new int[] {top[0], successor});
            } else if (!done.get(successor)) {
                open.set(successor);
                path.add(new int[] {successor, 0});
            }
        }
        backEdges.forEach(edge -> grow(loops.computeIfAbsent(edge[1], MethodCode::bodyOf), edge[0], predecessors));
        // A loop with a second entry holds its first block's ancestors, the method's start among them.
        reducible = loops.entrySet().stream()
                .allMatch(loop -> loop.getKey() == 0 || !loop.getValue().get(0));
    }

    private static BitSet bodyOf(int header) {
        var body = new BitSet();
        body.set(header);
        return body;
    }

    /** Adds to a loop's body all that reaches its back edge without passing its header. */
    private static void grow(BitSet body, int from, Map<Integer, List<Integer>> predecessors) {
        var work = new ArrayList<Integer>(List.of(from));
        while (!work.isEmpty()) {
            int block = work.removeLast();
            if (!body.get(block)) {
                body.set(block);
                work.addAll(predecessors.getOrDefault(block, List.of()));
            }
        }
    }
}
