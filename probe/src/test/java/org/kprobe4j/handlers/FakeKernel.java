package org.kprobe4j.handlers;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.kprobe4j.asm.Size;

/** What interpreted programs meet: maps, ring buffers, a current task, kernel memory, a clock. The tests set and read its fields. */
final class FakeKernel {
    static final int MAX_CALLS = 4;
    /** Number of bpf_session_is_return in the BTF. */
    static final int IS_RETURN = 4711;

    private static final int USER_STACK = 1 << 8;
    static final int CPUS = 8;
    /** Size of each ring buffer. */
    static final int RING_BYTES = 1 << 20;

    final Memory memory = new Memory();
    /** Records in each ring buffer, in order. */
    final Map<String, List<byte[]>> rings = new TreeMap<>();
    /** Ring buffers that are full. */
    final Set<String> full = new HashSet<>();
    /** How many of the next reservations find another CPU at the ring. */
    int busy;
    /** How often it was asked how much lies in a ring. */
    int queries;
    /** Bytes of kernel memory by address; the rest is not mapped. */
    final TreeMap<Long, byte[]> kernel = new TreeMap<>();
    /** Bytes of the current process's memory by address; the rest is not present. */
    final TreeMap<Long, byte[]> user = new TreeMap<>();
    /** The map of calls in flight. */
    final Map<List<Byte>, Memory.Region> calls = new HashMap<>();

    private final Map<String, Hash> hashes = new HashMap<>();
    private final Map<String, Memory.Region> cells = new HashMap<>();

    private final Map<Long, Memory.Region> reserved = new HashMap<>();
    private final Map<Long, String> reservedIn = new HashMap<>();

    /** What probed functions return without having run. */
    final List<Long> overridden = new ArrayList<>();

    /** At which end of a call a session is. */
    boolean isReturn;

    long time = 1_000;
    /** What each look at the clock takes. */
    long tick = 10;

    LongSupplier random = () -> 0x89ab_cdefL;
    long cpu = 1;
    long cgroup = 77;
    long pidTgid = 0x0000_002a_0000_002bL;
    long uidGid = 0x0000_0064_0000_03e8L;
    long task = 0xffff_9000_0000_0000L;
    String comm = "bash";
    long[] stack = {0xffff_ffff_8100_0010L, 0xffff_ffff_8100_0020L};
    long[] userStack = {0x5555_0000_1000L};
    /** Why there is no stack of a process: a negated errno, 0 if there is one. */
    long userStackError;
    /** The stacks that have a number, and how many may have one. */
    final List<List<Long>> numbered = new ArrayList<>();

    /** The number of the place that is hit: the attach cookie, and what programs are linked with. */
    int place;

    int stackPlaces = 4;
    int stackWalks;

    /** A hash map that handlers captured. */
    private record Hash(
            int keyBytes, int valueBytes, int maxEntries, boolean perCpu, Map<List<Byte>, Memory.Region> entries) {
        /** From one CPU's value to the next one's. */
        int stride() {
            return perCpu ? valueBytes + 7 & -8 : 0;
        }
    }

    /** A queue that handlers captured. */
    private record Queue(int valueBytes, int capacity, ArrayDeque<byte[]> values) {}

    private final Map<String, Queue> queues = new HashMap<>();
    private final Map<String, Map<Long, Memory.Region>> taskValues = new HashMap<>();
    private final Map<String, Integer> taskValueBytes = new HashMap<>();

    FakeKernel hash(String map, int keyBytes, int valueBytes, int maxEntries) {
        hashes.put(map, new Hash(keyBytes, valueBytes, maxEntries, false, new HashMap<>()));
        return this;
    }

    /** A map with values for {@link #CPUS} CPUs. */
    FakeKernel perCpuHash(String map, int keyBytes, int valueBytes, int maxEntries) {
        hashes.put(map, new Hash(keyBytes, valueBytes, maxEntries, true, new HashMap<>()));
        return this;
    }

    FakeKernel queue(String map, int valueBytes, int capacity) {
        queues.put(map, new Queue(valueBytes, capacity, new ArrayDeque<>()));
        return this;
    }

    FakeKernel taskStorage(String map, int valueBytes) {
        taskValues.put(map, new HashMap<>());
        taskValueBytes.put(map, valueBytes);
        return this;
    }

    /** What is in a queue, the oldest first. */
    List<byte[]> queued(String map) {
        return List.copyOf(queues.get(map).values());
    }

    byte[] bytes(String map) {
        return cells.get(map).bytes();
    }

    /** The values in a hash map, by their keys. */
    Map<List<Byte>, byte[]> entries(String map) {
        var found = new HashMap<List<Byte>, byte[]>();
        hashes.get(map).entries().forEach((key, value) -> found.put(key, value.bytes()));
        return found;
    }

    void put(String map, byte[] key, byte[] value) {
        hashes.get(map).entries().put(boxed(key), memory.map("map value", value, true, true));
    }

    /** The one value of an array map: so many 64-bit numbers. */
    FakeKernel cells(String map, int count) {
        cells.put(map, memory.map(map, new byte[count * Long.BYTES], true, true));
        return this;
    }

    long cell(String map, int index) {
        return memory.load(Size.DW, cellAddress(map) + (long) index * Long.BYTES);
    }

    /** As Java writes it. */
    void cell(String map, int index, long value) {
        memory.store(Size.DW, cellAddress(map) + (long) index * Long.BYTES, value);
    }

    long cellAddress(String map) {
        Memory.Region region = cells.get(map);
        if (region == null) {
            throw new VerifierError("map " + map + " has no direct value");
        }
        return region.base();
    }

    private Hash hash(String map, int callBytes) {
        return map.equals("calls") ? new Hash(16, callBytes, MAX_CALLS, false, calls) : hashes.get(map);
    }

    static List<Byte> boxed(byte[] bytes) {
        var list = new ArrayList<Byte>();
        for (byte b : bytes) {
            list.add(b);
        }
        return list;
    }

    /** Runs a helper; {@code map} is the one in r1, if there is one. */
    long call(int id, long[] r, String map, int callBytes) {
        return switch (id) {
            case 1 -> {
                Hash hash = hash(map, callBytes);
                Memory.Region found = hash.entries().get(boxed(memory.read(r[2], hash.keyBytes())));
                yield found == null ? 0 : found.base() + cpu * hash.stride();
            }
            case 2 -> update(hash(map, callBytes), r[2], r[3], r[4]);
            case 3 -> {
                Hash hash = hash(map, callBytes);
                yield hash.entries().remove(boxed(memory.read(r[2], hash.keyBytes()))) == null ? returned(-2) : 0;
            }
            case 5 -> time += tick;
            case 7 -> random.getAsLong();
            case 8 -> cpu;
            case 14 -> pidTgid;
            case 15 -> uidGid;
            case 16 -> {
                memory.write(r[1], Arrays.copyOf(comm.getBytes(StandardCharsets.UTF_8), (int) r[2]));
                yield 0;
            }
            case 27 -> stackNumber(r[3]);
            case 35 -> task;
            case 58 -> {
                overridden.add(r[2]);
                yield 0;
            }
            case 67 -> getStack(r[2], r[3], r[4]);
            case 80 -> cgroup;
            case 174 -> place;
            case 112 -> probeRead(user, r[1], (int) r[2], r[3]);
            case 113 -> probeRead(kernel, r[1], (int) r[2], r[3]);
            case 114 -> probeReadStr(user, r[1], (int) r[2], r[3]);
            case 115 -> probeReadStr(kernel, r[1], (int) r[2], r[3]);
            case 87 -> push(queues.get(map), r[2]);
            case 88, 89 -> {
                Queue queue = queues.get(map);
                byte[] first = id == 88 ? queue.values().poll() : queue.values().peek();
                memory.write(r[2], first == null ? new byte[queue.valueBytes()] : first);
                yield first == null ? returned(-2) : 0;
            }
            case 156 -> taskValue(map, r);
            case 157 -> taskValues.get(map).remove(r[2]) == null ? returned(-2) : 0;
            case 158 -> task + (pidTgid & 0xffff_ffffL) * 0x1_0000;
            case 125 -> time + 5_000;
            default -> throw new VerifierError("unknown func#" + id);
        };
    }

    private long push(Queue queue, long value) {
        if (queue.values().size() == queue.capacity()) {
            return returned(-7);
        }
        queue.values().add(memory.read(value, queue.valueBytes()));
        return 0;
    }

    private long taskValue(String map, long[] r) {
        Map<Long, Memory.Region> values = taskValues.get(map);
        if (!values.containsKey(r[2]) && r[4] == 1) {
            byte[] initial = memory.read(r[3], taskValueBytes.get(map));
            values.put(r[2], memory.map("task value", initial, true, true));
        }
        Memory.Region value = values.get(r[2]);
        return value == null ? 0 : value.base();
    }

    private long update(Hash map, long key, long value, long flags) {
        List<Byte> bytes = boxed(memory.read(key, map.keyBytes()));
        byte[] content = memory.read(value, map.valueBytes());
        if (flags == 1 && map.entries().containsKey(bytes)) {
            return returned(-17);
        }
        if (!map.entries().containsKey(bytes) && map.entries().size() == map.maxEntries()) {
            return returned(-7);
        }
        if (map.perCpu()) {
            map.entries()
                    .computeIfAbsent(bytes, _ -> memory.map("map value", new byte[map.stride() * CPUS], true, true));
            memory.write(map.entries().get(bytes).base() + cpu * map.stride(), content);
            return 0;
        }
        map.entries().put(bytes, memory.map("map value", content, true, true));
        return 0;
    }

    /** Before 6.4 these helpers returned a C int: the upper half is not part of it. */
    private static long returned(int result) {
        return result & 0xffff_ffffL;
    }

    private long getStack(long buffer, long size, long flags) {
        stackWalks++;
        boolean failed = flags == USER_STACK && userStackError != 0;
        long[] all = failed ? new long[0] : flags == USER_STACK ? userStack : stack;
        int frames = (int) Math.min(all.length, size / 8);
        for (int i = 0; i < frames; i++) {
            memory.store(Size.DW, buffer + i * 8L, all[i]);
        }
        // The helper clears the rest.
        for (long at = frames * 8L; at < size; at += 8) {
            memory.store(Size.DW, buffer + at, 0);
        }
        return failed ? userStackError : frames * 8L;
    }

    private long stackNumber(long flags) {
        stackWalks++;
        if (flags == USER_STACK && userStackError != 0) {
            return userStackError;
        }
        List<Long> addresses =
                Arrays.stream(flags == USER_STACK ? userStack : stack).boxed().toList();
        if (!numbered.contains(addresses)) {
            if (numbered.size() == stackPlaces) {
                return -17;
            }
            numbered.add(addresses);
        }
        return numbered.indexOf(addresses);
    }

    /** A read that faults zeroes the destination, as the kernel's does. */
    private long probeRead(TreeMap<Long, byte[]> space, long to, int size, long from) {
        var content = new byte[size];
        for (int i = 0; i < size; i++) {
            int b = byteAt(space, from + i);
            if (b < 0) {
                memory.write(to, new byte[size]);
                return -14;
            }
            content[i] = (byte) b;
        }
        memory.write(to, content);
        return 0;
    }

    /** Up to a NUL; what lies behind it in the destination stays as it is. A program's own memory is the kernel's too. */
    private long probeReadStr(TreeMap<Long, byte[]> space, long to, int size, long from) {
        var content = new byte[size];
        for (int i = 0; i < size; i++) {
            int b = byteAt(space, from + i);
            if (b < 0) {
                memory.write(to, new byte[size]);
                return -14;
            }
            content[i] = (byte) (i + 1 == size ? 0 : b);
            if (content[i] == 0) {
                for (int behind = i + 1; behind < size; behind++) {
                    content[behind] = (byte) memory.peek(to + behind);
                }
                memory.write(to, content);
                // Source: strncpy_from_user_nofault() in mm/maccess.c before 6.13.
                return i == 0 && space == user ? 0 : i + 1;
            }
        }
        return 0;
    }

    private int byteAt(TreeMap<Long, byte[]> space, long address) {
        Map.Entry<Long, byte[]> below = space.floorEntry(address);
        if (below != null && address - below.getKey() < below.getValue().length) {
            return below.getValue()[(int) (address - below.getKey())] & 0xff;
        }
        return space == kernel ? memory.peek(address) : -1;
    }

    long reserve(String ring, int size) {
        if (full.contains(ring)) {
            return 0;
        } else if (busy > 0) {
            busy--;
            return 0;
        }
        var bytes = new byte[size];
        Arrays.fill(bytes, (byte) 0xa5);
        Memory.Region record = memory.map("record", bytes, true, false);
        reserved.put(record.base(), record);
        reservedIn.put(record.base(), ring);
        return record.base();
    }

    /** bpf_ringbuf_query with BPF_RB_AVAIL_DATA: in a full ring eight bytes are left, too few for any record. */
    long query(String ring, long what) {
        if (what != 0) {
            throw new VerifierError("only BPF_RB_AVAIL_DATA is asked for");
        }
        queries++;
        return full.contains(ring) ? RING_BYTES - Long.BYTES : 0;
    }

    void submit(long address) {
        Memory.Region record = reserved.remove(address);
        if (record == null) {
            throw new VerifierError("R1 is not a reserved record");
        }
        if (!record.isWritten()) {
            throw new VerifierError("the record holds bytes that were not written: kernel memory would leak");
        }
        memory.unmap(record);
        rings.computeIfAbsent(reservedIn.get(address), _ -> new ArrayList<>()).add(record.bytes());
    }

    void discard(long address) {
        Memory.Region record = reserved.remove(address);
        if (record == null) {
            throw new VerifierError("R1 is not a reserved record");
        }
        memory.unmap(record);
    }

    void checkNothingReserved() {
        if (!reserved.isEmpty()) {
            throw new VerifierError("Unreleased reference: a reserved record");
        }
    }
}
