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

/** What this kernel has for kprobe.session: one program at entry and return. */
public final class Sessions {
    /** Why a handler that is at the return alone needs no session. */
    public static final String NOTHING_TO_JOIN = "there is no entry handler, so nothing to join";

    private Sessions() {}

    /** Looked up once: each look is a pass over the kernel's types. */
    private static final class Kernel {
        static final OptionalInt IS_RETURN = Machine.btf()
                .flatMap(btf -> btf.function(JoinedProgram.IS_RETURN))
                .map(BtfType.Function::id)
                .map(OptionalInt::of)
                .orElse(OptionalInt.empty());
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

    /** Joins the halves, where nothing {@linkplain #seenLack() is lacking}. */
    public static JoinedProgram join(CompiledProgram entry, CompiledProgram back) {
        return JoinedProgram.of(entry, back, Kernel.IS_RETURN.orElseThrow());
    }
}
