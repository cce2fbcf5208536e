package org.kprobe4j.compiler;

import java.util.List;
import java.util.function.Supplier;
import org.kprobe4j.asm.Assembled;
import org.kprobe4j.asm.Assembler;
import org.kprobe4j.asm.Instruction;
import org.kprobe4j.compiler.internal.emit.DeadStores;
import org.kprobe4j.compiler.internal.emit.Emitter;
import org.kprobe4j.compiler.internal.emit.RegisterAllocator;
import org.kprobe4j.compiler.internal.emit.SharedConstants;
import org.kprobe4j.compiler.internal.front.Translation;
import org.kprobe4j.compiler.internal.ir.EndlessLoops;
import org.kprobe4j.compiler.internal.ir.Simplify;
import org.kprobe4j.compiler.internal.lower.Lir;
import org.kprobe4j.compiler.internal.lower.LirProgram;

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
        return translate(request).program(request.shape(), ProgramContext.Registers.OWN, CallStore.HASH, true);
    }

    static <T> T guarded(CompileRequest request, Supplier<T> pass) {
        try {
            return pass.get();
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

    /**
     * The first half: follows a handler's bytecode, for {@link TranslatedHandler#program}.
     *
     * @param request all that the program depends on, but for how it is attached
     * @return the handler
     * @throws CompileException if the handler cannot be compiled, with each reason and its line
     */
    public static TranslatedHandler translate(CompileRequest request) {
        return guarded(request, () -> {
            Translation.Translated handler = Translation.translate(request);
            Simplify.run(handler.graph());
            EndlessLoops.refuse(handler.graph());
            return new TranslatedHandler(request, handler);
        });
    }

    /** The machine's part: registers, and instructions. */
    static CompiledProgram emit(
            CompileRequest request, Translation.Translated handler, LirProgram program, int callBytes) {
        DeadStores.remove(program);
        SharedConstants.share(program);
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
