package org.kprobe4j.internal;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Which tasks there are, by the numbers that programs see: those of the initial PID namespace. */
interface Tasks {
    /** Whether what the others say is about the same numbers. */
    boolean areTold();

    /** Whether a task is no more, or only waits for its parent. */
    boolean hasEnded(int tid);

    /** Whether a process has this one task. */
    boolean isAlone(int pid);

    /** Those of /proc. */
    Tasks PROC = new Proc();

    /** As procfs shows them. Source: proc_pid_stat(5). */
    final class Proc implements Tasks {
        /** The initial PID namespace. Source: PROC_PID_INIT_INO in include/linux/proc_ns.h. */
        private static final String INITIAL = "pid:[%d]".formatted(0xEFFF_FFFCL);

        /** With hidepid=2 a process without the right sees its own user's tasks only, and not the first one. */
        @Override
        public boolean areTold() {
            try {
                Path ours = Files.readSymbolicLink(Path.of("/proc/self/ns/pid"));
                return ours.toString().equals(INITIAL) && new File("/proc/1").exists();
            } catch (IOException e) {
                return false;
            }
        }

        @Override
        public boolean hasEnded(int tid) {
            // The idle tasks are not in /proc.
            return tid != 0 && (!new File("/proc/" + tid).exists() || isZombie(tid));
        }

        private static boolean isZombie(int tid) {
            try {
                byte[] stat = Files.readAllBytes(Path.of("/proc/%d/task/%d/stat".formatted(tid, tid)));
                String text = new String(stat, StandardCharsets.ISO_8859_1);
                // "7 (a name) Z 1 …": the name may hold anything.
                String state = text.substring(text.lastIndexOf(')') + 1).stripLeading();
                return state.startsWith("Z") || state.startsWith("X");
            } catch (IOException e) {
                return false;
            }
        }

        @Override
        public boolean isAlone(int pid) {
            String[] tasks = new File("/proc/" + pid + "/task").list();
            return tasks != null && tasks.length == 1;
        }
    }
}
