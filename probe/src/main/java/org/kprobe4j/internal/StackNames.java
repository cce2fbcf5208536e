package org.kprobe4j.internal;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.symbols.Symbol;
import org.kprobe4j.bpf.usersymbols.UserProcess;
import org.kprobe4j.bpf.usersymbols.UserSymbol;
import org.kprobe4j.bpf.usersymbols.UserSymbols;

/** Who names the frames of stacks: the running system, or a simulated kernel. */
public interface StackNames {
    /** A process that lived when it was asked for. */
    @FunctionalInterface
    interface ProcessNames {
        /** One for each address. */
        List<UserSymbol> name(StackSymbols.Stack stack);
    }

    /** One for each address. */
    List<Symbol> kernel(StackSymbols.Stack stack);

    /** Looks up the names of many stacks of the kernel in one pass. */
    default void learn(List<StackSymbols.Stack> stacks) {}

    /** The process of a stack; null if it has gone and nobody asked for it before. */
    @Nullable
    ProcessNames process(int pid, StackSymbols.Stack stack);

    /** The running system. */
    static StackNames running() {
        return Running.SHARED;
    }

    /** What is known of the running system, once for all. */
    final class Running implements StackNames {
        private static final Running SHARED = new Running();

        /** Made when the first name is asked for: most programs have no stacks. */
        private static final class Known {
            static final StackSymbols KERNEL = StackSymbols.running();
            static final UserSymbols USERS = UserSymbols.running();
        }

        @Override
        public List<Symbol> kernel(StackSymbols.Stack stack) {
            return Known.KERNEL.kernelSymbols(stack);
        }

        @Override
        public void learn(List<StackSymbols.Stack> stacks) {
            Known.KERNEL.learn(stacks);
        }

        @Override
        public @Nullable ProcessNames process(int pid, StackSymbols.Stack stack) {
            UserProcess process = Known.USERS.process(pid, StackSymbols.lookups(stack));
            return process == null ? null : frames -> StackSymbols.userSymbols(process::symbolize, frames);
        }
    }
}
