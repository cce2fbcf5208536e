package org.kprobe4j.bpf;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.internal.BpfAttr;
import org.kprobe4j.bpf.internal.BpfAttr.MapCreate;
import org.kprobe4j.bpf.internal.BpfAttr.MapElement;
import org.kprobe4j.bpf.internal.Descriptor;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.Machine;
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

    private BpfMap(SystemCalls calls, Descriptor descriptor, MapSpec spec) {
        this.calls = calls;
        this.descriptor = descriptor;
        this.spec = spec;
        this.valueBytes = spec.type().perCpu()
                ? roundUp8(spec.valueSizeBytes()) * Machine.possibleCpus(calls)
                : spec.valueSizeBytes();
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
            in.bytes().put(value.asByteBuffer());
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
            copy.bytes().put(key.asByteBuffer());
            attr.u64(MapElement.KEY, copy.address());
        }
        if (value != null) {
            attr.u64(MapElement.VALUE, value.address());
        }
        return descriptor.use(fd -> calls.bpf(command, attr.u32(MapElement.MAP_FD, fd)));
    }

    private void requireSize(String part, long actual, int expected) {
        if (actual != expected) {
            throw new IllegalArgumentException(
                    "map %s: %s has %d bytes, not %d".formatted(spec.name(), part, actual, expected));
        }
    }

    private static void copyOut(Struct from, MemorySegment to, int lengthBytes) {
        to.asByteBuffer().put(from.bytes().limit(lengthBytes));
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
