package org.kprobe4j.internal;

import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.kprobe4j.KernelStack;
import org.kprobe4j.bpf.symbols.Symbol;

/** A stack of the kernel. Thread-safe. */
public final class NamedKernelStack extends CallStack<KernelStack.Frame> implements KernelStack {
    /**
     * Where a probed function returns to: no function of anybody's. Source: arch/x86/kernel/rethook.c, arch/x86/kernel/kprobes/core.c,
     * arch/arm64/kernel/probes/kprobes_trampoline.S.
     */
    private static final Set<String> TRAMPOLINES =
            Set.of("arch_rethook_trampoline", "__kretprobe_trampoline", "kretprobe_trampoline");

    private final Function<StackSymbols.Stack, List<Symbol>> names;

    /** {@code names} is asked once, if at all. */
    public NamedKernelStack(StackSymbols.Stack stack, Function<StackSymbols.Stack, List<Symbol>> names) {
        super(stack, 0);
        this.names = names;
    }

    @Override
    List<Frame> name(StackSymbols.Stack stack) {
        return names.apply(stack).stream()
                .map(s -> new Frame(s.address(), s.name(), s.offset(), s.sizeBytes(), s.module()))
                .toList();
    }

    @Override
    public String folded() {
        return folded(TRAMPOLINES::contains, frame -> frame.symbol() == null ? frame.toString() : frame.symbol());
    }

    @Override
    public String toString() {
        return lines(Frame::toString);
    }
}
