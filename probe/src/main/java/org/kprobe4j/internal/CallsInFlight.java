package org.kprobe4j.internal;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.PossibleCpus;
import org.kprobe4j.compiler.CallStore;
import org.kprobe4j.compiler.ProgramShape;

/**
 * The calls of a return probe that have been entered and have not returned: the map that its two programs share.
 *
 * <p>A task that ends inside the function leaves its call there. The next call on the same stack takes such an entry out and counts it
 * (in the entry program); {@link #sweep} does it for those whose stack is not used again. The entry program and the sweep take an entry
 * out by deleting it, and the kernel lets one of them succeed, so each is counted once.
 *
 * <p>That a task is gone does not mean that it no longer runs: its number is given back in the middle of do_exit(), and one that
 * execs takes over that of its process's first task. So an entry is taken out when its task was seen gone twice, so far apart. Should
 * the call return after all, its return handler is not run, and the account calls it ended inside.
 *
 * <p>Between the look at an entry and its removal another call may have begun on the same stack. Where the kernel hands over what it
 * removes (5.14), that call's entry is put back; before, it is lost and counted as ended inside. Thread-safe.
 */
public final class CallsInFlight implements AutoCloseable {
    /** How often a process is looked for again before its calls count as ended. */
    static final Duration GRACE = Duration.ofSeconds(1);
    /** The same if it may be amid an execve: what comes after the old task's end reads the new program's file. */
    static final Duration EXEC_GRACE = Duration.ofSeconds(10);

    private static final int ENTRY_OVERHEAD_BYTES = 64;
    private static final int ROOM_BYTES = 1 << 20;
    private static final int FEWEST = 1024;
    private static final int MOST = 8192;
    private static final int MOST_OF_ALL = 1 << 16;
    private static final int AWAKE_FROM_PART = 8;

    /** One call: what is in the map's key, and its task. */
    record Call(long place, long sp, long owner) {
        int tid() {
            return (int) owner;
        }

        int pid() {
            return (int) (owner >>> Integer.SIZE);
        }

        private byte[] key() {
            byte[] key = new byte[ProgramShape.CALL_KEY_BYTES];
            MemorySegment.ofArray(key).set(ValueLayout.JAVA_LONG_UNALIGNED, 0, place);
            MemorySegment.ofArray(key).set(ValueLayout.JAVA_LONG_UNALIGNED, Long.BYTES, sp);
            return key;
        }
    }

    /** What {@link #sort} found. */
    public record Sorted(long inFlight, long endedInside) {}

    private final Entries entries;
    private final IntSupplier fd;
    private final @Nullable SlotTable slots;
    private final Tasks tasks;
    private final int awakeFrom;
    private final Map<Call, Long> gone = new HashMap<>();
    private LongSupplier left = () -> 0;
    private long swept;

    CallsInFlight(Entries entries, IntSupplier fd, Tasks tasks) {
        this(entries, fd, null, tasks);
    }

    private CallsInFlight(Entries entries, IntSupplier fd, @Nullable SlotTable slots, Tasks tasks) {
        this.slots = slots;
        this.entries = entries;
        this.fd = fd;
        this.tasks = tasks;
        this.awakeFrom = entries.maxEntries() / AWAKE_FROM_PART;
    }

    /**
     * Makes the map: room for the calls that can be followed at once, and for those that ended inside between two sweeps, about a
     * megabyte.
     *
     * @param functions how many
     * @param maxactive how many calls of each are followed at once; 0 for the kernel's default
     * @param callBytes {@link org.kprobe4j.compiler.CompiledProgram#callBytes()}
     * @param store where the programs put calls first
     */
    public static CallsInFlight create(long functions, int maxactive, int callBytes, CallStore store) {
        int followed = maxactive > 0
                ? maxactive
                : Math.max(10, 2 * PossibleCpus.running().numbers().size());
        long ended = Math.clamp(ROOM_BYTES / (callBytes + ENTRY_OVERHEAD_BYTES), FEWEST, MOST);
        int room = (int) Math.min(functions * followed + ended, MOST_OF_ALL);
        var entries =
                new KernelEntries(MapType.HASH, ProgramShape.CALLS_MAP, ProgramShape.CALL_KEY_BYTES, callBytes, room);
        SlotTable slots = store == CallStore.SLOTS ? SlotTable.create(callBytes) : null;
        return new CallsInFlight(entries, entries::fd, slots, Tasks.PROC);
    }

    /** The map's descriptor. */
    public int fd() {
        return fd.getAsInt();
    }

    /** The slots' descriptor. */
    int slotsFd() {
        return Objects.requireNonNull(slots).fd();
    }

    /**
     * From now on the map is swept while it is more than an eighth full.
     *
     * @param inMap how many entries the programs have left in it, by their counters; cheap
     */
    public void watch(LongSupplier inMap) {
        left = inMap;
        if (tasks.areTold()) {
            CallSweeper.add(this);
        }
    }

    /** Whether calls that ended inside can be told from those in flight. */
    public boolean areTold() {
        return tasks.areTold();
    }

    /** How many entries were taken out because their tasks had ended. */
    public synchronized long swept() {
        return swept;
    }

    boolean needsSweep() {
        return left.getAsLong() > awakeFrom;
    }

    /** Takes out what is known to be left for ever. */
    synchronized void sweep(long nanoTime) {
        var seen = new HashSet<Call>();
        forEach(seen::add);
        gone.keySet().retainAll(seen);
        var ended = new HashMap<Integer, Boolean>();
        for (Call call : seen) {
            Long since = gone.get(call);
            if (since == null) {
                if (ended.computeIfAbsent(call.tid(), tasks::hasEnded)) {
                    gone.put(call, nanoTime);
                }
            } else if (nanoTime - since >= GRACE.toNanos()) {
                retire(call, nanoTime - since);
            }
        }
    }

    /** A number that was given to another task meanwhile is no reason to wait any longer, but it has to be waited for. */
    private void retire(Call call, long nanos) {
        boolean mayExec = call.tid() != call.pid() && !tasks.hasEnded(call.pid()) && tasks.isAlone(call.pid());
        if (mayExec && nanos < EXEC_GRACE.toNanos()) {
            return;
        }
        gone.remove(call);
        if (tasks.hasEnded(call.tid()) && remove(call)) {
            swept++;
        }
    }

    /** Another call's entry that was removed is put back, unless a third call stands there already: then its own is gone, too. */
    private boolean remove(Call call) {
        if (slots != null && slots.remove(call)) {
            return true;
        }
        byte[] key = call.key();
        byte[] removed = entries.take(key);
        if (removed == null) {
            return false;
        }
        boolean gone = owner(MemorySegment.ofArray(removed)) == call.owner()
                || entries.update(key, removed, true) != Entries.Update.DONE;
        if (gone && slots != null) {
            slots.removedFromHash();
        }
        return gone;
    }

    /** Sorts what is left; for a probe that is removed, so that nothing comes and goes any more. */
    public synchronized Sorted sort() {
        var found = new HashSet<Call>();
        forEach(found::add);
        if (!tasks.areTold()) {
            return new Sorted(found.size(), 0);
        }
        Set<Integer> tids = new HashSet<>();
        found.forEach(call -> tids.add(call.tid()));
        tids.removeIf(tid -> !tasks.hasEnded(tid));
        long ended = found.stream().filter(call -> tids.contains(call.tid())).count();
        return new Sorted(found.size() - ended, ended);
    }

    private void forEach(Consumer<Call> consumer) {
        if (slots != null) {
            slots.forEach(consumer);
        }
        entries.forEach(
                false,
                (key, value) -> consumer.accept(new Call(
                        key.get(ValueLayout.JAVA_LONG_UNALIGNED, 0),
                        key.get(ValueLayout.JAVA_LONG_UNALIGNED, Long.BYTES),
                        owner(value))));
    }

    private static long owner(MemorySegment value) {
        return value.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
    }

    /** Ends the sweeping; the counts can still be read. */
    public void unwatch() {
        CallSweeper.remove(this);
    }

    @Override
    public void close() {
        unwatch();
        entries.close();
        if (slots != null) {
            slots.close();
        }
    }
}
