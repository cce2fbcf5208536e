package org.kprobe4j.compiler.internal.lower;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.JmpOp;
import org.kprobe4j.asm.Size;
import org.kprobe4j.asm.Width;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.CallStore;
import org.kprobe4j.compiler.KernelBtf;
import org.kprobe4j.compiler.Planted;
import org.kprobe4j.compiler.ProgramContext;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.compiler.internal.ir.Arithmetic;
import org.kprobe4j.compiler.internal.ir.Block;
import org.kprobe4j.compiler.internal.ir.Cond;
import org.kprobe4j.compiler.internal.ir.End;
import org.kprobe4j.compiler.internal.ir.Graph;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.Value;

/** From the graph to eBPF instructions on virtual registers: one block after the other, phis as moves at the ends of their predecessors. */
public final class Lowering {
    private final LirBuilder out = new LirBuilder();
    private final Map<Value, Integer> registers = new HashMap<>();
    private final Map<Block, LirBlock> blocks = new HashMap<>();
    private final List<Block> order;
    private final ContextLowering context;
    private final LoopDepths depths;
    private final Scratch scratch;
    private final Frame frame;
    private final OperationLowering operations;
    private final @Nullable ReturnOverride override;

    /**
     * How a graph is surrounded.
     *
     * @param machine that runs it
     * @param shape what stands around the handler
     * @param planted where
     * @param context what the program is handed
     * @param switched whether the program can be switched off
     * @param btf the kernel's types
     * @param store where calls in flight are kept
     * @param callBytes size of a call's value, which its task and the private data open
     * @param dataBytes size of the private data
     * @param scratchBytes size of the graph's rooms
     * @param kept arguments that a return handler reads
     */
    public record Surroundings(
            Architecture machine,
            ProgramShape shape,
            Planted planted,
            ProgramContext context,
            boolean switched,
            KernelBtf btf,
            CallStore store,
            int callBytes,
            int dataBytes,
            int scratchBytes,
            List<Integer> kept) {}

    private Lowering(Graph graph, Surroundings around) {
        this.order = graph.reversePostorder();
        this.context = new ContextLowering(out, around.machine(), around.context(), around.shape(), around.kept());
        this.depths = new LoopDepths(order);
        this.scratch = new Scratch(out, order, depths, around.scratchBytes());
        var place = new PlaceLowering(out, around.planted());
        this.frame = new Frame(out, around, context, scratch, place);
        this.override = ReturnOverride.of(order, out, context.register());
        this.operations = new OperationLowering(
                out, this, frame, context, new TaskLowering(out, around.btf()), scratch, place, override);
    }

    /** Lowers a graph for a machine, inside the frame that its program needs. */
    public static LirProgram lower(Graph graph, Surroundings around) {
        var lowering = new Lowering(graph, around);
        lowering.run();
        lowering.out.program().scratchBytes(lowering.scratch.bytes());
        return lowering.out.program();
    }

    private void run() {
        frame.open();
        if (override != null) {
            override.open();
        }
        for (Block block : order) {
            blocks.put(block, out.program().block(depths.of(block)));
            block.phis().forEach(phi -> registers.put(phi, out.register()));
        }
        for (Block block : order) {
            begin(block);
            operations.begin(block);
            scratch.enter(block);
            block.operations().forEach(operation -> {
                out.at(operation.position());
                operations.lower(operation);
            });
            operations.end(block);
            end(block);
        }
        out.finish();
    }

    /** The handler's first block goes on where the code before it ends, unless a loop leads back to it. */
    private void begin(Block block) {
        if (block != order.getFirst()) {
            out.place(target(block));
        } else if (block.predecessors().isEmpty()) {
            blocks.put(block, out.current());
        } else {
            out.jump(target(block));
            out.place(target(block));
        }
    }

    private LirBlock target(Block block) {
        LirBlock target = blocks.get(block);
        if (target == null) {
            throw new IllegalStateException("no code for " + block);
        }
        return target;
    }

    /** Keeps the register of an operation's result. */
    void define(Value value, int register) {
        registers.put(value, register);
    }

    /** The register that holds a value; a constant is loaded into a fresh one. */
    int register(Value value) {
        if (value instanceof Value.Constant constant) {
            if (constant.kind() == Kind.LONG) {
                return out.constant(constant.value());
            }
            int register = out.register();
            out.add(constantLoad(register, constant));
            return register;
        }
        Integer register = registers.get(value);
        if (register == null) {
            throw new IllegalStateException("no register for " + value);
        }
        return register;
    }

    /** A register whose lower half is the value's, for instructions that read no more: a long need not be cut down for them. */
    int lowerHalf(Value value) {
        return register(uncut(value));
    }

    /** The long that an int is the lower half of, if it is one. */
    static Value uncut(Value value) {
        return value instanceof Value.Operation operation && operation.opcode() instanceof Opcode.Truncate
                ? operation.argument(0)
                : value;
    }

    /** Loads a value into a given register. */
    void moveTo(int register, Value value) {
        if (value instanceof Value.Constant constant) {
            out.add(constantLoad(register, constant));
        } else {
            out.add(new Lir.Move(register, register(value)));
        }
    }

    private static Lir.Const constantLoad(int register, Value.Constant constant) {
        return new Lir.Const(register, constant.value(), constant.kind() == Kind.LONG);
    }

    static Width width(Kind kind) {
        return kind == Kind.INT ? Width.W32 : Width.W64;
    }

    private void end(Block block) {
        switch (block.end()) {
            case End.Goto go -> {
                movePhis(block, go.target());
                out.jump(target(go.target()));
            }
            case End.Branch branch -> {
                out.at(branch.position());
                OptionalLong a = known(branch.a());
                OptionalLong b = known(branch.b());
                if (a.isPresent() && b.isPresent()) {
                    Block to = branch.cond().holds(a.getAsLong(), b.getAsLong()) ? branch.yes() : branch.no();
                    movePhis(block, to);
                    out.jump(target(to));
                    return;
                }
                LirBlock yes = edge(branch.yes());
                LirBlock no = edge(branch.no());
                compare(branch.cond(), branch.a(), branch.b(), yes, no);
                fill(yes, block, branch.yes());
                fill(no, block, branch.no());
            }
            case End.Return back -> {
                out.at(back.position());
                if (override != null) {
                    override.carryOut();
                }
                frame.close(back.zero());
            }
            case End.Fault fault -> {
                out.at(fault.position());
                out.count(Account.FAULTS + fault.site());
                frame.abandon();
            }
        }
    }

    /** A long that is known before the program runs: a constant, or what the context is given in the place of a register. */
    private OptionalLong known(Value value) {
        return switch (value) {
            case Value.Constant constant when constant.kind() == Kind.LONG -> OptionalLong.of(constant.value());
            case Value.Operation operation
            when operation.opcode() instanceof Opcode.Context(int offset, Size size) && size == Size.DW ->
                context.known(offset);
            default -> OptionalLong.empty();
        };
    }

    /** The way to a block; one of its own where phis of the target need moves that the other way must not make. */
    private LirBlock edge(Block to) {
        return to.phis().isEmpty() ? target(to) : out.block();
    }

    private void fill(LirBlock edge, Block from, Block to) {
        if (edge != target(to)) {
            out.place(edge);
            movePhis(from, to);
            out.jump(target(to));
        }
    }

    /** All phis of a block take their values at once: through temporaries where one reads what another writes. */
    private void movePhis(Block from, Block to) {
        int index = to.predecessors().indexOf(from);
        List<Value.Phi> phis =
                to.phis().stream().filter(phi -> phi.inputs()[index] != phi).toList();
        boolean overlap = phis.stream()
                .anyMatch(phi ->
                        phi.inputs()[index] instanceof Value.Phi input && input.block() == to && phis.contains(input));
        if (!overlap) {
            phis.forEach(phi -> moveTo(register(phi), phi.inputs()[index]));
            return;
        }
        var temporaries = new ArrayList<Integer>();
        for (Value.Phi phi : phis) {
            int temporary = out.register();
            moveTo(temporary, phi.inputs()[index]);
            temporaries.add(temporary);
        }
        for (int i = 0; i < phis.size(); i++) {
            out.add(new Lir.Move(register(phis.get(i)), temporaries.get(i)));
        }
    }

    /** Ends the current block with a comparison. */
    void compare(Cond cond, Value a, Value b, LirBlock yes, LirBlock no) {
        // A bound that is checked stands second as it is, for the verifier.
        if (rank(a) > rank(b) && (cond != Cond.ULT || a instanceof Value.Constant)) {
            compare(cond.swapped(), b, a, yes, no);
            return;
        }
        Width width = width(a.kind());
        JmpOp op = jump(cond);
        int left = lowerHalf(a);
        if (b instanceof Value.Constant constant && constant.value() == (int) constant.value()) {
            out.branchImm(op, width, left, (int) constant.value(), yes, no);
        } else {
            out.branch(op, width, left, lowerHalf(b), yes, no);
        }
    }

    /**
     * The operand of the higher rank comes second. A constant must; a loop's counter should: the verifier knows its value in each
     * round, but that of Linux 5.10 decides a comparison only by a second operand that it knows.
     */
    private static int rank(Value value) {
        return switch (value) {
            case Value.Constant _ -> 2;
            case Value.Phi _ -> 1;
            case Value.Operation step
            when step.opcode() instanceof Opcode.Binary(Arithmetic operator)
                    && operator == Arithmetic.ADD
                    && step.argument(0) instanceof Value.Phi
                    && step.argument(1) instanceof Value.Constant -> 1;
            case Value.Operation _ -> 0;
        };
    }

    private static JmpOp jump(Cond cond) {
        return switch (cond) {
            case EQ -> JmpOp.JEQ;
            case NE -> JmpOp.JNE;
            case LT -> JmpOp.JSLT;
            case GE -> JmpOp.JSGE;
            case GT -> JmpOp.JSGT;
            case LE -> JmpOp.JSLE;
            case ULT -> JmpOp.JLT;
            case UGE -> JmpOp.JGE;
            case UGT -> JmpOp.JGT;
            case ULE -> JmpOp.JLE;
        };
    }

    /** {@code dst = dst op value}. */
    void apply(AluOp op, Kind kind, int dst, Value value) {
        if (value instanceof Value.Constant constant && constant.value() == (int) constant.value()) {
            out.aluImm(op, width(kind), dst, (int) constant.value());
        } else {
            out.alu(op, width(kind), dst, lowerHalf(value));
        }
    }
}
