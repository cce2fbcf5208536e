package org.kprobe4j.bpf;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.internal.BpfAttr;
import org.kprobe4j.bpf.internal.BpfAttr.MapCreate;
import org.kprobe4j.bpf.internal.BpfAttr.MapElement;
import org.kprobe4j.bpf.internal.Descriptor;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.ObjectNames;
import org.kprobe4j.bpf.internal.PrivilegeFiles;
import org.kprobe4j.bpf.internal.Scratch;
import org.kprobe4j.bpf.internal.Struct;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * A map shared between programs and user space. Owns its descriptor; the kernel keeps the map as long as a program uses it.
 *
 * <p>Thread-safe. Since kernel: 3.19. Source: kernel/bpf/syscall.c, bpf(2).
 */
public final class BpfMap implements AutoCloseable {
    /** Flag of a hash: memory is taken when it is needed. */
    public static final int NO_PREALLOC = 1;

    /** Flag: programs may only read it. Since kernel: 5.2. */
    public static final int RDONLY_PROG = 1 << 7;

    /** Flag of an array: it can be mapped. Since kernel: 5.5. */
    public static final int MMAPABLE = 1 << 10;

    /** Update flag: insert or replace. */
    public static final long ANY = 0;

    /** Update flag: insert only; EEXIST otherwise. */
    public static final long NOEXIST = 1;

    /** Update flag: replace only; ENOENT otherwise. */
    public static final long EXIST = 2;

    private final SystemCalls calls;
    private final Descriptor descriptor;
    private final MapSpec spec;
    private final int valueBytes;
    private final MapEntries entries;

    private BpfMap(SystemCalls calls, Descriptor descriptor, MapSpec spec) {
        this.calls = calls;
        this.descriptor = descriptor;
        this.spec = spec;
        this.valueBytes = spec.type().perCpu()
                ? roundUp8(spec.valueSizeBytes())
                        * PossibleCpus.running(calls).numbers().size()
                : spec.valueSizeBytes();
        this.entries = new MapEntries(calls, descriptor, spec, valueBytes);
    }

    /**
     * Creates a map.
     *
     * @param type the type
     * @param name shown by bpftool
     * @param keySize size of a key, in bytes
     * @param valueSize size of a value, in bytes
     * @param maxEntries number of entries; for a ring buffer its size in bytes
     * @param flags such as {@link #MMAPABLE}, or 0
     * @return the map
     * @throws PermissionException if the process lacks the right
     * @throws SystemCallException if the kernel refuses, such as EINVAL for impossible sizes
     */
    public static BpfMap create(MapType type, String name, int keySize, int valueSize, int maxEntries, int flags) {
        return create(MapSpec.of(type, name, keySize, valueSize, maxEntries, flags));
    }

    /**
     * Creates a map. On EPERM once more after raising RLIMIT_MEMLOCK, to which kernels before 5.11 charge maps.
     *
     * @param spec what it is to be
     * @return the map
     * @throws PermissionException if the process lacks the right
     * @throws SystemCallException if the kernel refuses, such as EINVAL for impossible sizes
     */
    public static BpfMap create(MapSpec spec) {
        return create(SystemCalls.linux(), spec);
    }

    static BpfMap create(SystemCalls calls, MapSpec spec) {
        try (Scratch scratch = new Scratch()) {
            Struct attr = scratch.struct(BpfAttr.SIZE)
                    .u32(MapCreate.MAP_TYPE, spec.type().id())
                    .u32(MapCreate.KEY_SIZE, spec.keySizeBytes())
                    .u32(MapCreate.VALUE_SIZE, spec.valueSizeBytes())
                    .u32(MapCreate.MAX_ENTRIES, spec.maxEntries())
                    .u32(MapCreate.MAP_FLAGS, spec.flags())
                    .put(MapCreate.MAP_NAME, ObjectNames.bytes(spec.name()));
            BpfBtf btf = spec.btf();
            if (btf != null) {
                attr.u32(MapCreate.BTF_FD, btf.fd())
                        .u32(MapCreate.BTF_KEY_TYPE_ID, spec.btfKeyTypeId())
                        .u32(MapCreate.BTF_VALUE_TYPE_ID, spec.btfValueTypeId());
            }
            long fd = MemoryLock.retrying(calls, () -> calls.bpf(Linux.BPF_MAP_CREATE, attr));
            if (fd < 0) {
                throw refused(calls, spec, (int) -fd);
            }
            return new BpfMap(calls, new Descriptor(calls, fd, "map " + spec.name()), spec);
        }
    }

    private static BpfException refused(SystemCalls calls, MapSpec spec, int errno) {
        String operation = "create " + spec.type() + " map";
        if (errno == Errno.EPERM) {
            return PrivilegeFiles.read(calls).refusal(Right.BPF, operation, spec.name(), errno);
        }
        Failure failure = Failure.of(operation, spec.name(), errno);
        if (errno == Errno.EINVAL) {
            failure = failure.because("refused with key %d, value %d bytes, %d entries, flags 0x%x"
                    .formatted(spec.keySizeBytes(), spec.valueSizeBytes(), spec.maxEntries(), spec.flags()));
        }
        return new SystemCallException(failure);
    }

    private static int roundUp8(int bytes) {
        return (bytes + 7) & ~7;
    }

    /**
     * The descriptor, for instructions that load the map's address.
     *
     * @return the descriptor
     * @throws IllegalStateException if the map is closed
     */
    public int fd() {
        return descriptor.fd();
    }

    /**
     * What it was created as.
     *
     * @return the spec
     */
    public MapSpec spec() {
        return spec;
    }

    /**
     * Size of a value as user space sees it: for a per-CPU map the values of all possible CPUs, each rounded up to 8 bytes.
     *
     * @return size in bytes
     */
    public int valueBytes() {
        return valueBytes;
    }

    /**
     * The distance from one CPU's value to the next one's in a value of a per-CPU map: the values of the possible CPUs, in the order of
     * their numbers and without gaps.
     *
     * @return the value size rounded up to 8, in bytes
     */
    public int strideBytes() {
        return roundUp8(spec.valueSizeBytes());
    }

    /**
     * Looks a value up.
     *
     * @param key all of it is the key
     * @return the value, {@link #valueBytes} long; null if there is none
     */
    public byte @Nullable [] lookup(byte[] key) {
        byte[] value = new byte[valueBytes];
        return lookup(MemorySegment.ofArray(key), MemorySegment.ofArray(value)) ? value : null;
    }

    /**
     * Looks a value up.
     *
     * @param key the bytes between position and limit; unchanged
     * @param value filled from its position; its position and limit stay
     * @return false if there is none
     */
    public boolean lookup(ByteBuffer key, ByteBuffer value) {
        return lookup(MemorySegment.ofBuffer(key), MemorySegment.ofBuffer(value));
    }

    /**
     * Looks a value up.
     *
     * @param key the key
     * @param value filled from its beginning; at least {@link #valueBytes} long
     * @return false if there is none
     */
    public boolean lookup(MemorySegment key, MemorySegment value) {
        try (Scratch scratch = new Scratch()) {
            Struct out = scratch.struct(valueBytes);
            long result = element(Linux.BPF_MAP_LOOKUP_ELEM, scratch, key, out, 0);
            if (result == -Errno.ENOENT) {
                return false;
            }
            check("look up in", result);
            copyOut(out, value, valueBytes);
            return true;
        }
    }

    /**
     * Inserts or replaces a value.
     *
     * @param key all of it is the key
     * @param value {@link #valueBytes} long
     */
    public void update(byte[] key, byte[] value) {
        update(MemorySegment.ofArray(key), MemorySegment.ofArray(value), ANY);
    }

    /**
     * Inserts or replaces a value.
     *
     * @param key the bytes between position and limit; unchanged
     * @param value the bytes between position and limit; unchanged
     */
    public void update(ByteBuffer key, ByteBuffer value) {
        update(MemorySegment.ofBuffer(key), MemorySegment.ofBuffer(value), ANY);
    }

    /**
     * Sets a value.
     *
     * @param key the key
     * @param value {@link #valueBytes} long
     * @param flags {@link #ANY}, {@link #NOEXIST} or {@link #EXIST}
     * @throws SystemCallException such as E2BIG if the map is full, EEXIST or ENOENT as the flags say
     */
    public void update(MemorySegment key, MemorySegment value, long flags) {
        requireSize("value", value.byteSize(), valueBytes);
        try (Scratch scratch = new Scratch()) {
            Struct in = scratch.struct(valueBytes);
            copyIn(value, in);
            check("update", element(Linux.BPF_MAP_UPDATE_ELEM, scratch, key, in, flags));
        }
    }

    /**
     * Removes an entry.
     *
     * @param key all of it is the key
     * @return false if there was none
     */
    public boolean delete(byte[] key) {
        return delete(MemorySegment.ofArray(key));
    }

    /**
     * Removes an entry.
     *
     * @param key the key
     * @return false if there was none
     */
    public boolean delete(MemorySegment key) {
        try (Scratch scratch = new Scratch()) {
            long result = element(Linux.BPF_MAP_DELETE_ELEM, scratch, key, null, 0);
            if (result == -Errno.ENOENT) {
                return false;
            }
            check("delete from", result);
            return true;
        }
    }

    /**
     * Takes a value out of a hash, in one step where the kernel has that. Since kernel: 5.14; before, what is written between lookup and
     * removal is lost.
     *
     * @param key all of it is the key
     * @return the value that was removed, {@link #valueBytes} long; null if there was none
     */
    public byte @Nullable [] take(byte[] key) {
        byte[] value = new byte[valueBytes];
        try (Scratch scratch = new Scratch()) {
            Struct out = scratch.struct(valueBytes);
            long result = element(Linux.BPF_MAP_LOOKUP_AND_DELETE_ELEM, scratch, MemorySegment.ofArray(key), out, 0);
            if (result == -Errno.ENOENT) {
                return null;
            } else if (result == -Errno.EINVAL || result == -Errno.ENOTSUPP || result == -Errno.EOPNOTSUPP) {
                byte[] found = lookup(key);
                return found != null && delete(key) ? found : null;
            }
            check("take from", result);
            copyOut(out, MemorySegment.ofArray(value), valueBytes);
            return value;
        }
    }

    /**
     * The key after a key, in the kernel's order. If the key is gone the kernel begins again.
     *
     * @param key the key, or null for the first
     * @return the next key, or null at the end
     */
    public byte @Nullable [] nextKey(byte @Nullable [] key) {
        try (Scratch scratch = new Scratch()) {
            Struct next = scratch.struct(spec.keySizeBytes());
            MemorySegment from = key == null ? null : MemorySegment.ofArray(key);
            long result = element(Linux.BPF_MAP_GET_NEXT_KEY, scratch, from, next, 0);
            if (result == -Errno.ENOENT) {
                return null;
            }
            check("next key of", result);
            byte[] found = new byte[spec.keySizeBytes()];
            next.get(0, found);
            return found;
        }
    }

    /**
     * Shows all entries, in the kernel's order. While programs change the map, an entry that stays comes just once, with a value that
     * it had meanwhile; one that comes or goes meanwhile may come or not. It always ends. Batches since kernel: 5.6 (PERCPU_ARRAY
     * 5.13); without them two system calls for each entry.
     *
     * @param consumer gets each entry; what it throws ends the reading
     * @return the number of entries
     * @throws IllegalArgumentException if the type's entries cannot be listed
     * @throws IllegalStateException without batches, if entries vanish so fast that the reading gets nowhere
     */
    public int forEach(EntryConsumer consumer) {
        if (!spec.type().iterable()) {
            throw new IllegalArgumentException("%s: the kernel does not list entries of this type".formatted(this));
        }
        return entries.forEach(false, consumer);
    }

    /**
     * Takes all entries out, and shows them, as {@link #forEach} does. What a program writes later makes a new entry; what it writes at
     * that very moment, through a pointer that it looked up before, is lost with the entry. Without batches, so is what it writes
     * between lookup and removal.
     *
     * @param consumer gets each entry; if it throws, the entries of the same batch are lost
     * @return the number of entries
     * @throws IllegalArgumentException if the type's entries cannot be removed
     * @throws IllegalStateException without batches, if entries vanish so fast that the reading gets nowhere
     */
    public int takeEach(EntryConsumer consumer) {
        if (!spec.type().iterable() || spec.type() == MapType.ARRAY || spec.type() == MapType.PERCPU_ARRAY) {
            throw new IllegalArgumentException("%s: entries of this type cannot be taken out".formatted(this));
        }
        return entries.forEach(true, consumer);
    }

    /**
     * Sets many values, with one system call where the kernel has batches. Since kernel: 5.6 (PERCPU_ARRAY 5.13); before one by one.
     *
     * @param keys key after key, without gaps
     * @param values value after value, without gaps, each {@link #valueBytes} long
     * @param flags {@link #ANY}, {@link #NOEXIST} or {@link #EXIST}
     * @throws SystemCallException such as E2BIG if the map is full; the entries before the one it names are set
     */
    public void updateAll(MemorySegment keys, MemorySegment values, long flags) {
        int count = entriesIn(keys);
        requireSize("values", values.byteSize(), (long) count * valueBytes);
        if (count > 0) {
            entries.update(keys, values, count, flags, index -> {
                try (Scratch scratch = new Scratch()) {
                    Struct value = scratch.struct(valueBytes);
                    copyIn(values.asSlice(index * valueBytes, valueBytes), value);
                    return element(Linux.BPF_MAP_UPDATE_ELEM, scratch, keyAt(keys, index), value, flags);
                }
            });
        }
    }

    /**
     * Removes many entries, with one system call where the kernel has batches and all are there. Since kernel: 5.6; before one by one.
     *
     * @param keys key after key, without gaps
     * @return how many there were
     */
    public int deleteAll(MemorySegment keys) {
        int count = entriesIn(keys);
        return entries.delete(keys, count, index -> {
            try (Scratch scratch = new Scratch()) {
                return element(Linux.BPF_MAP_DELETE_ELEM, scratch, keyAt(keys, index), null, 0);
            }
        });
    }

    private int entriesIn(MemorySegment keys) {
        int size = spec.keySizeBytes();
        if (size == 0 || keys.byteSize() % size != 0) {
            throw new IllegalArgumentException("map %s: %d bytes are no whole number of keys of %d bytes"
                    .formatted(spec.name(), keys.byteSize(), size));
        }
        return Math.toIntExact(keys.byteSize() / size);
    }

    private MemorySegment keyAt(MemorySegment keys, long index) {
        return keys.asSlice(index * spec.keySizeBytes(), spec.keySizeBytes());
    }

    /**
     * Puts a value into a QUEUE or STACK. Since kernel: 4.20.
     *
     * @param value {@link #valueBytes} long
     * @param flags {@link #ANY}, or {@link #EXIST} to drop the oldest value of a full one
     * @throws SystemCallException such as E2BIG if it is full
     */
    public void push(MemorySegment value, long flags) {
        requireRow();
        requireSize("value", value.byteSize(), valueBytes);
        try (Scratch scratch = new Scratch()) {
            Struct in = scratch.struct(valueBytes);
            copyIn(value, in);
            check("push to", element(Linux.BPF_MAP_UPDATE_ELEM, scratch, null, in, flags));
        }
    }

    /**
     * Takes the oldest value of a QUEUE, the newest one of a STACK. Since kernel: 4.20.
     *
     * @param value filled from its beginning
     * @return false if there is none
     */
    public boolean pop(MemorySegment value) {
        return head("pop from", Linux.BPF_MAP_LOOKUP_AND_DELETE_ELEM, value);
    }

    /**
     * Reads the value that {@link #pop} would take. Since kernel: 4.20.
     *
     * @param value filled from its beginning
     * @return false if there is none
     */
    public boolean peek(MemorySegment value) {
        return head("peek into", Linux.BPF_MAP_LOOKUP_ELEM, value);
    }

    private boolean head(String operation, int command, MemorySegment value) {
        requireRow();
        try (Scratch scratch = new Scratch()) {
            Struct out = scratch.struct(valueBytes);
            long result = element(command, scratch, null, out, 0);
            if (result == -Errno.ENOENT) {
                return false;
            }
            check(operation, result);
            copyOut(out, value, valueBytes);
            return true;
        }
    }

    private void requireRow() {
        if (!spec.type().withoutKeys()) {
            throw new IllegalArgumentException(
                    "%s has keys; push, pop and peek are for QUEUE and STACK".formatted(this));
        }
    }

    /**
     * Ends all writing from user space. Since kernel: 5.2.
     *
     * @throws SystemCallException EBUSY if it is mapped writable
     */
    public void freeze() {
        try (Scratch scratch = new Scratch()) {
            check("freeze", element(Linux.BPF_MAP_FREEZE, scratch, null, null, 0));
        }
    }

    /**
     * Maps an array that has the flag {@link #MMAPABLE}. Since kernel: 5.5.
     *
     * @return the array in memory, to be closed by the caller
     * @throws SystemCallException EINVAL or ENOTSUPP without the flag
     */
    public MappedArray mmap() {
        return MappedArray.map(calls, descriptor, spec);
    }

    private long element(
            int command, Scratch scratch, @Nullable MemorySegment key, @Nullable Struct value, long flags) {
        Struct attr = scratch.struct(BpfAttr.SIZE).u64(MapElement.FLAGS, flags);
        if (key != null) {
            requireSize("key", key.byteSize(), spec.keySizeBytes());
            Struct copy = scratch.struct(spec.keySizeBytes());
            copyIn(key, copy);
            attr.u64(MapElement.KEY, copy.address());
        }
        if (value != null) {
            attr.u64(MapElement.VALUE, value.address());
        }
        return descriptor.use(fd -> calls.bpf(command, attr.u32(MapElement.MAP_FD, fd)));
    }

    private void requireSize(String part, long actual, long expected) {
        if (actual != expected) {
            throw new IllegalArgumentException(
                    "map %s: %s has %d bytes, not %d".formatted(spec.name(), part, actual, expected));
        }
    }

    private static void copyOut(Struct from, MemorySegment to, int lengthBytes) {
        MemorySegment.copy(MemorySegment.ofBuffer(from.bytes()), 0, to, 0, lengthBytes);
    }

    /** Segments over any kind of array, not only those that can be seen as a buffer. */
    private static void copyIn(MemorySegment from, Struct to) {
        MemorySegment.ofBuffer(to.bytes()).copyFrom(from);
    }

    private void check(String operation, long result) {
        if (result < 0) {
            throw new SystemCallException(Failure.of(operation + " map", spec.name(), (int) -result));
        }
    }

    @Override
    public void close() {
        descriptor.close();
    }

    @Override
    public String toString() {
        return spec.type() + " map " + spec.name();
    }
}
