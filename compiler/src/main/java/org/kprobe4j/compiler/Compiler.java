package org.kprobe4j.compiler;

import java.util.List;
import org.kprobe4j.asm.Assembled;
import org.kprobe4j.asm.Assembler;
import org.kprobe4j.asm.Instruction;
import org.kprobe4j.compiler.internal.emit.DeadStores;
import org.kprobe4j.compiler.internal.emit.Emitter;
import org.kprobe4j.compiler.internal.emit.RegisterAllocator;
import org.kprobe4j.compiler.internal.front.Translation;
import org.kprobe4j.compiler.internal.ir.EndlessLoops;
import org.kprobe4j.compiler.internal.ir.Simplify;
import org.kprobe4j.compiler.internal.lower.Lir;
import org.kprobe4j.compiler.internal.lower.LirProgram;
import org.kprobe4j.compiler.internal.lower.Lowering;

/** From a handler's bytecode to an eBPF program. The method {@link #compile} is the list of passes. */
public final class Compiler {
    /** What the kernel gives a program. Source: MAX_BPF_STACK in include/linux/filter.h. */
    static final int MAX_STACK_BYTES = 512;

    private Compiler() {}

    /**
     * Compiles a handler.
     *
     * @param request all that the program depends on
     * @return the program
     * @throws CompileException if the handler cannot be compiled, with each reason and its line
     */
    public static CompiledProgram compile(CompileRequest request) {
        try {
            return run(request);
        } catch (CompileException e) {
            throw e;
        } catch (RuntimeException | StackOverflowError e) {
            var failure = new CompileException(List.of(new Diagnostic(
                    request.handler().file(),
                    0,
                    "the compiler failed on %s (%s); please report it with the handler's source"
                            .formatted(request.handler().method(), e))));
            failure.initCause(e);
            throw failure;
        }
    }

    private static CompiledProgram run(CompileRequest request) {
        Translation.Translated handler = Translation.translate(request);
        Simplify.run(handler.graph());
        EndlessLoops.refuse(handler.graph());
        ProgramShape shape = shape(request, handler);
        int kept = shape instanceof ProgramShape.Entry entry
                ? entry.kept().size()
                : handler.keptArguments().size();
        int callBytes = ProgramShape.CALL_OWNER_BYTES + handler.dataBytes() + kept * Long.BYTES;
        LirProgram program = Lowering.lower(
                handler.graph(),
                request.architecture(),
                shape,
                request.planted(),
                callBytes,
                handler.dataBytes(),
                handler.scratchBytes());
        DeadStores.remove(program);
        RegisterAllocator.allocate(program);
        checkStack(request, program);
        checkScratch(request, program);
        List<Instruction> instructions = Emitter.emit(program);
        Assembled code = Assembler.assemble(instructions);
        return new CompiledProgram(
                code,
                handler.formats(),
                callBytes,
                program.scratchBytes(),
                handler.faultSites(),
                handler.keptArguments(),
                program.contextRegisters(request.architecture()));
    }

    /** A return handler that reads arguments of the call has an entry program, whether the user gave an entry handler or not. */
    private static ProgramShape shape(CompileRequest request, Translation.Translated handler) {
        return handler.keptArguments().isEmpty() ? request.shape() : new ProgramShape.Return(true);
    }

    private static void checkScratch(CompileRequest request, LirProgram program) {
        if (program.scratchBytes() > ScratchMemory.MAX_BYTES) {
            throw new CompileException(List.of(new Diagnostic(
                    request.handler().file(),
                    0,
                    "the handler's arrays and strings need %d bytes, the kernel gives %d for each CPU; make them smaller, or use a map"
                            .formatted(program.scratchBytes(), ScratchMemory.MAX_BYTES))));
        }
    }

    private static void checkStack(CompileRequest request, LirProgram program) {
        if (program.frameBytes() > MAX_STACK_BYTES) {
            Lir.At line = program.crowdedLine();
            String file = line == null ? null : line.file();
            throw new CompileException(List.of(new Diagnostic(
                    file == null ? request.handler().file() : file,
                    line == null ? 0 : line.line(),
                    "the handler needs %d bytes of stack, the kernel gives %d; here %d values are needed again later: use an array for some, or compute them where they are used"
                            .formatted(program.frameBytes(), MAX_STACK_BYTES, program.mostSpilled()))));
        }
    }
}
