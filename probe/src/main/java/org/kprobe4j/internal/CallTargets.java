package org.kprobe4j.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashSet;
import java.util.Set;
import org.kprobe4j.compiler.Architecture;

/**
 * Where a function's instructions transfer control to directly: calls, and jumps out of it, which tail calls are. On x86-64 lengths are
 * not decoded: each byte that may begin such an instruction counts, so what is found must be asked for being the entry of a function.
 */
final class CallTargets {
    private static final int ARM_PIPELINE_BYTES = 8;

    private CallTargets() {}

    /** Addresses outside of the function, in the order in which they first stand in it. */
    static Set<Long> of(Architecture machine, long address, byte[] code) {
        ByteBuffer bytes = ByteBuffer.wrap(code).order(ByteOrder.LITTLE_ENDIAN);
        Set<Long> found = new LinkedHashSet<>();
        switch (machine) {
            case X86_64 -> x86(address, bytes, found);
            case ARM64 -> arm64(address, bytes, found);
            case ARM -> arm(address, bytes, found);
        }
        found.removeIf(target ->
                Long.compareUnsigned(target, address) >= 0 && Long.compareUnsigned(target, address + code.length) < 0);
        return found;
    }

    /** {@code call rel32}, {@code jmp rel32}, {@code jcc rel32}. */
    private static void x86(long address, ByteBuffer code, Set<Long> found) {
        for (int at = 0; at + 5 <= code.capacity(); at++) {
            int opcode = code.get(at) & 0xff;
            boolean conditional = at > 0 && (opcode & 0xf0) == 0x80 && code.get(at - 1) == 0x0f;
            if (opcode == 0xe8 || opcode == 0xe9 || conditional) {
                found.add(address + at + 5 + code.getInt(at + 1));
            }
        }
    }

    /** {@code b}, {@code bl}. */
    private static void arm64(long address, ByteBuffer code, Set<Long> found) {
        for (int at = 0; at + 4 <= code.capacity(); at += 4) {
            int word = code.getInt(at);
            if ((word & 0x7c00_0000) == 0x1400_0000) {
                found.add(address + at + ((long) (word << 6) >> 4));
            }
        }
    }

    /** {@code b}, {@code bl} of any condition, in ARM state. */
    private static void arm(long address, ByteBuffer code, Set<Long> found) {
        for (int at = 0; at + 4 <= code.capacity(); at += 4) {
            int word = code.getInt(at);
            if ((word & 0x0e00_0000) == 0x0a00_0000 && (word >>> 28) != 15) {
                found.add(address + at + ARM_PIPELINE_BYTES + ((long) (word << 8) >> 6));
            }
        }
    }
}
