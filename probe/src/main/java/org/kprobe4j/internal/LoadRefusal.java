package org.kprobe4j.internal;

import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.Assembled;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.Instruction;
import org.kprobe4j.asm.LineEntry;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.LoadException;
import org.kprobe4j.bpf.features.Answer;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.compiler.CompiledProgram;

/** Why a kernel does not take a program, said of the handler's Java lines: found before loading, or read from the verifier's log. */
public final class LoadRefusal {
    private static final int MOST_LOOPS = 5;

    private LoadRefusal() {}

    /**
     * What a program needs and a kernel does not have. The version only tells what to ask for; the kernel itself gives the answer.
     *
     * @param hasHelper asks the kernel about a helper by its number
     * @return for example {@code Opens.java:42 needs bpf_get_func_ip, which came with Linux 5.15; this kernel is 5.10.223}
     */
    public static Optional<String> missing(
            CompiledProgram compiled, KernelVersion kernel, IntFunction<Answer> hasHelper) {
        int slot = 0;
        for (Instruction instruction : compiled.code().instructions()) {
            Helper helper = instruction instanceof Instruction.CallHelper(int id) ? newer(id, kernel) : null;
            if (helper != null && hasHelper.apply(helper.id()).isNo()) {
                return Optional.of("%s needs %s, which came with Linux %s; this kernel is %s"
                        .formatted(
                                place(compiled.code(), slot), helper.kernelName(), helper.since(), kernel.release()));
            }
            slot += instruction.slots();
        }
        return Optional.empty();
    }

    /**
     * The first helper that a program calls, if it calls one.
     *
     * @return for example {@code bpf_map_update_elem, called at Opens.java:42,}
     */
    public static Optional<String> firstCall(CompiledProgram compiled) {
        int slot = 0;
        for (Instruction instruction : compiled.code().instructions()) {
            if (instruction instanceof Instruction.CallHelper(int id)) {
                String name = Helper.of(id).map(Helper::kernelName).orElse("helper " + id);
                return Optional.of("%s, called at %s,".formatted(name, place(compiled.code(), slot)));
            }
            slot += instruction.slots();
        }
        return Optional.empty();
    }

    private static @Nullable Helper newer(int id, KernelVersion kernel) {
        return Helper.of(id)
                .filter(helper ->
                        !kernel.atLeast(helper.since().major(), helper.since().minor()))
                .orElse(null);
    }

    private static String place(Assembled code, int slot) {
        return code.lineAt(slot).map(LineEntry::toString).orElse("the handler");
    }

    /** {@code load pre handler: R1 invalid mem access 'scalar' at Opens.java:42 (insn 17); 212 log lines omitted, see fullLog()}. */
    public static String explain(String what, CompiledProgram compiled, LoadException refusal) {
        if (refusal.log().isBlank()) {
            return "load %s: %s (%s)%s"
                    .formatted(
                            what,
                            refusal.failure().reason(),
                            refusal.errnoName(),
                            refusal.errno() == Errno.E2BIG ? remedy(compiled.code()) : "");
        }
        int instruction = refusal.faultInstruction();
        String place = compiled.code()
                .lineAt(Math.max(instruction, 0))
                .map(line -> " at " + line)
                .orElse("");
        long lines = refusal.log().lines().count();
        String verdict = refusal.verdict().isEmpty() ? String.valueOf(refusal.getMessage()) : refusal.verdict();
        return "load %s: %s%s (insn %d)%s; %d log lines omitted, see fullLog()"
                .formatted(
                        what,
                        verdict,
                        place,
                        instruction,
                        isEndless(verdict) ? remedy(compiled.code()) : "",
                        Math.max(0, lines - 1));
    }

    /** Source: push_stack() and is_state_visited() in kernel/bpf/verifier.c. */
    private static boolean isEndless(String verdict) {
        return verdict.contains("jumps is too complex") || verdict.contains("infinite loop detected");
    }

    /** What to do about a program that the verifier did not come to an end with. */
    static String remedy(Assembled code) {
        List<String> loops = loops(code);
        return switch (loops.size()) {
            case 0 -> "; there is no loop in it: leave out conditions, or split the handler between two probes";
            case 1 -> "; count the loop at %s up to a constant".formatted(loops.getFirst());
            default -> "; count the loops at %s up to constants".formatted(String.join(", ", loops));
        };
    }

    /** The lines that its loops begin with. */
    private static List<String> loops(Assembled code) {
        return HandlerLoops.heads(code).stream()
                .map(code::slotOf)
                .sorted()
                .map(head -> place(code, head))
                .distinct()
                .limit(MOST_LOOPS)
                .toList();
    }
}
