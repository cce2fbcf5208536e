package org.kprobe4j.internal;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.UserStack;
import org.kprobe4j.bpf.usersymbols.UserSymbol;

/** A stack of a process. Thread-safe. */
public final class NamedUserStack extends CallStack<UserStack.Frame> implements UserStack {
    private final StackNames.@Nullable ProcessNames process;

    /** {@code process} is null if nothing is known about it. */
    public NamedUserStack(int pid, StackSymbols.Stack stack, StackNames.@Nullable ProcessNames process) {
        super(stack, pid);
        this.process = process;
    }

    @Override
    List<Frame> name(StackSymbols.Stack stack) {
        List<UserSymbol> symbols = process == null
                ? stack.addresses().stream()
                        .map(address -> new UserSymbol(address, null, 0, null, 0))
                        .toList()
                : process.name(stack);
        return symbols.stream()
                .map(s -> new Frame(s.address(), s.name(), s.offset(), s.file(), s.fileAddress()))
                .toList();
    }

    @Override
    public String folded() {
        return folded(_ -> false, NamedUserStack::shortName);
    }

    private static String shortName(Frame frame) {
        String file = frame.file();
        if (frame.symbol() != null) {
            return frame.symbol();
        } else if (file == null) {
            return "0x%x".formatted(frame.address());
        }
        return file.startsWith("[") ? file : "[" + file.substring(file.lastIndexOf('/') + 1) + "]";
    }

    @Override
    public String toString() {
        return process == null
                ? lines(frame -> frame + " (process %d has gone)".formatted(pid()))
                : lines(Frame::toString);
    }
}
