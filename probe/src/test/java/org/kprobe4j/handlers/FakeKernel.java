package org.kprobe4j.handlers;

import java.nio.charset.StandardCharsets;
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

    final Memory memory = new Memory();
    /** Records in each ring buffer, in order. */
    final Map<String, List<byte[]>> rings = new TreeMap<>();
    /** Ring buffers that are full. */
    final Set<String> full = new HashSet<>();
    /** Bytes of kernel memory by address; the rest is not mapped. */
    final TreeMap<Long, byte[]> kernel = new TreeMap<>();
    /** The map of calls in flight. */
    final Map<List<Byte>, Memory.Region> calls = new HashMap<>();

    private final Map<Long, Memory.Region> reserved = new HashMap<>();
    private final Map<Long, String> reservedIn = new HashMap<>();

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

    private static List<Byte> boxed(byte[] bytes) {
        var list = new ArrayList<Byte>();
        for (byte b : bytes) {
            list.add(b);
        }
        return list;
    }

    /** Runs a helper. Arguments that are missing are not read: the interpreter has checked those that are. */
    long call(int id, long[] r, int callBytes) {
        return switch (id) {
            case 1 -> {
                Memory.Region found = calls.get(boxed(memory.read(r[2], 16)));
                yield found == null ? 0 : found.base();
            }
            case 2 -> update(r[2], r[3], callBytes);
            case 3 -> calls.remove(boxed(memory.read(r[2], 16))) == null ? -2 : 0;
            case 5 -> time += tick;
            case 7 -> random.getAsLong();
            case 8 -> cpu;
            case 14 -> pidTgid;
            case 15 -> uidGid;
            case 16 -> {
                memory.write(r[1], Arrays.copyOf(comm.getBytes(StandardCharsets.UTF_8), (int) r[2]));
                yield 0;
            }
            case 35 -> task;
            case 67 -> getStack(r[2], r[3]);
            case 80 -> cgroup;
            case 113 -> probeRead(r[1], (int) r[2], r[3]);
            case 125 -> time + 5_000;
            default -> throw new VerifierError("unknown func#" + id);
        };
    }

    private long update(long key, long value, int callBytes) {
        List<Byte> bytes = boxed(memory.read(key, 16));
        byte[] content = memory.read(value, callBytes);
        if (!calls.containsKey(bytes) && calls.size() == MAX_CALLS) {
            return -7;
        }
        calls.put(bytes, memory.map("map value", content, true, true));
        return 0;
    }

    private long getStack(long buffer, long size) {
        for (int i = 0; i < stack.length; i++) {
            memory.store(Size.DW, buffer + i * 8L, stack[i]);
        }
        // The helper clears the rest.
        for (long at = stack.length * 8L; at < size; at += 8) {
            memory.store(Size.DW, buffer + at, 0);
        }
        return stack.length * 8L;
    }

    /** A read that faults zeroes the destination, as the kernel's does. */
    private long probeRead(long to, int size, long from) {
        Map.Entry<Long, byte[]> below = kernel.floorEntry(from);
        boolean mapped = below != null && from - below.getKey() + size <= below.getValue().length;
        var content = new byte[size];
        if (mapped) {
            int offset = (int) (from - below.getKey());
            content = Arrays.copyOfRange(below.getValue(), offset, offset + size);
        }
        memory.write(to, content);
        return mapped ? 0 : -14;
    }

    long reserve(String ring, int size) {
        if (full.contains(ring)) {
            return 0;
        }
        var bytes = new byte[size];
        Arrays.fill(bytes, (byte) 0xa5);
        Memory.Region record = memory.map("record", bytes, true, false);
        reserved.put(record.base(), record);
        reservedIn.put(record.base(), ring);
        return record.base();
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

    void checkNothingReserved() {
        if (!reserved.isEmpty()) {
            throw new VerifierError("Unreleased reference: a reserved record");
        }
    }
}
