package org.kprobe4j.compiler;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.internal.front.Translation;
import org.kprobe4j.compiler.internal.lower.LirProgram;
import org.kprobe4j.compiler.internal.lower.Lowering;

/**
 * A handler whose bytecode was followed. What it reads decides how it can be attached; then a program is made of it, for each way that is
 * tried. Not thread-safe.
 */
public final class TranslatedHandler {
    private final CompileRequest request;
    private final Translation.Translated handler;
    /** On registers; kept because it is what most often is asked for. */
    private @Nullable LirProgram onRegisters;

    TranslatedHandler(CompileRequest request, Translation.Translated handler) {
        this.request = request;
        this.handler = handler;
    }

    /**
     * The lines that it may print.
     *
     * @return an immutable list
     */
    public List<PrintFormat> formats() {
        return handler.formats();
    }

    /**
     * The argument registers that a return handler reads: an entry program keeps them, or the context still has them.
     *
     * @return {@link ProgramShape.Entry#kept()}
     */
    public List<Integer> keptArguments() {
        return handler.keptArguments();
    }

    /**
     * What the handler itself reads of its registers, walks of stacks apart.
     *
     * @return names as in {@link Architecture#registers()}, with how many bytes of each
     */
    public Map<String, Integer> reads() {
        return onRegisters().contextReads(request.architecture());
    }

    /**
     * All registers that the handler needs on a {@code struct pt_regs}, those that stacks are walked from among them.
     *
     * @return names as in {@link Architecture#registers()}
     */
    public Set<String> needs() {
        return onRegisters().contextRegisters(request.architecture());
    }

    /**
     * Whether it walks the kernel's stack.
     *
     * @return true if it does so from the context's registers
     */
    public boolean walksStack() {
        return onRegisters().walksStack();
    }

    /**
     * Whether it may have the function return without having run.
     *
     * @return true if it calls Kernel.overrideReturn
     */
    public boolean overridesReturn() {
        return handler.faultSites().stream().anyMatch(site -> site.what().equals(CompiledProgram.OVERRIDDEN));
    }

    private LirProgram onRegisters() {
        LirProgram program = onRegisters;
        if (program == null) {
            program = lower(surroundings(request.shape(), ProgramContext.Registers.OWN, CallStore.HASH, true));
            onRegisters = program;
        }
        return program;
    }

    /**
     * Makes a program.
     *
     * @param shape what surrounds the handler: of the request's kind, but it may know more
     * @param context what the program is handed, by the way in which it is attached
     * @param store where calls in flight are kept
     * @param switched whether it can be switched off while it is attached, by {@link Account#ON}
     * @return the program
     * @throws CompileException if it needs more than the kernel gives
     */
    public CompiledProgram program(ProgramShape shape, ProgramContext context, CallStore store, boolean switched) {
        return Compiler.guarded(request, () -> {
            Lowering.Surroundings around = surroundings(shape, context, store, switched);
            LirProgram lowered = onRegisters;
            if (lowered == null
                    || !around.equals(
                            surroundings(request.shape(), ProgramContext.Registers.OWN, CallStore.HASH, true))) {
                lowered = lower(around);
            }
            onRegisters = null; // what follows changes it
            return Compiler.emit(request, handler, lowered, around.callBytes());
        });
    }

    private LirProgram lower(Lowering.Surroundings around) {
        return Lowering.lower(handler.graph(), around);
    }

    private Lowering.Surroundings surroundings(
            ProgramShape asked, ProgramContext handed, CallStore store, boolean switched) {
        ProgramContext context = handed.on(request.architecture());
        boolean keeps = context instanceof ProgramContext.Registers;
        ProgramShape shape = keeps && !handler.keptArguments().isEmpty() ? new ProgramShape.Return(true) : asked;
        int kept = shape instanceof ProgramShape.Entry entry
                ? entry.kept().size()
                : keeps ? handler.keptArguments().size() : 0;
        return new Lowering.Surroundings(
                request.architecture(),
                shape,
                request.planted(),
                context,
                switched,
                request.btf(),
                store,
                ProgramShape.CALL_OWNER_BYTES + handler.dataBytes() + kept * Long.BYTES,
                handler.dataBytes(),
                handler.scratchBytes(),
                handler.keptArguments());
    }

    /**
     * The size of a call's value, for {@link CallSlots#fits}.
     *
     * @param shape as for {@link #program}
     * @param context likewise
     * @return bytes
     */
    public int callBytes(ProgramShape shape, ProgramContext context) {
        return surroundings(shape, context, CallStore.HASH, true).callBytes();
    }
}
