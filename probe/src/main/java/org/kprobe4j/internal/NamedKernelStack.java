package org.kprobe4j.internal;

import java.util.List;
import java.util.function.Function;
import org.kprobe4j.KernelStack;
import org.kprobe4j.bpf.symbols.Symbol;

/** A stack of the kernel. Thread-safe. */
public final class NamedKernelStack extends CallStack<KernelStack.Frame> implements KernelStack {
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
        return folded(frame -> frame.symbol() == null ? frame.toString() : frame.symbol());
    }

    @Override
    public String toString() {
        return lines(Frame::toString);
    }
}
