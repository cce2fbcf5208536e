package org.kprobe4j.bpf.tracefs;

import org.jspecify.annotations.Nullable;

/**
 * A kprobe event that is defined in tracefs, by anybody.
 *
 * @param group its group
 * @param name its name in the group
 * @param isReturn a return probe
 * @param maxactive of a return probe, calls in flight that can be followed at once; 0 for the kernel's default
 * @param place {@code [MOD:]SYM[+offs]} or an address, as it was written
 * @param pid the process of this product that it belongs to, in that process's own PID namespace; 0 if it is another's
 * @param ours it belongs to this process
 */
public record DefinedEvent(
        String group, String name, boolean isReturn, int maxactive, String place, int pid, boolean ours) {
    /** {@code r20:GROUP/EVENT PLACE [ARGUMENTS]}; null for a line that is no kprobe's. */
    static @Nullable DefinedEvent parse(String line, Owner self) {
        int colon = line.indexOf(':');
        int slash = line.indexOf('/');
        int space = line.indexOf(' ');
        if (colon < 1 || slash < colon || space < slash) {
            return null;
        }
        String kind = line.substring(0, colon);
        if (!kind.matches("p|r[0-9]*")) {
            return null;
        }
        String group = line.substring(colon + 1, slash);
        Owner owner = Owner.parse(group);
        return new DefinedEvent(
                group,
                line.substring(slash + 1, space),
                kind.startsWith("r"),
                kind.length() > 1 ? Integer.parseInt(kind.substring(1)) : 0,
                line.substring(space + 1).split(" ", 2)[0],
                owner == null ? 0 : owner.pid(),
                group.equals(self.group()));
    }
}
