package org.kprobe4j.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.bpf.symbols.Kallsyms;
import org.kprobe4j.compiler.Architecture;

/**
 * The kernel's own table of instructions that may fault, with where they go on then: reads and writes of user memory above all.
 * Modules have tables of their own, which are not read.
 *
 * <p>Source: arch/x86/include/asm/extable.h, arch/arm64/include/asm/extable.h,
 * arch/arm/include/asm/extable.h.
 */
final class ExceptionTable {
    private static final String START = "__start___ex_table";
    private static final String STOP = "__stop___ex_table";
    private static final int LONGEST_BYTES = 1 << 22;

    private static @Nullable ExceptionTable running;

    private final ByteBuffer entries;
    private final long start;
    private final int entryBytes;
    private final boolean relative;

    /**
     * {@code entryBytes} apart, each begins with the distance from itself to the instruction, or, of 32-bit Arm, with the instruction's
     * address.
     */
    ExceptionTable(byte[] entries, long start, int entryBytes, boolean relative) {
        this.entries = ByteBuffer.wrap(entries).order(ByteOrder.LITTLE_ENDIAN);
        this.start = start;
        this.entryBytes = entryBytes;
        this.relative = relative;
    }

    /**
     * The running kernel's, read when it is first asked for.
     *
     * @throws IOException if it cannot be found or read
     */
    static synchronized ExceptionTable running(Architecture machine) throws IOException {
        ExceptionTable known = running;
        if (known == null) {
            known = read(machine);
            running = known;
        }
        return known;
    }

    private static ExceptionTable read(Architecture machine) throws IOException {
        try {
            Map<String, List<Long>> bounds = Kallsyms.running().variables(Set.of(START, STOP));
            if (bounds.size() != 2) {
                throw new IOException("the kernel has no symbols %s and %s".formatted(START, STOP));
            }
            long from = bounds.getOrDefault(START, List.of()).getFirst();
            long bytes = bounds.getOrDefault(STOP, List.of()).getFirst() - from;
            if (bytes < 0 || bytes > LONGEST_BYTES) {
                throw new IOException("a table of exceptions of %d bytes".formatted(bytes));
            }
            boolean relative = machine != Architecture.ARM;
            return new ExceptionTable(KernelText.read(from, (int) bytes), from, entryBytes(machine), relative);
        } catch (BpfException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Of 64-bit Arm they had no kind before 5.17. */
    private static int entryBytes(Architecture machine) {
        return switch (machine) {
            case X86_64 -> 12;
            case ARM64 -> KernelVersion.running().atLeast(5, 17) ? 12 : 8;
            case ARM -> 8;
        };
    }

    /** Whether an instruction is in it. */
    boolean has(long address) {
        for (int at = 0; at + entryBytes <= entries.capacity(); at += entryBytes) {
            long instruction = relative ? start + at + entries.getInt(at) : Integer.toUnsignedLong(entries.getInt(at));
            if (instruction == address) {
                return true;
            }
        }
        return false;
    }
}
