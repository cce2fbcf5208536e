package org.kprobe4j.bpf.internal;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * libc's {@code long syscall(long number, ...)}: the product's only downcall, the way that needs no file.
 *
 * <p>One handle instead of one per call, because linking a handle is what start-up pays for most.
 */
final class LibcSyscall implements Trap {
    private static final boolean WIDE = ValueLayout.ADDRESS.byteSize() == Long.BYTES;
    private static final MethodHandle SYSCALL = link();
    private static final ThreadLocal<Errno> ERRNO = ThreadLocal.withInitial(Errno::new);

    /** Where the stub leaves errno before the JVM can overwrite it; read as a buffer, which starts faster than a handle. */
    private static final class Errno {
        private final MemorySegment state = Arena.ofAuto().allocate(Linker.Option.captureStateLayout());
        private final ByteBuffer view = state.asByteBuffer().order(ByteOrder.nativeOrder());

        int value() {
            return view.getInt(0);
        }
    }

    @SuppressWarnings("restricted") // this package is where native access is meant to be
    private static MethodHandle link() {
        Linker linker = Linker.nativeLinker();
        MemorySegment function = linker.defaultLookup().findOrThrow("syscall");
        MemoryLayout word = WIDE ? ValueLayout.JAVA_LONG : ValueLayout.JAVA_INT;
        FunctionDescriptor signature = FunctionDescriptor.of(word, word, word, word, word, word, word, word);
        return linker.downcallHandle(
                function, signature, Linker.Option.captureCallState("errno"), Linker.Option.firstVariadicArg(1));
    }

    @Override
    public long call(int number, long a1, long a2, long a3, long a4, long a5, long a6) {
        Errno errno = ERRNO.get();
        long result;
        try {
            if (WIDE) {
                result = (long) SYSCALL.invokeExact(errno.state, (long) number, a1, a2, a3, a4, a5, a6);
            } else {
                result = (int) SYSCALL.invokeExact(
                        errno.state, number, (int) a1, (int) a2, (int) a3, (int) a4, (int) a5, (int) a6);
            }
        } catch (Throwable e) {
            throw new AssertionError("syscall(2) throws nothing", e);
        }
        if (result == -1) {
            return -errno.value();
        }
        return WIDE ? result : Integer.toUnsignedLong((int) result);
    }
}
