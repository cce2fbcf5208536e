package org.kprobe4j.internal;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.UnsupportedException;
import org.kprobe4j.bpf.symbols.Kallsyms;
import org.kprobe4j.bpf.symbols.Symbol;
import org.kprobe4j.bpf.usersymbols.UserSymbol;
import org.kprobe4j.bpf.usersymbols.UserSymbols;

/**
 * Names the frames of stacks: the kernel's by kallsyms, in one pass for all that are new, a process's by what it has mapped.
 *
 * <p>All frames but the first are return addresses. One behind a call that is the last instruction of its function lies in the next
 * function; so it is looked up one byte before, as the kernel's %pB does. Thread-safe. Source: kernel/bpf/stackmap.c.
 */
public final class StackSymbols {
    private static final int CACHED = 1 << 14;

    /** Names addresses of the kernel. */
    @FunctionalInterface
    interface KernelNames {
        List<Symbol> symbolize(long... addresses);
    }

    /** Names addresses of a process. */
    @FunctionalInterface
    interface UserNames {
        List<UserSymbol> symbolize(int pid, long... addresses);
    }

    /**
     * A stack as it came from the kernel.
     *
     * @param addresses the innermost first; empty if there is none
     * @param errno why there is none; 0 if there is
     */
    public record Stack(List<Long> addresses, int errno) {
        /** What stands in the place of the frames; null if there are frames. */
        @Nullable
        String absence() {
            return switch (errno) {
                case 0 -> addresses.isEmpty() ? "<no frames>" : null;
                case Errno.EFAULT -> "<no stack: the task has none (EFAULT)>";
                case Errno.EEXIST -> "<stack lost: another one has its place in the map (EEXIST)>";
                case Errno.ENOMEM -> "<stack lost: the map is full (ENOMEM)>";
                case Errno.ENOENT -> "<stack gone: it was taken out of the map (ENOENT)>";
                default -> "<no stack: %s>".formatted(Errno.name(errno));
            };
        }
    }

    private final KernelNames kernelNames;
    private final UserNames userNames;
    private final Map<Long, Symbol> known = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Symbol> eldest) {
            return size() > CACHED;
        }
    };

    StackSymbols(KernelNames kernelNames, UserNames userNames) {
        this.kernelNames = kernelNames;
        this.userNames = userNames;
    }

    /** Of the running system. */
    public static StackSymbols running() {
        return new StackSymbols(Kallsyms.running()::symbolize, UserSymbols.running()::symbolize);
    }

    /**
     * Reads what bpf_get_stack() left in a record.
     *
     * @param offset where its result stands, 64 bits: the stack's size in bytes or a negated errno; the addresses follow
     * @param maxFrames how many there is room for
     */
    public static Stack read(MemorySegment record, long offset, int maxFrames) {
        long bytes = record.get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
        if (bytes < 0) {
            return new Stack(List.of(), (int) -bytes);
        }
        List<Long> addresses = new ArrayList<>();
        for (long i = 1; i <= Math.min(bytes / Long.BYTES, maxFrames); i++) {
            addresses.add(record.get(ValueLayout.JAVA_LONG_UNALIGNED, offset + i * Long.BYTES));
        }
        return new Stack(addresses, 0);
    }

    /**
     * Looks a stack up.
     *
     * @param stacks of type STACK_TRACE
     * @param id what bpf_get_stackid() returned: a number or a negated errno
     */
    public static Stack read(BpfMap stacks, long id) {
        if (id < 0) {
            return new Stack(List.of(), (int) -id);
        }
        ByteBuffer key = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder());
        byte[] value = stacks.lookup(key.putInt((int) id).array());
        return value == null ? new Stack(List.of(), Errno.ENOENT) : read(value);
    }

    /** A value of a stack trace map: addresses, filled up with zeros. */
    static Stack read(byte[] value) {
        ByteBuffer frames = ByteBuffer.wrap(value).order(ByteOrder.nativeOrder());
        List<Long> addresses = new ArrayList<>();
        while (frames.remaining() >= Long.BYTES) {
            long address = frames.getLong();
            if (address == 0) {
                break;
            }
            addresses.add(address);
        }
        return new Stack(addresses, 0);
    }

    /**
     * The frames of a kernel stack, or one line that says why there are none.
     *
     * @return {@code symbol+0xoff/0xsize [module]} each, or the bare address
     */
    public List<String> kernel(Stack stack) {
        String absence = stack.absence();
        return absence != null
                ? List.of(absence)
                : kernelSymbols(stack).stream().map(Symbol::toString).toList();
    }

    /** The frames of a kernel stack; without names where the kernel hides its addresses. */
    synchronized List<Symbol> kernelSymbols(Stack stack) {
        long[] lookups = lookups(stack);
        lookUp(lookups);
        List<Symbol> frames = new ArrayList<>();
        for (int i = 0; i < lookups.length; i++) {
            int back = back(i);
            Symbol symbol = known.getOrDefault(lookups[i], new Symbol(lookups[i], null, 0, 0, null));
            frames.add(new Symbol(
                    symbol.address() + back,
                    symbol.name(),
                    symbol.offset() + back,
                    symbol.sizeBytes(),
                    symbol.module()));
        }
        return frames;
    }

    /** Looks up what is new in many stacks, as far as it can be kept. */
    synchronized void learn(List<Stack> stacks) {
        lookUp(stacks.stream()
                .flatMapToLong(stack -> Arrays.stream(lookups(stack)))
                .distinct()
                .limit(CACHED)
                .toArray());
    }

    private void lookUp(long[] lookups) {
        long[] missing = Arrays.stream(lookups)
                .filter(address -> !known.containsKey(address))
                .distinct()
                .toArray();
        if (missing.length > 0) {
            try {
                kernelNames.symbolize(missing).forEach(symbol -> known.put(symbol.address(), symbol));
            } catch (UnsupportedException e) {
                // The kernel hides its addresses, also from us: then they are all that is known.
            }
        }
    }

    /**
     * The frames of a process's stack, or one line that says why there are none.
     *
     * @param pid the process (the kernel's tgid)
     * @return {@code function+0xoff (file)} each, or what is known of the address
     */
    public List<String> user(int pid, Stack stack) {
        String absence = stack.absence();
        return absence != null
                ? List.of(absence)
                : userSymbols(lookups -> userNames.symbolize(pid, lookups), stack).stream()
                        .map(UserSymbol::toString)
                        .toList();
    }

    /** The frames of a process's stack. */
    static List<UserSymbol> userSymbols(Function<long[], List<UserSymbol>> names, Stack stack) {
        List<UserSymbol> symbols = names.apply(lookups(stack));
        List<UserSymbol> frames = new ArrayList<>();
        for (int i = 0; i < symbols.size(); i++) {
            UserSymbol symbol = symbols.get(i);
            int back = back(i);
            frames.add(new UserSymbol(
                    symbol.address() + back,
                    symbol.name(),
                    symbol.offset() + back,
                    symbol.file(),
                    symbol.fileAddress() == 0 ? 0 : symbol.fileAddress() + back));
        }
        return frames;
    }

    private static int back(int frame) {
        return frame == 0 ? 0 : 1;
    }

    /** Where to look the frames up. */
    static long[] lookups(Stack stack) {
        long[] addresses = new long[stack.addresses().size()];
        Arrays.setAll(addresses, i -> stack.addresses().get(i) - back(i));
        return addresses;
    }
}
