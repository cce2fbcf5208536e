package org.kprobe4j.bpf.symbols;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.kprobe4j.bpf.internal.KallsymsScan;

/** Makes a {@link FunctionIndex} of the lines of /proc/kallsyms. */
final class FunctionIndexer {
    /** Entries are collected in arrays of so many: no array is copied because it was too small. */
    private static final int CHUNK_ENTRIES = 1 << 14;

    /** In the order of {@link TextBounds}. */
    private static final int ETEXT = 1;

    private static final int SINITTEXT = 2;
    private static final int EINITTEXT = 3;

    private static final byte[] PFX = "__pfx_".getBytes(StandardCharsets.US_ASCII);
    /** What the kernel's symbols call the module of code that is made at run time. */
    private static final List<byte[]> MADE_AT_RUN_TIME = List.of(
            "bpf".getBytes(StandardCharsets.US_ASCII),
            "__builtin__ftrace".getBytes(StandardCharsets.US_ASCII),
            "__builtin__kprobes".getBytes(StandardCharsets.US_ASCII));

    private final int digits;
    private final int nameOffset;
    private final List<long[]> chunks = new ArrayList<>();
    private final List<byte[]> names = new ArrayList<>();
    /** How much of the last block of names is used. */
    private int nameBytes;

    private final List<String> modules = new ArrayList<>();
    private final long[] bounds = new long[4];
    private int count;
    /** The kernel's own come first and rise. */
    private int ofKernel;

    private byte[] latestModule = new byte[0];
    private int latestNumber;
    private boolean latestIsMade;
    private boolean afterFunction;
    private long latestAddress;
    private long previousAddress;
    private boolean shown;
    /** The name before, if it is {@code __pfx_} and the function's. */
    private final byte[] padded = new byte[FunctionIndex.MAX_NAME_BYTES];

    private int paddedLength;
    private int paddedAt;

    FunctionIndexer(int digits) {
        this.digits = digits;
        this.nameOffset = KallsymsScan.nameOffset(digits);
    }

    /** Whether an address was shown: a kernel may hide them. */
    boolean hasAddresses() {
        return shown;
    }

    boolean line(byte[] bytes, int line, int end) {
        if (!KallsymsScan.isText(bytes[line + digits + 1])) {
            // On Arm the end of the text is data: the first symbol of the section behind it.
            int which = TextBounds.which(bytes, line + nameOffset, end);
            if (which >= 0) {
                bounds[which] = KallsymsScan.address(bytes, line, digits);
            }
        }
        boolean function = isFunction(bytes, line, end);
        // A module's symbols come in no order: each may bound a function.
        boolean ofModule = bytes[end - 1] == ']';
        if (!function && !afterFunction && !ofModule) {
            return true;
        }
        long address = KallsymsScan.address(bytes, line, digits);
        if (address == 0) {
            return true;
        }
        shown = true;
        if (!function) {
            if (ofModule || address != latestAddress) {
                afterFunction = false;
                add(address, 0, 0, FunctionIndex.NO_FUNCTION);
            }
            return true;
        }
        int name = line + nameOffset;
        int nameEnd = KallsymsScan.nameEnd(bytes, name, end);
        if (nameEnd < end) {
            readModule(bytes, nameEnd + 2, end - 1);
            if (latestIsMade) {
                add(address, 0, 0, FunctionIndex.NO_FUNCTION);
                return true;
            }
        } else {
            int which = TextBounds.which(bytes, name, nameEnd);
            if (which >= 0) {
                bounds[which] = address;
            }
        }
        add(address, bytes, name, nameEnd);
        return true;
    }

    /** The kernel's own lie before _etext and in init text: Linux 7.2 says of much data that it is text. */
    private boolean isFunction(byte[] bytes, int line, int end) {
        if (!KallsymsScan.isText(bytes[line + digits + 1])) {
            return false;
        }
        boolean behindText = bounds[ETEXT] != 0 && (bounds[SINITTEXT] == 0 || bounds[EINITTEXT] != 0);
        if (!behindText || bytes[end - 1] == ']') {
            return true;
        }
        int name = line + nameOffset;
        return TextBounds.which(bytes, name, end) >= 0;
    }

    private void add(long address, byte[] bytes, int from, int to) {
        int length = Math.min(to - from, FunctionIndex.MAX_NAME_BYTES - 1);
        add(address, nameAt(bytes, from, length), length, latestNumber);
        afterFunction = true;
        latestAddress = address;
    }

    private void add(long address, int nameAt, int nameLength, int module) {
        if (count == chunks.size() * CHUNK_ENTRIES) {
            chunks.add(new long[CHUNK_ENTRIES * FunctionIndex.ENTRY_WORDS]);
        }
        long[] chunk = chunks.getLast();
        int at = count % CHUNK_ENTRIES * FunctionIndex.ENTRY_WORDS;
        chunk[at] = address;
        chunk[at + 1] = FunctionIndex.symbol(nameAt, nameLength, module);
        if (count == ofKernel && latestModule.length == 0 && Long.compareUnsigned(address, previousAddress) >= 0) {
            ofKernel++;
            previousAddress = address;
        }
        count++;
    }

    /** Where the name is kept: within the name before it, if that is the name of the bytes before this function. */
    private int nameAt(byte[] bytes, int from, int length) {
        if (length == paddedLength && Arrays.equals(bytes, from, from + length, padded, 0, length)) {
            paddedLength = 0;
            return paddedAt;
        }
        if (names.isEmpty() || names.getLast().length - nameBytes < length) {
            names.add(new byte[1 << FunctionIndex.BLOCK_BITS]);
            nameBytes = 0;
        }
        int at = ((names.size() - 1) << FunctionIndex.BLOCK_BITS) + nameBytes;
        System.arraycopy(bytes, from, names.getLast(), nameBytes, length);
        nameBytes += length;
        paddedLength = 0;
        if (length > PFX.length && Arrays.equals(bytes, from, from + PFX.length, PFX, 0, PFX.length)) {
            paddedLength = length - PFX.length;
            System.arraycopy(bytes, from + PFX.length, padded, 0, paddedLength);
            paddedAt = at + PFX.length;
        }
        return at;
    }

    private void readModule(byte[] bytes, int from, int to) {
        if (Arrays.equals(bytes, from, to, latestModule, 0, latestModule.length)) {
            return;
        }
        latestModule = Arrays.copyOfRange(bytes, from, to);
        latestIsMade = MADE_AT_RUN_TIME.stream().anyMatch(made -> Arrays.equals(made, latestModule));
        if (!latestIsMade) {
            String name = new String(latestModule, StandardCharsets.UTF_8);
            int known = modules.indexOf(name);
            if (known < 0) {
                modules.add(name);
                known = modules.size() - 1;
            }
            latestNumber = known + 1;
        }
    }

    FunctionIndex index() {
        long[] entries = new long[count * FunctionIndex.ENTRY_WORDS];
        int[] others = new int[count - ofKernel];
        for (int i = 0; i < others.length; i++) {
            others[i] = ofKernel + i;
        }
        others = sorted(others);
        int next = 0;
        int from = 0;
        while (next < others.length) {
            // Modules lie before the kernel or behind it, so what lies between two of their symbols is mostly nothing.
            int to = from;
            while (to < ofKernel && Long.compareUnsigned(address(to), address(others[next])) <= 0) {
                to++;
            }
            copy(from, to, entries, from + next);
            from = to;
            copy(others[next], others[next] + 1, entries, from + next);
            next++;
        }
        copy(from, ofKernel, entries, from + next);
        return new FunctionIndex(
                entries,
                names.toArray(byte[][]::new),
                modules,
                new TextBounds(bounds[0], bounds[1], bounds[2], bounds[3]));
    }

    private long address(int entry) {
        return chunks.get(entry / CHUNK_ENTRIES)[entry % CHUNK_ENTRIES * FunctionIndex.ENTRY_WORDS];
    }

    /** Copies entries, from one on until before another. */
    private void copy(int from, int until, long[] into, int to) {
        int at = from;
        while (at < until) {
            int inChunk = at % CHUNK_ENTRIES;
            int entries = Math.min(until - at, CHUNK_ENTRIES - inChunk);
            System.arraycopy(
                    chunks.get(at / CHUNK_ENTRIES),
                    inChunk * FunctionIndex.ENTRY_WORDS,
                    into,
                    (to + at - from) * FunctionIndex.ENTRY_WORDS,
                    entries * FunctionIndex.ENTRY_WORDS);
            at += entries;
        }
    }

    /** By address; what is at one address stays in the kernel's order. */
    private int[] sorted(int[] order) {
        int[] from = order;
        int[] to = new int[order.length];
        for (int width = 1; width < order.length; width *= 2) {
            for (int low = 0; low < order.length; low += 2 * width) {
                merge(from, to, low, Math.min(low + width, order.length), Math.min(low + 2 * width, order.length));
            }
            int[] merged = to;
            to = from;
            from = merged;
        }
        return from;
    }

    private void merge(int[] from, int[] to, int low, int middle, int high) {
        int left = low;
        int right = middle;
        for (int i = low; i < high; i++) {
            boolean takeLeft = left < middle
                    && (right >= high || Long.compareUnsigned(address(from[left]), address(from[right])) <= 0);
            to[i] = takeLeft ? from[left++] : from[right++];
        }
    }
}
