package org.kprobe4j.internal;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.compiler.StackKind;

/** Stacks from and to the bytes that {@link StackKind} says: as a whole in events, as numbers in keys. */
public final class StackBytes {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

    private final StackNames names;
    private final @Nullable KeyStacks keys;

    private StackBytes(StackNames names, @Nullable KeyStacks keys) {
        this.names = names;
        this.keys = keys;
    }

    /** Of events. */
    public static StackBytes inEvents(StackNames names) {
        return new StackBytes(names, null);
    }

    /** Of a map's keys. */
    static StackBytes inKeys(KeyStacks keys) {
        return new StackBytes(StackNames.running(), keys);
    }

    /** Whether a component's type is one that is read here. */
    public static boolean isStack(Class<?> type) {
        return StackKind.of(type).isPresent();
    }

    /** The stack at an offset; {@code type} and {@code sizeBytes} are the component's. */
    public Object read(MemorySegment bytes, Class<?> type, int sizeBytes, long offset) {
        StackKind kind = StackKind.of(type).orElseThrow();
        if (keys != null) {
            StackStore store = keys.store();
            int number = bytes.get(INT, offset + kind.numberOffset());
            return kind == StackKind.KERNEL ? store.kernel(number) : store.user(bytes.get(INT, offset), number);
        }
        StackSymbols.Stack stack = StackSymbols.read(bytes, offset + kind.lengthOffset(), kind.frames(sizeBytes));
        if (kind == StackKind.KERNEL) {
            return new NamedKernelStack(stack, names::kernel);
        }
        int pid = (int) (bytes.get(LONG, offset) >>> Integer.SIZE);
        return new NamedUserStack(pid, stack, names.process(pid, stack));
    }

    /** Writes a stack, as {@link #read} finds it. In a key of the kernel, one that the map does not have matches no entry. */
    void write(MemorySegment bytes, Class<?> type, int sizeBytes, long offset, CallStack<?> stack) {
        StackKind kind = StackKind.of(type).orElseThrow();
        if (keys != null) {
            bytes.set(INT, offset, stack.pid());
            bytes.set(
                    INT,
                    offset + kind.numberOffset(),
                    keys.store().number(stack).orElse(-Errno.ENOENT));
            return;
        }
        if (kind == StackKind.USER) {
            bytes.set(LONG, offset, (long) stack.pid() << Integer.SIZE);
        }
        long length = offset + kind.lengthOffset();
        int errno = stack.stack().errno();
        List<Long> addresses = stack.stack().addresses();
        int frames = Math.min(addresses.size(), kind.frames(sizeBytes));
        bytes.set(LONG, length, errno != 0 ? -errno : (long) frames * Long.BYTES);
        for (int i = 0; i < frames; i++) {
            bytes.set(LONG, length + (i + 1L) * Long.BYTES, addresses.get(i));
        }
    }
}
