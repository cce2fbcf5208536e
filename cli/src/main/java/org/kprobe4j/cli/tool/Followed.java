package org.kprobe4j.cli.tool;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelArray;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.Kprobe;
import org.kprobe4j.Name;
import org.kprobe4j.ProbeException;
import org.kprobe4j.cli.KprobeException;
import org.kprobe4j.internal.CommandLookup;

/**
 * A command that waits, stopped, before its first instruction until it is released. Whoever it starts, and whoever those start, is known
 * by a mark for each process's number, which a probe at wake_up_new_task() copies from the parent's to the child's: so a number that is used
 * again means the process that has it now.
 */
final class Followed implements AutoCloseable {
    /** Becomes the command: same process, so the number stays. */
    private static final String WAIT = "kill -STOP $$; exec \"$@\"";

    private static final String MOST_PIDS = "/proc/sys/kernel/pid_max";
    private static final int MOST_DIGITS = 32;
    /** PID_MAX_LIMIT of 64-bit kernels; as many marks fit into what older kernels map. Source: include/linux/threads.h. */
    private static final int MOST = 1 << 22;

    private static final Duration STOPPING = Duration.ofSeconds(10);
    private static final Duration GRACE = Duration.ofSeconds(1);
    private static final int NOT_EXECUTABLE = 126;

    private final Process process;
    private final @Nullable KernelArray<Byte> members;
    private final @Nullable Kprobe births;

    private Followed(Process process, @Nullable KernelArray<Byte> members, @Nullable Kprobe births) {
        this.process = process;
        this.members = members;
        this.births = births;
    }

    /** {@code struct task_struct}. */
    @Name("task_struct")
    interface Task extends KernelStruct {
        /** The number of its process. */
        int tgid();
    }

    /** Refuses a command that is not there, before anything is planted. */
    static void check(List<String> command) {
        CommandLookup.refusal(command.getFirst()).ifPresent(refusal -> {
            throw new ToolException(refusal.message(), refusal.exitStatus());
        });
    }

    /** Starts a command, stopped. Where all that runs counts, nobody follows it. */
    static Followed start(List<String> command, boolean alone) {
        List<String> words = new ArrayList<>(List.of("sh", "-c", WAIT, "sh"));
        words.addAll(command);
        Process process;
        try {
            process = new ProcessBuilder(words).inheritIO().start();
        } catch (IOException e) {
            throw new ToolException("%s: %s".formatted(command.getFirst(), e.getMessage()), NOT_EXECUTABLE);
        }
        try {
            if (!alone) {
                return new Followed(process, null, null);
            }
            requireOwnNumbers();
            return follow(process);
        } catch (RuntimeException e) {
            kill(process);
            throw e;
        }
    }

    /** A handler sees the numbers of the initial PID namespace. */
    private static void requireOwnNumbers() {
        if (!ThisMachine.hasKernelsNumbers()) {
            throw new KprobeException(
                    "in a container with process numbers of its own, COMMAND's processes cannot be told from others; "
                            + "--all counts whatever runs meanwhile, --comm NAME those of a name");
        }
    }

    private static Followed follow(Process process) {
        var members = KernelArray.of(Byte.class, mostPids());
        try {
            members.set((int) process.pid(), (byte) 1);
            return new Followed(process, members, births(members));
        } catch (RuntimeException e) {
            members.close();
            throw e;
        }
    }

    private static @Nullable Kprobe births(KernelArray<Byte> members) {
        try {
            return Kprobe.at("wake_up_new_task")
                    .preHandler((p, regs) -> {
                        var child = Kernel.struct(regs.arg(0), Task.class);
                        members.set(child.tgid(), members.get(Kernel.pid()));
                        return 0;
                    })
                    .register();
        } catch (ProbeException e) {
            System.err.println("kprobe: COMMAND's own process is followed, its children are not: "
                    + String.valueOf(e.getMessage()).lines().findFirst().orElse("")
                    + "; --all counts whatever runs meanwhile");
            return null;
        }
    }

    private static int mostPids() {
        try (var in = new FileInputStream(MOST_PIDS)) {
            // In one read: proc_dointvec gives a number's digits to the first one only.
            byte[] text = new byte[MOST_DIGITS];
            int length = Math.max(0, in.read(text));
            return Math.clamp(Long.parseLong(new String(text, 0, length, StandardCharsets.US_ASCII).strip()), 1, MOST);
        } catch (IOException | NumberFormatException e) {
            return MOST;
        }
    }

    /** Whose calls are looked at; null if everybody's. */
    @Nullable
    Scope scope() {
        return members == null ? null : new Scope.Descendants(members);
    }

    /** The command's process. */
    Process process() {
        return process;
    }

    /** Lets it run, as soon as it has stopped. */
    void release() {
        long end = System.nanoTime() + STOPPING.toNanos();
        while (process.isAlive() && !isStopped()) {
            if (System.nanoTime() > end) {
                throw new KprobeException("COMMAND's process does not stop");
            }
            try {
                TimeUnit.MILLISECONDS.sleep(1);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new KprobeException("interrupted");
            }
        }
        signal("CONT");
    }

    /** "7 (a name) T 1 …": the name may hold anything. Source: proc_pid_stat(5). */
    private boolean isStopped() {
        try {
            byte[] stat = Files.readAllBytes(new File("/proc/" + process.pid() + "/stat").toPath());
            String text = new String(stat, StandardCharsets.ISO_8859_1);
            return text.substring(text.lastIndexOf(')') + 1).stripLeading().startsWith("T");
        } catch (IOException e) {
            return false;
        }
    }

    private void signal(String name) {
        try {
            var _ = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw new KprobeException("cannot start the program kill: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Its exit status; one that does not end by itself is asked to, then made to. */
    int end(boolean ask) {
        try {
            if (ask) {
                process.destroy();
            }
            if (!process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroy();
            }
            if (!process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
            }
            return process.waitFor();
        } catch (InterruptedException e) {
            kill(process);
            Thread.currentThread().interrupt();
            return ProbeException.EXIT_STATUS;
        }
    }

    private static void kill(Process process) {
        process.destroyForcibly();
    }

    @Override
    public void close() {
        if (process.isAlive()) {
            kill(process);
        }
        if (births != null) {
            births.close();
        }
        if (members != null) {
            members.close();
        }
    }
}
