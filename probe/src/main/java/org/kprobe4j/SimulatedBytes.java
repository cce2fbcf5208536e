package org.kprobe4j;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** One address space of a simulated kernel: bytes that were put there; the rest is not mapped. */
final class SimulatedBytes {
    private final TreeMap<Long, byte[]> areas = new TreeMap<>();

    void put(long address, byte[] bytes) {
        areas.put(address, bytes.clone());
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
