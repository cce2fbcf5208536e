package org.kprobe4j.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.btf.BtfWriter;
import org.kprobe4j.compiler.Architecture;

/**
 * What a kernel without BTF still lets find out of its types: where {@code mm} is in {@code struct task_struct}. This process knows
 * what its own holds, and looks where that is.
 *
 * <p>{@code mm} and {@code active_mm} stand side by side and lead both to the process's {@code struct mm_struct}, which is known by
 * what it says of the process's memory: the ten addresses that /proc/self/stat shows. The first pair that leads there is the task's own;
 * what follows it in memory may be another thread of the process. Source: include/linux/sched.h, include/linux/mm_types.h, do_task_stat() in fs/proc/array.c.
 */
final class MeasuredTypes {
    private static final String TASK = "task_struct";
    private static final String MM = "mm_struct";
    private static final Path STAT = Path.of("/proc/self/stat");
    /** Beyond the largest task_struct and the part of an mm_struct that has the addresses. */
    private static final int TASK_BYTES = 16 << 10;

    private static final int MM_BYTES = 2 << 10;
    /** Fields of /proc/self/stat, counted from 1; the second may contain blanks, so the third is the first behind the parenthesis. */
    private static final List<Integer> ADDRESSES = List.of(26, 27, 28, 45, 46, 47, 48, 49, 50, 51);

    private static boolean tried;
    private static Optional<Btf> measured = Optional.empty();

    private MeasuredTypes() {}

    /** Reads memory of the kernel. */
    @FunctionalInterface
    interface Memory {
        byte[] read(long address, int count) throws IOException;
    }

    /** The structure with the fields that were found; nothing of other structures, or if the kernel does not let us look. */
    static synchronized Optional<Btf> of(String struct) {
        if (!struct.equals(TASK) && !struct.equals(MM)) {
            return Optional.empty();
        }
        if (!tried) {
            tried = true;
            measured = measure();
        }
        return measured;
    }

    private static Optional<Btf> measure() {
        Architecture machine = Machine.architecture();
        try (KernelMemory memory = KernelMemory.open()) {
            Set<Long> addresses = addresses(Files.readString(STAT));
            Optional<Integer> offset = mmOffset(memory::read, memory.currentTask(), addresses, machine.wordBytes());
            return offset.map(at -> types(at, machine.wordBytes()));
        } catch (BpfException | IOException e) {
            return Optional.empty();
        }
    }

    /** The addresses in a line of /proc/PID/stat. */
    static Set<Long> addresses(String stat) {
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        var addresses = new HashSet<Long>();
        for (int field : ADDRESSES) {
            addresses.add(Long.parseUnsignedLong(fields[field - 3].strip()));
        }
        return addresses;
    }

    /** Where mm is in the task_struct of a process with those addresses; nothing if no place leads there. */
    static Optional<Integer> mmOffset(Memory memory, long task, Set<Long> addresses, int wordBytes) {
        // Numbers that a process without these areas has prove nothing.
        if (addresses.size() < ADDRESSES.size() - 1 || addresses.contains(0L) || addresses.contains(1L)) {
            return Optional.empty();
        }
        List<Long> words = words(memory, task, TASK_BYTES, wordBytes);
        for (int i = 0; i + 1 < words.size(); i++) {
            long pointer = words.get(i);
            boolean pair = pointer != 0 && pointer % wordBytes == 0 && words.get(i + 1) == pointer;
            if (pair && new HashSet<>(words(memory, pointer, MM_BYTES, wordBytes)).containsAll(addresses)) {
                return Optional.of(i * wordBytes);
            }
        }
        return Optional.empty();
    }

    /** As much of it as is mapped. */
    private static List<Long> words(Memory memory, long address, int bytes, int wordBytes) {
        var words = new ArrayList<Long>();
        try {
            for (int at = 0; at < bytes; at += KernelMemory.CHUNK_BYTES) {
                ByteBuffer chunk = ByteBuffer.wrap(memory.read(address + at, KernelMemory.CHUNK_BYTES))
                        .order(ByteOrder.nativeOrder());
                while (chunk.hasRemaining()) {
                    words.add(wordBytes == Long.BYTES ? chunk.getLong() : Integer.toUnsignedLong(chunk.getInt()));
                }
            }
        } catch (IOException e) {
            // The end of what is mapped.
        }
        return words;
    }

    /** The two structures, as far as they are known. */
    static Btf types(int mmOffset, int wordBytes) {
        var writer = new BtfWriter();
        int pointer = writer.pointer(writer.struct(MM, 0, List.of()));
        writer.struct(TASK, mmOffset + wordBytes, List.of(new BtfType.Member("mm", pointer, mmOffset * Byte.SIZE, 0)));
        return Btf.parse(ByteBuffer.wrap(writer.toBytes(ByteOrder.nativeOrder())));
    }
}
