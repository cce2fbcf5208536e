package org.kprobe4j;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A workload with known numbers: threads that wait for a semaphore until they are woken, one system call semop for each. Nobody else uses
 * that one.
 */
@SuppressWarnings("restricted")
final class Waiters {
    private static final boolean ARM64 =
            System.getProperty("os.arch").toLowerCase(Locale.ROOT).equals("aarch64");
    /** What the functions of system calls begin with. */
    static final String PREFIX = ARM64 ? "__arm64_sys_" : "__x64_sys_";
    /** The kernel's function behind it. */
    static final String FUNCTION = PREFIX + "semop";

    private static final long SEMGET = ARM64 ? 190 : 64;
    private static final long SEMOP = ARM64 ? 193 : 65;
    private static final long SEMCTL = ARM64 ? 191 : 66;
    private static final long EXECVE = ARM64 ? 221 : 59;
    private static final long IPC_RMID = 0;
    private static final long SETVAL = 16;
    private static final MethodHandle SYSCALL = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().find("syscall").orElseThrow(),
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG),
                    Linker.Option.firstVariadicArg(1));

    private final List<Thread> threads = new ArrayList<>();
    private final long semaphore = call(SEMGET, 0, 1, 0600, 0);

    private Waiters() {}

    private static long call(long number, long first, long second, long third, long fourth) {
        try {
            long result = (long) SYSCALL.invokeExact(number, first, second, third, fourth);
            if (result < 0) {
                throw new IllegalStateException("system call " + number + " failed");
            }
            return result;
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** Starts threads, and waits until all of them wait. */
    static Waiters start(int count) {
        int before = waiting();
        var waiters = new Waiters();
        for (int i = 0; i < count; i++) {
            waiters.threads.add(Thread.ofPlatform().stackSize(128 << 10).start(waiters::down));
        }
        while (waiting() < before + count) {
            if (!waiters.threads.stream().allMatch(Thread::isAlive)) {
                throw new IllegalStateException("a thread does not wait");
            }
        }
        return waiters;
    }

    /** One call each, that ends. */
    static void call(int count) throws InterruptedException {
        start(count).wake();
    }

    /** How many threads of this process are inside of semop. */
    private static int waiting() {
        int found = 0;
        String[] tasks = Path.of("/proc/self/task").toFile().list();
        for (String task : tasks == null ? new String[0] : tasks) {
            try {
                if (Files.readString(Path.of("/proc/self/task", task, "syscall"))
                        .startsWith(SEMOP + " ")) {
                    found++;
                }
            } catch (IOException e) {
                // It has ended.
            }
        }
        return found;
    }

    /** struct sembuf { u16 sem_num; s16 sem_op, sem_flg; } */
    private void down() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment operation = arena.allocate(3 * Short.BYTES, Long.BYTES);
            operation.set(ValueLayout.JAVA_SHORT, Short.BYTES, (short) -1);
            call(SEMOP, semaphore, operation.address(), 1, 0);
        }
    }

    /** Wakes all, and waits until they have ended. */
    void wake() throws InterruptedException {
        call(SEMCTL, semaphore, 0, SETVAL, threads.size());
        for (Thread thread : threads) {
            thread.join();
        }
        call(SEMCTL, semaphore, 0, IPC_RMID, 0);
    }

    /** A program whose thread, not its first one, becomes another program. */
    static final class Execs {
        private Execs() {}

        public static void main(String[] args) throws Throwable {
            try (Arena arena = Arena.ofShared()) {
                MemorySegment path = arena.allocateFrom("/bin/true");
                MemorySegment argv = arena.allocate(2 * Long.BYTES, Long.BYTES);
                argv.set(ValueLayout.JAVA_LONG, 0, path.address());
                long result = (long)
                        SYSCALL.invokeExact(EXECVE, path.address(), argv.address(), argv.address() + Long.BYTES, 0L);
                throw new IllegalStateException("execve: " + result);
            }
        }
    }

    /** A program that plants a return probe and waits to be killed. */
    static final class Killed {
        private Killed() {}

        public static void main(String[] args) throws Exception {
            Kretprobe.at(FUNCTION, Start.class)
                    .mechanism(Mechanism.TRACEFS)
                    .entryHandler((ri, regs) -> 0)
                    .handler((ri, regs) -> 0)
                    .register();
            System.out.println("planted");
            Thread.sleep(600_000);
        }

        static final class Start {
            long stamp;
        }
    }
}
