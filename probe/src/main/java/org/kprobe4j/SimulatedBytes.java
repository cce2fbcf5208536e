package org.kprobe4j;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** One address space of a simulated kernel: bytes that were put there; the rest is not mapped. */
final class SimulatedBytes {
    /** High in the address space, so that a register of a 32-bit machine holds such an address too, sign-extended. */
    private static final long FIRST_OF_KERNEL = 0xffff_ffff_c000_0000L;

    private static final long FIRST_OF_USER = 0x1000_0000L;
    private static final long DISTANCE = 0x1000;

    private final TreeMap<Long, byte[]> areas = new TreeMap<>();
    private final long first;
    private long next;

    private SimulatedBytes(long first) {
        this.first = first;
        this.next = first;
    }

    static SimulatedBytes ofTheKernel() {
        return new SimulatedBytes(FIRST_OF_KERNEL);
    }

    static SimulatedBytes ofAProcess() {
        return new SimulatedBytes(FIRST_OF_USER);
    }

    /** An address of its own for so many bytes; before and behind them nothing is mapped. */
    long take(int bytes) {
        long address = next;
        next += DISTANCE * (1 + bytes / DISTANCE);
        return address;
    }

    /** Whether an address is among those that were taken. */
    boolean hasTaken(long address) {
        return address >= first && address < next;
    }

    /** Puts bytes at an address of their own. */
    long put(byte[] bytes) {
        long address = take(bytes.length);
        areas.put(address, bytes.clone());
        return address;
    }

    /** Puts a text, with a NUL behind it. */
    long put(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return put(Arrays.copyOf(bytes, bytes.length + 1));
    }

    /** Bytes of memory. */
    byte[] read(long address, int length, String fault) {
        var bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = at(address + i, fault);
        }
        return bytes;
    }

    /** A text up to its NUL, of at most so many bytes with it. */
    String text(long address, int maxBytes, String fault) {
        var bytes = new byte[maxBytes - 1];
        int length = 0;
        while (length < bytes.length) {
            bytes[length] = at(address + length, fault);
            if (bytes[length] == 0) {
                break;
            }
            length++;
        }
        return new String(Arrays.copyOf(bytes, length), StandardCharsets.UTF_8);
    }

    private byte at(long address, String fault) {
        Map.Entry<Long, byte[]> area = areas.floorEntry(address);
        if (area == null || address - area.getKey() >= area.getValue().length) {
            throw new SimulatedFault(fault);
        }
        return area.getValue()[(int) (address - area.getKey())];
    }
}
