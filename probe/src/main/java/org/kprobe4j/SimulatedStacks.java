package org.kprobe4j;

import java.util.List;
import java.util.function.Supplier;
import org.kprobe4j.bpf.symbols.Symbol;
import org.kprobe4j.bpf.usersymbols.UserSymbol;
import org.kprobe4j.internal.StackNames;
import org.kprobe4j.internal.StackSymbols;

/** Names of the frames of a simulated kernel's stacks. */
final class SimulatedStacks implements StackNames {
    private final SimulatedSymbols kernel;
    private final SimulatedSymbols process;
    private final Supplier<String> comm;

    SimulatedStacks(SimulatedSymbols kernel, SimulatedSymbols process, Supplier<String> comm) {
        this.kernel = kernel;
        this.process = process;
        this.comm = comm;
    }

    private static long[] addresses(StackSymbols.Stack stack) {
        return stack.addresses().stream().mapToLong(Long::longValue).toArray();
    }

    @Override
    public List<Symbol> kernel(StackSymbols.Stack stack) {
        return kernel.symbols(addresses(stack));
    }

    /** The process never ends. */
    @Override
    public ProcessNames process(int pid, StackSymbols.Stack stack) {
        String file = comm.get();
        return frames -> process.symbols(addresses(frames)).stream()
                .map(s -> new UserSymbol(s.address(), s.name(), s.offset(), s.name() == null ? null : file, 0))
                .toList();
    }
}
