package org.kprobe4j;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** A filter as container runtimes set it: bpf(2) and perf_event_open(2) end with EPERM. Source: seccomp(2), linux/filter.h; x86-64. */
final class Seccomp {
    private static final int NR_PRCTL = 157;
    private static final int NR_SECCOMP = 317;
    private static final int NR_BPF = 321;
    private static final int NR_PERF_EVENT_OPEN = 298;
    private static final int PR_SET_NO_NEW_PRIVS = 38;
    private static final int SECCOMP_SET_MODE_FILTER = 1;
    private static final int SECCOMP_FILTER_FLAG_TSYNC = 1;
    private static final int SECCOMP_RET_ERRNO_EPERM = 0x00050001;
    private static final int SECCOMP_RET_ALLOW = 0x7fff0000;
    private static final int BPF_LD_W_ABS = 0x20;
    private static final int BPF_JMP_JEQ_K = 0x15;
    private static final int BPF_RET_K = 0x06;

    private Seccomp() {}

    @SuppressWarnings("restricted") // the test JVM has native access
    static String refuse() {
        Linker linker = Linker.nativeLinker();
        MethodHandle syscall = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("syscall"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG));
        try (Arena arena = Arena.ofConfined()) {
            long[] filter = {
                instruction(BPF_LD_W_ABS, 0, 0, 0),
                instruction(BPF_JMP_JEQ_K, 2, 0, NR_BPF),
                instruction(BPF_JMP_JEQ_K, 1, 0, NR_PERF_EVENT_OPEN),
                instruction(BPF_RET_K, 0, 0, SECCOMP_RET_ALLOW),
                instruction(BPF_RET_K, 0, 0, SECCOMP_RET_ERRNO_EPERM)
            };
            MemorySegment code = arena.allocateFrom(ValueLayout.JAVA_LONG, filter);
            MemorySegment program = arena.allocate(16, 8);
            program.set(ValueLayout.JAVA_SHORT, 0, (short) filter.length);
            program.set(ValueLayout.JAVA_LONG, 8, code.address());
            long noNewRights = (long) syscall.invokeExact((long) NR_PRCTL, (long) PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
            long filtered = (long) syscall.invokeExact(
                    (long) NR_SECCOMP,
                    (long) SECCOMP_SET_MODE_FILTER,
                    (long) SECCOMP_FILTER_FLAG_TSYNC,
                    program.address(),
                    0L,
                    0L);
            return "%d %d".formatted(noNewRights, filtered);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static long instruction(int code, int ifTrue, int ifFalse, int k) {
        return code | (long) ifTrue << 16 | (long) ifFalse << 24 | (long) k << 32;
    }
}
