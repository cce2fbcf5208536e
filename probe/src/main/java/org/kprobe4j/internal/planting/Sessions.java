package org.kprobe4j.internal.planting;

import java.util.Optional;
import java.util.OptionalInt;
import org.kprobe4j.bpf.features.Answer;
import org.kprobe4j.bpf.features.Features;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.JoinedProgram;
import org.kprobe4j.internal.Machine;

/** What this kernel has for one program at entry and return: kprobe.session, and fsession by a trampoline. */
public final class Sessions {
    /** Why a handler that is at the return alone needs no session. */
    public static final String NOTHING_TO_JOIN = "there is no entry handler, so nothing to join";

    /** Why fentry and fexit are taken although there is fsession. */
    public static final String DEARER = "its one program is planted sooner than two, but each call costs more";

    private static final String BY_TRAMPOLINE = "BPF_TRACE_FSESSION";

    private Sessions() {}

    /** Looked up once: each look is a pass over the kernel's types. */
    private static final class Kernel {
        static final OptionalInt IS_RETURN = Machine.btf()
                .flatMap(btf -> btf.function(JoinedProgram.IS_RETURN))
                .map(BtfType.Function::id)
                .map(OptionalInt::of)
                .orElse(OptionalInt.empty());
        static final boolean BY_TRAMPOLINE = IS_RETURN.isPresent()
                && Machine.btf()
                        .flatMap(btf -> btf.enumeration("bpf_attach_type"))
                        .filter(types -> types.enumerators().stream()
                                .anyMatch(type -> type.name().equals(Sessions.BY_TRAMPOLINE)))
                        .isPresent();
    }

    /** What is seen to be lacking without asking the kernel, which would take a moment. */
    public static Optional<String> seenLack() {
        return Kernel.IS_RETURN.isPresent()
                ? Optional.empty()
                : Optional.of(lack("its BTF has no " + JoinedProgram.IS_RETURN));
    }

    /** What the kernel lacks, if it does. */
    public static Optional<String> lack() {
        return seenLack().or(() -> {
            Answer answer = Features.running().kprobeSession();
            return answer.isYes() ? Optional.empty() : Optional.of(lack(answer.why()));
        });
    }

    static String lack(String why) {
        return "it needs Linux 6.10 with CONFIG_FPROBE, this is %s (%s)"
                .formatted(KernelVersion.running().release(), why);
    }

    /** What is seen to be lacking for fsession, without asking the kernel. */
    public static Optional<String> seenTrampolineLack() {
        return Kernel.BY_TRAMPOLINE ? Optional.empty() : Optional.of(trampolineLack("its BTF has no " + BY_TRAMPOLINE));
    }

    /**
     * What the kernel lacks for fsession, if it does.
     *
     * @param function number of a function in the kernel's BTF
     */
    public static Optional<String> trampolineLack(int function) {
        return seenTrampolineLack().or(() -> {
            Answer answer = Features.running().fsession(function);
            return answer.isYes() ? Optional.empty() : Optional.of(trampolineLack(answer.why()));
        });
    }

    static String trampolineLack(String why) {
        return "it needs Linux 7.0, this is %s (%s)"
                .formatted(KernelVersion.running().release(), why);
    }

    /** Joins the halves, where nothing {@linkplain #seenLack() is lacking}. */
    public static JoinedProgram join(CompiledProgram entry, CompiledProgram back) {
        return JoinedProgram.of(entry, back, Kernel.IS_RETURN.orElseThrow());
    }
}
