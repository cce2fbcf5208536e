package org.kprobe4j.cli.tool;

import org.kprobe4j.Kernel;
import org.kprobe4j.KernelArray;

/** Whose calls a run is about. A handler captures it and asks {@link #covers()} first. */
public sealed interface Scope {
    /** Whether the task that runs is one of them; in a handler only. */
    boolean covers();

    /**
     * All, but for kprobe itself.
     *
     * @param ownPid this process's number in the initial PID namespace
     */
    record Everyone(int ownPid) implements Scope {
        @Override
        public boolean covers() {
            return Kernel.pid() != ownPid;
        }
    }

    /**
     * A command and its descendants.
     *
     * @param members for each process's number whether it is one of them
     */
    record Descendants(KernelArray<Byte> members) implements Scope {
        @Override
        public boolean covers() {
            return members.get(Kernel.pid()) != 0;
        }
    }
}
