package org.kprobe4j.bpf.tracefs;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.Failure;
import org.kprobe4j.bpf.Right;
import org.kprobe4j.bpf.UnsupportedException;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.Namespaces;
import org.kprobe4j.bpf.internal.PrivilegeFiles;

/**
 * The kprobe events of tracefs, in a group of this process's own.
 *
 * <p>Thread-safe. Since kernel: 3.x; {@code error_log} 5.2. Source: kernel/trace/trace_kprobe.c,
 * Documentation/trace/kprobetrace.rst.
 */
public final class KprobeEvents {
    private static final String CONTROL = "kprobe_events";

    private final Tracefs tracefs;
    private final Owner self;

    private KprobeEvents(Tracefs tracefs, Owner self) {
        this.tracefs = tracefs;
        this.self = self;
    }

    /**
     * The running kernel's.
     *
     * @return the events
     * @throws UnsupportedException if tracefs is not mounted or the kernel has no kprobe events
     */
    public static KprobeEvents open() {
        return of(Tracefs.find());
    }

    /**
     * Of a tracefs.
     *
     * @param tracefs where they are
     * @return the events
     * @throws UnsupportedException if the kernel has no kprobe events
     */
    public static KprobeEvents of(Tracefs tracefs) {
        if (!tracefs.has(CONTROL)) {
            throw new UnsupportedException(new Failure(
                    "open",
                    tracefs.path() + "/" + CONTROL,
                    0,
                    "this kernel has no kprobe events",
                    "needs CONFIG_KPROBE_EVENTS"));
        }
        return new KprobeEvents(tracefs, Owner.self(tracefs.calls(), Namespaces.pid()));
    }

    /**
     * The group of this process.
     *
     * @return {@code kprobe4j_PID_STARTTIME}
     */
    public String group() {
        return self.group();
    }

    /**
     * Makes a probe.
     *
     * @param event its name in our group: letters, digits and {@code _}, at most 63
     * @param place {@code [MOD:]SYM[+offs]} or {@code 0xADDR}
     * @return the event, not armed yet
     * @throws AttachException with the kernel's own words from {@code error_log}
     */
    public KprobeEvent create(String event, String place) {
        return define("p:", event, place, "attach kprobe");
    }

    /**
     * Makes a return probe.
     *
     * @param event its name in our group: letters, digits and {@code _}, at most 63
     * @param place {@code [MOD:]SYM}
     * @param maxactive calls in flight that can be followed at once, up to 4096; 0 for the kernel's default
     * @return the event, not armed yet
     * @throws AttachException with the kernel's own words from {@code error_log}
     */
    public KprobeEvent createReturn(String event, String place, int maxactive) {
        return define(maxactive > 0 ? "r" + maxactive + ":" : "r:", event, place, "attach kretprobe");
    }

    private KprobeEvent define(String kind, String event, String place, String operation) {
        String command = kind + group() + "/" + event + " " + place;
        if (event.isEmpty()
                || !event.matches("[A-Za-z_][A-Za-z0-9_]*")
                || place.chars().anyMatch(c -> c <= ' ')) {
            throw new IllegalArgumentException("not a kprobe event: " + command);
        }
        long result = tracefs.write(CONTROL, Linux.O_APPEND, command + "\n");
        if (result < 0) {
            throw refused(operation, place, command, (int) -result);
        }
        String id =
                tracefs.readIfPresent("events/" + group() + "/" + event + "/id").strip();
        if (id.isEmpty()) {
            remove(tracefs, group(), event);
            throw new AttachException(new Failure(
                    operation,
                    place,
                    0,
                    "the kernel accepted the event " + group() + "/" + event + " but shows no id",
                    null));
        }
        return new KprobeEvent(tracefs, group(), event, Integer.parseInt(id));
    }

    /**
     * What some events missed until now, all read at once.
     *
     * @param events of this process
     * @return misses of each; 0 for null, -1 if the kernel does not tell
     */
    public long[] misses(List<@Nullable KprobeEvent> events) {
        Map<String, KprobeProfile> profiles = KprobeProfile.parse(tracefs.readIfPresent("kprobe_profile"));
        return events.stream()
                .mapToLong(event -> event == null ? 0 : event.profile(profiles).misses())
                .toArray();
    }

    private BpfException refused(String operation, String place, String command, int errno) {
        if (errno == Errno.EPERM || errno == Errno.EACCES) {
            return PrivilegeFiles.read(tracefs.calls()).refusal(Right.ROOT_FILE, operation, place, errno);
        }
        Failure failure = Failure.of(operation, place, errno);
        if (errno == Errno.EEXIST) {
            String event = command.substring(command.indexOf(':') + 1, command.indexOf(' '));
            return new AttachException(
                    failure.because("the event %s is there already, and is another kind of probe".formatted(event)));
        }
        if (errno == Errno.ENOENT) {
            failure = failure.because("no such symbol");
        } else if (errno == Errno.EILSEQ) {
            failure = failure.because("not an instruction boundary");
        }
        String said = ErrorLog.last(tracefs.readIfPresent("error_log"), command);
        return new AttachException(said.isEmpty() ? failure : failure.because("the kernel says: " + said));
    }

    /** Returns 0 or the negated errno. */
    static long remove(Tracefs tracefs, String group, String event) {
        return tracefs.write(CONTROL, Linux.O_APPEND, "-:" + group + "/" + event + "\n");
    }

    /**
     * The events that are defined, by anybody.
     *
     * @return in the kernel's order
     */
    public List<DefinedEvent> defined() {
        List<DefinedEvent> events = new ArrayList<>();
        for (String line : tracefs.readIfPresent(CONTROL).split("\n", -1)) {
            DefinedEvent event = DefinedEvent.parse(line, self);
            if (event != null) {
                events.add(event);
            }
        }
        return events;
    }

    /**
     * Removes the events of our naming whose process is over, and nobody else's: what a killed process left behind.
     *
     * @return what was removed, as {@code GROUP/EVENT}
     */
    public List<String> removeLeftovers() {
        List<String> removed = new ArrayList<>();
        for (String line : tracefs.readIfPresent(CONTROL).split("\n", -1)) {
            int colon = line.indexOf(':');
            int slash = line.indexOf('/');
            int space = line.indexOf(' ');
            if (colon < 0 || slash < colon || space < slash) {
                continue;
            }
            String group = line.substring(colon + 1, slash);
            Owner owner = Owner.parse(group);
            String event = line.substring(slash + 1, space);
            if (owner != null && owner.isGone(tracefs.calls(), self) && removeLeftover(group, event)) {
                removed.add(group + "/" + event);
            }
        }
        return removed;
    }

    /** An event that somebody enabled by hand is EBUSY until it is disabled; one that a perf event uses stays. */
    private boolean removeLeftover(String group, String event) {
        long result = remove(tracefs, group, event);
        if (result == -Errno.EBUSY) {
            tracefs.write("events/" + group + "/" + event + "/enable", 0, "0\n");
            result = remove(tracefs, group, event);
        }
        return result == 0;
    }
}
