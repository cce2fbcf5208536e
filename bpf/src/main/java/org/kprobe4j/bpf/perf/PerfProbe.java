package org.kprobe4j.bpf.perf;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.BpfProgram;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.Failure;
import org.kprobe4j.bpf.Right;
import org.kprobe4j.bpf.internal.BpfInfo.Link;
import org.kprobe4j.bpf.internal.Descriptor;
import org.kprobe4j.bpf.internal.LinkCalls;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.PrivilegeFiles;
import org.kprobe4j.bpf.internal.Scratch;
import org.kprobe4j.bpf.internal.Struct;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * A probe as a perf event: planted when it is opened, removed when it is closed, also by the process's end.
 *
 * <p>It hits on all CPUs and in all processes. There is no way to pause it: the kernel runs the program of a probe whether its perf
 * event is enabled or not; so let the program look at a switch in a map, or close and open. Thread-safe. Since kernel: 4.17
 * for kprobes by the PMU, 4.1 for tracepoints. Source: perf_event_open(2), kernel/trace/trace_event_perf.c.
 */
public final class PerfProbe implements AutoCloseable {
    private final SystemCalls calls;
    private final Descriptor event;
    private final ProbeTarget target;
    private @Nullable Descriptor link;
    private boolean attached;
    private @Nullable ProbeLocation location;

    private PerfProbe(SystemCalls calls, Descriptor event, ProbeTarget target) {
        this.calls = calls;
        this.event = event;
        this.target = target;
    }

    /**
     * Plants a kprobe or kretprobe.
     *
     * @param symbol the function, {@code module:function} is not known here; null to give an address
     * @param offsetOrAddress offset from the symbol in bytes, or the address
     * @param isReturn a return probe; its place must be a function's entry
     * @return the planted probe; nothing runs until {@link #attach}
     * @throws AttachException ENOENT for an unknown symbol, EILSEQ inside an instruction, EADDRNOTAVAIL for a name that is not unique,
     *     EINVAL for a place where none is allowed
     * @throws org.kprobe4j.bpf.PermissionException if the process lacks the right
     * @throws org.kprobe4j.bpf.UnsupportedException if the kernel has no such PMU
     */
    public static PerfProbe openKprobe(@Nullable String symbol, long offsetOrAddress, boolean isReturn) {
        return openKprobe(SystemCalls.linux(), symbol, offsetOrAddress, isReturn);
    }

    static PerfProbe openKprobe(SystemCalls calls, @Nullable String symbol, long offsetOrAddress, boolean isReturn) {
        ProbeTarget target = new ProbeTarget(symbol, offsetOrAddress, isReturn);
        long fd = new KprobePmu(calls).open(target);
        return new PerfProbe(calls, new Descriptor(calls, fd, "probe " + target), target);
    }

    /**
     * Opens a tracepoint, also the one of a tracefs kprobe event.
     *
     * @param id as its tracefs file {@code id} says
     * @param name for messages
     * @return the event; nothing runs until {@link #attach}
     * @throws AttachException if there is no such tracepoint
     * @throws org.kprobe4j.bpf.PermissionException if the process lacks the right
     */
    public static PerfProbe openTracepoint(int id, String name) {
        return openTracepoint(SystemCalls.linux(), id, name);
    }

    static PerfProbe openTracepoint(SystemCalls calls, int id, String name) {
        ProbeTarget target = new ProbeTarget(name, 0, false);
        long fd = Tracepoint.open(calls, id);
        if (fd < 0) {
            throw refused(calls, "open tracepoint", name, (int) -fd);
        }
        return new PerfProbe(calls, new Descriptor(calls, fd, "tracepoint " + name), target);
    }

    /**
     * Whether the kernel refuses a function's name that it has several times (EADDRNOTAVAIL), and does not take the first function
     * of that name. Asked with names that the compiler gives to many variables. Since kernel: 6.6, in the stable series of 5.4 to
     * 6.5 since late 2023.
     *
     * @return false also if it cannot be asked
     */
    public static boolean namesMustBeUnique() {
        return UniqueNames.ANSWER;
    }

    private static final class UniqueNames {
        private static final List<String> NEVER_UNIQUE = List.of("__func__.0", "_rs.0", "__key.0");
        private static final boolean ANSWER = NEVER_UNIQUE.stream().anyMatch(UniqueNames::isRefused);

        private static boolean isRefused(String name) {
            try (var _ = openKprobe(name, 0, false)) {
                return false;
            } catch (BpfException e) {
                return e.errno() == Errno.EADDRNOTAVAIL;
            }
        }
    }

    private static BpfException refused(SystemCalls calls, String operation, String object, int errno) {
        return errno == Errno.EPERM || errno == Errno.EACCES
                ? PrivilegeFiles.read(calls).refusal(Right.PERF_EVENT, operation, object, errno)
                : new AttachException(Failure.of(operation, object, errno));
    }

    /**
     * Lets a program run at every hit; from now on. By a bpf_link where the kernel has one on perf events (5.15), because only a link
     * tells {@link #missed}; otherwise by PERF_EVENT_IOC_SET_BPF.
     *
     * @param program of type KPROBE; TRACEPOINT for a tracepoint
     * @throws AttachException if the kernel refuses, such as EINVAL for another type of program, EEXIST if there is one already
     */
    public void attach(BpfProgram program) {
        synchronized (this) {
            long fd = event.use(perf -> LinkCalls.perfEvent(calls, program.fd(), perf, 0));
            if (fd >= 0) {
                link = new Descriptor(calls, fd, "link of " + event);
            } else {
                setProgram(program);
            }
            attached = true;
            location = null;
        }
    }

    /**
     * Lets a program run at every hit, with a number that it gets by bpf_get_attach_cookie. Since kernel: 5.15.
     *
     * @param program of type KPROBE; TRACEPOINT for a tracepoint
     * @param cookie the number
     * @throws AttachException if the kernel refuses, such as EINVAL before 5.15
     */
    public void attach(BpfProgram program, long cookie) {
        synchronized (this) {
            long fd = event.use(perf -> LinkCalls.perfEvent(calls, program.fd(), perf, cookie));
            if (fd < 0) {
                throw refused(calls, "attach program with cookie to", target.toString(), (int) -fd);
            }
            link = new Descriptor(calls, fd, "link of " + event);
            attached = true;
            location = null;
        }
    }

    private void setProgram(BpfProgram program) {
        long result = event.use(perf -> calls.ioctl(perf, Linux.PERF_EVENT_IOC_SET_BPF, program.fd()));
        if (result < 0) {
            throw refused(calls, "attach program " + program.spec().name() + " to", target.toString(), (int) -result);
        }
    }

    /**
     * Where the probe really is. Best asked after {@link #attach}: only then does the kernel tell the address of this very probe;
     * before, it is looked up in {@code kprobes/list}, where another's probe may be at the same function.
     *
     * @return the place; unconfirmed if the kernel does not tell this process
     */
    public ProbeLocation location() {
        synchronized (this) {
            ProbeLocation known = location;
            if (known == null) {
                known = new LocationFinder(calls, target).find(toldAddress());
                location = known;
            }
            return known;
        }
    }

    /** The address as the link (6.6) or BPF_TASK_FD_QUERY tells it; 0 if neither does. */
    private long toldAddress() {
        if (!attached) {
            return 0;
        }
        Descriptor ours = link;
        if (ours != null) {
            try (Scratch scratch = new Scratch()) {
                Struct info = scratch.struct(Link.SIZE);
                if (isKprobe(info, LinkCalls.info(calls, ours, info), Link.PERF_ADDR)
                        && info.u64(Link.PERF_ADDR) != 0) {
                    return info.u64(Link.PERF_ADDR);
                }
            }
        }
        return event.use(fd -> TaskFdQuery.probeAddress(calls, fd));
    }

    private static boolean isKprobe(Struct info, long filledBytes, int field) {
        int type = info.u32(Link.PERF_TYPE);
        return filledBytes >= field + Long.BYTES
                && info.u32(Link.TYPE) == Link.BPF_LINK_TYPE_PERF_EVENT
                && (type == Link.BPF_PERF_EVENT_KPROBE || type == Link.BPF_PERF_EVENT_KRETPROBE);
    }

    /**
     * The address of the probe.
     *
     * @return the address; 0 if the kernel does not show it
     */
    public long addr() {
        return location().addr();
    }

    /**
     * The function that the probe is in.
     *
     * @return its name; empty for a probe by address that the kernel does not tell about
     */
    public String symbol() {
        return location().symbol();
    }

    /**
     * Where in the function.
     *
     * @return offset in bytes
     */
    public long offset() {
        return location().offset();
    }

    /**
     * How many hits the kernel dropped: hits inside of handlers and, for a return probe, calls without a free instance. Since
     * kernel: 6.7.
     *
     * @return the number; -1 if this kernel does not tell
     */
    public long missed() {
        Descriptor ours;
        synchronized (this) {
            ours = link;
        }
        if (ours == null) {
            return -1;
        }
        try (Scratch scratch = new Scratch()) {
            Struct info = scratch.struct(Link.SIZE);
            long filled = LinkCalls.info(calls, ours, info);
            return isKprobe(info, filled, Link.PERF_MISSED) ? info.u64(Link.PERF_MISSED) : -1;
        }
    }

    /**
     * The perf event's descriptor.
     *
     * @return the descriptor
     * @throws IllegalStateException if it is closed
     */
    public int fd() {
        return event.fd();
    }

    /** Detaches the program and removes the probe. A handler that runs now finishes first. */
    @Override
    public void close() {
        synchronized (this) {
            if (link != null) {
                link.close();
            }
            event.close();
        }
    }

    @Override
    public String toString() {
        return event.toString();
    }
}
