package org.kprobe4j.internal;

import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What the stacks of the kernel and those of processes have in common.
 *
 * @param <F> their frames
 */
abstract sealed class CallStack<F> permits NamedKernelStack, NamedUserStack {
    private final StackSymbols.Stack stack;
    private final int pid;
    private @Nullable List<F> frames;

    /** {@code pid} is 0 for the kernel. */
    CallStack(StackSymbols.Stack stack, int pid) {
        this.stack = stack;
        this.pid = pid;
    }

    final StackSymbols.Stack stack() {
        return stack;
    }

    /** The process, 0 for the kernel. */
    public final int pid() {
        return pid;
    }

    /** Addresses, innermost first. */
    public final long[] addresses() {
        return stack.addresses().stream().mapToLong(Long::longValue).toArray();
    }

    /** Whether there are no frames. */
    public final boolean isLost() {
        return stack.addresses().isEmpty();
    }

    /** Looked up once. */
    public final synchronized List<F> frames() {
        List<F> known = frames;
        if (known == null) {
            known = isLost() ? List.of() : List.copyOf(name(stack));
            frames = known;
        }
        return known;
    }

    abstract List<F> name(StackSymbols.Stack stack);

    final String lines(Function<F, String> text) {
        String absence = stack.absence();
        return absence != null
                ? absence
                : String.join("\n", frames().stream().map(text).toList());
    }

    /** All but those that are left out. A semicolon ends a frame's name; JVMs write them in names of classes. */
    final String folded(Predicate<String> left, Function<F, String> name) {
        String absence = stack.absence();
        if (absence != null) {
            return "[" + absence.substring(1, absence.length() - 1).replaceAll(":.*", "") + "]";
        }
        List<String> names = frames().stream()
                .map(name)
                .filter(left.negate())
                .map(n -> n.replace(';', ':'))
                .toList();
        return String.join(";", names.reversed());
    }

    @Override
    public final boolean equals(@Nullable Object other) {
        return other instanceof CallStack<?> them && pid == them.pid && stack.equals(them.stack);
    }

    @Override
    public final int hashCode() {
        return Objects.hash(pid, stack);
    }
}
