package org.kprobe4j.internal.planting;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.btf.Field;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.internal.Machine;

/**
 * Which registers a kprobe.multi link shows as they are. It always has the arguments, the stack pointer and the return value; but when a
 * function has returned on 64-bit Arm, no stack pointer (return_to_handler in arch/arm64/kernel/entry-ftrace.S). With an
 * ftrace_ops of its own it asks ftrace for all of them (FTRACE_OPS_FL_SAVE_REGS), up to Linux 6.13; since then the others hold nothing. The
 * instruction pointer is ftrace's, behind its call, not a kprobe's. Source: fprobe_init() in kernel/trace/fprobe.c of both,
 * ftrace_caller in arch/x86/kernel/ftrace_64.S.
 */
final class LinkRegisters {
    private static final Architecture MACHINE = Machine.architecture();
    private static final Set<String> ALWAYS = Stream.concat(
                    Stream.of(MACHINE.sp(), MACHINE.returnValue()),
                    IntStream.range(0, Integer.SIZE)
                            .mapToObj(MACHINE::argument)
                            .takeWhile(Optional::isPresent)
                            .map(Optional::get))
            .collect(Collectors.toUnmodifiableSet());

    private LinkRegisters() {}

    /**
     * Why a program that needs some registers cannot be attached so.
     *
     * @param atReturn whether the function has returned
     * @param ipIsKnown whether the program is given the instruction pointer of a kprobe
     */
    static Optional<String> refusal(Set<String> needs, boolean atReturn, boolean ipIsKnown) {
        var missing = new HashSet<>(needs);
        missing.removeAll(ALWAYS);
        if (atReturn && MACHINE == Architecture.ARM64 && needs.contains(MACHINE.sp())) {
            missing.add(MACHINE.sp());
        }
        if (ipIsKnown) {
            missing.remove(MACHINE.ip());
        }
        if (missing.isEmpty() || (!missing.contains(MACHINE.ip()) && areAllSaved())) {
            return Optional.empty();
        }
        String names = missing.stream().sorted().collect(Collectors.joining(", "));
        return Optional.of(
                missing.contains(MACHINE.ip())
                        ? "the handler needs register %s, and the link has ftrace's instruction pointer"
                                .formatted(names)
                        : "the handler needs register %s, and the link has only arguments, stack pointer%s and return value"
                                .formatted(names, MACHINE == Architecture.ARM64 ? " (at the entry)" : ""));
    }

    private static boolean areAllSaved() {
        return MACHINE == Architecture.X86_64 && Kernel.FPROBES_HAVE_OPS;
    }

    /** Looked up once: each look is a pass over the kernel's types. */
    private static final class Kernel {
        static final boolean FPROBES_HAVE_OPS =
                Machine.btf().flatMap(LinkRegisters::fprobeOps).isPresent();
    }

    private static Optional<Field> fprobeOps(Btf btf) {
        Optional<BtfType.Composite> fprobe = btf.struct("fprobe");
        return fprobe.flatMap(struct -> btf.field(struct, "ops"));
    }
}
