package org.kprobe4j.internal;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.Privileges;
import org.kprobe4j.bpf.Right;

/**
 * What falls away where a process may plant probes but has not all the rights of root: said on standard error, each kind once in a
 * process.
 */
public final class Shortfalls {
    /** A kind of them. */
    private enum Kind {
        ADDRESSES,
        TRACEFS
    }

    private static final Set<Kind> SAID = EnumSet.noneOf(Kind.class);

    private Shortfalls() {}

    /** At each registration: whether the kernel shows its addresses. */
    public static void addresses() {
        if (isSaid(Kind.ADDRESSES)) {
            return;
        }
        Privileges privileges = Privileges.current();
        List<String> hidden = privileges.obstacles(Right.ADDRESSES);
        boolean plants = privileges.bpf() && privileges.perfmon();
        if (plants && !hidden.isEmpty()) {
            say(
                    Kind.ADDRESSES,
                    "kernel addresses are hidden (%s): addr() is 0, the frames of kernel stacks have no names, and a target is one function by its name; %s"
                            .formatted(String.join(", ", hidden), privileges.remedy(Right.ADDRESSES)));
        }
    }

    /** A return probe is planted without tracefs. */
    public static void tracefs(BpfException refusal) {
        if (isSaid(Kind.TRACEFS)) {
            return;
        }
        String remedy = refusal.remedy();
        say(
                Kind.TRACEFS,
                "return probes do without tracefs (%s): maxactive is the kernel's default, and from Linux 6.7 on the kernel tells what they missed; %s"
                        .formatted(refusal.failure().reason(), remedy == null ? "run as root" : remedy));
    }

    private static synchronized boolean isSaid(Kind kind) {
        return SAID.contains(kind);
    }

    private static synchronized void say(Kind kind, String line) {
        if (SAID.add(kind)) {
            System.err.println("kprobe: " + line);
        }
    }
}
