package org.kprobe4j.bpf.tracefs;

import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.Failure;
import org.kprobe4j.bpf.internal.OpenObjects;

/**
 * A kprobe event of tracefs that belongs to this process. Unlike a descriptor it outlives the process, unless it is closed.
 *
 * <p>The probe is armed only while something uses the event, such as a perf event with its {@link #id}. Thread-safe.
 */
public final class KprobeEvent implements AutoCloseable {
    private final Tracefs tracefs;
    private final String group;
    private final String name;
    private final int id;
    private final long ticket;
    private final AtomicBoolean closed = new AtomicBoolean();

    KprobeEvent(Tracefs tracefs, String group, String name, int id) {
        this.tracefs = tracefs;
        this.group = group;
        this.name = name;
        this.id = id;
        this.ticket = OpenObjects.opened("tracefs event " + group + "/" + name);
    }

    /**
     * The group.
     *
     * @return names the process that owns it
     */
    public String group() {
        return group;
    }

    /**
     * The event's name in its group.
     *
     * @return the name
     */
    public String name() {
        return name;
    }

    /**
     * The number for perf_event_open.
     *
     * @return as its file {@code id} says
     */
    public int id() {
        return id;
    }

    /**
     * The kernel's counts until now.
     *
     * @return hits and misses; -1 each if the kernel does not tell
     */
    public KprobeProfile profile() {
        return profile(KprobeProfile.parse(tracefs.readIfPresent("kprobe_profile")));
    }

    /** Kernels print the name with or without its group. */
    KprobeProfile profile(Map<String, KprobeProfile> profiles) {
        return Stream.of(name, group + "/" + name, group + ":" + name)
                .map(profiles::get)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(KprobeProfile.UNKNOWN);
    }

    /**
     * Removes the event. What uses it must be closed before.
     *
     * @throws AttachException EBUSY if something still uses it; it can be closed again then
     */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        long result = KprobeEvents.remove(tracefs, group, name);
        if (result < 0 && result != -Errno.ENOENT) {
            closed.set(false);
            throw new AttachException(Failure.of("remove tracefs event", group + "/" + name, (int) -result));
        }
        OpenObjects.closed(ticket);
    }

    @Override
    public String toString() {
        return group + "/" + name;
    }
}
