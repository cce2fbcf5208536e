package org.kprobe4j.internal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.KernelStack;
import org.kprobe4j.UserStack;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.symbols.Symbol;
import org.kprobe4j.compiler.StackKind;

/**
 * The stacks in the keys of one map, each by its number: in a map of the kernel of type STACK_TRACE, or on the heap for handlers in
 * the JVM. A number stays that of its stack until all is closed, also when the key is removed. Thread-safe.
 */
final class StackStore implements AutoCloseable {
    private static final Path MAX_STACK = Path.of("/proc/sys/kernel/perf_event_max_stack");

    private static final int NUMBER_BYTES = 32;

    /** Of a kibibyte each. */
    private static final int MAX_STACKS = 1 << 17;

    private final @Nullable BpfMap map;
    private final StackNames names;
    private final Map<Integer, NamedKernelStack> kernel = new HashMap<>();
    private final Map<Long, NamedUserStack> user = new HashMap<>();
    private final Map<StackSymbols.Stack, Integer> numbers = new HashMap<>();
    private int learned;

    private StackStore(@Nullable BpfMap map, StackNames names) {
        this.map = map;
        this.names = names;
    }

    /**
     * In the kernel. A stack's place is told by its hash, and there is no other place for it: so there are about twice as many places
     * as stacks that fit in, whose memory is taken at once. Source: stack_map_alloc() in kernel/bpf/stackmap.c.
     */
    static StackStore inTheKernel(String map, int maxEntries) {
        int stacks = Integer.highestOneBit(Math.min(maxEntries, MAX_STACKS) * 2 - 1) + 1;
        return new StackStore(
                BpfMap.create(
                        MapType.STACK_TRACE, StackKind.mapOf(map), Integer.BYTES, frames() * Long.BYTES, stacks, 0),
                StackNames.running());
    }

    /** The kernel takes no longer ones. A number of /proc/sys comes in one read or is cut: proc_dointvec() in kernel/sysctl.c. */
    static int frames() {
        try (InputStream file = Files.newInputStream(MAX_STACK)) {
            byte[] text = new byte[NUMBER_BYTES];
            int length = Math.max(file.read(text), 0);
            int most = Integer.parseInt(new String(text, 0, length, StandardCharsets.US_ASCII).strip());
            return Math.clamp(most, 1, StackKind.MAX_FRAMES);
        } catch (IOException | NumberFormatException e) {
            return StackKind.MAX_FRAMES;
        }
    }

    /** For handlers in the JVM. */
    static StackStore onTheHeap(StackNames names) {
        return new StackStore(null, names);
    }

    int fd() {
        if (map == null) {
            throw new IllegalStateException("stacks on the heap have no descriptor");
        }
        return map.fd();
    }

    synchronized KernelStack kernel(int number) {
        NamedKernelStack known = kernel.get(number);
        if (known == null) {
            known = new NamedKernelStack(stack(number), this::nameKernel);
            keep(number, known.stack());
            kernel.put(number, known);
        }
        return known;
    }

    /** Of a stack that is read for the first time, the process is looked at now: later it may have gone. */
    synchronized UserStack user(int pid, int number) {
        long key = (long) pid << Integer.SIZE | Integer.toUnsignedLong(number);
        NamedUserStack known = user.get(key);
        if (known == null) {
            StackSymbols.Stack stack = stack(number);
            known = new NamedUserStack(pid, stack, names.process(pid, stack));
            keep(number, stack);
            user.put(key, known);
        }
        return known;
    }

    private void keep(int number, StackSymbols.Stack stack) {
        if (number >= 0) {
            numbers.put(stack, number);
        }
    }

    private StackSymbols.Stack stack(int number) {
        if (map != null || number < 0) {
            return number < 0 || map == null
                    ? new StackSymbols.Stack(List.of(), -number)
                    : StackSymbols.read(map, number);
        }
        return numbers.entrySet().stream()
                .filter(entry -> entry.getValue() == number)
                .findFirst()
                .map(Map.Entry::getKey)
                .orElse(new StackSymbols.Stack(List.of(), Errno.ENOENT));
    }

    /** One pass over the kernel's symbols names all stacks that were read since the last one. */
    private List<Symbol> nameKernel(StackSymbols.Stack stack) {
        List<StackSymbols.Stack> fresh = new ArrayList<>();
        synchronized (this) {
            if (learned < kernel.size()) {
                learned = kernel.size();
                kernel.values().forEach(known -> fresh.add(known.stack()));
            }
        }
        names.learn(fresh);
        return names.kernel(stack);
    }

    /** The number of a stack; on the heap it gets one, in the kernel only the kernel gives them. */
    synchronized OptionalInt number(CallStack<?> stack) {
        int errno = stack.stack().errno();
        if (errno != 0) {
            return OptionalInt.of(-errno);
        }
        Integer known = numbers.get(stack.stack());
        if (known == null && map == null) {
            known = numbers.size();
            numbers.put(stack.stack(), known);
        }
        return known == null ? OptionalInt.empty() : OptionalInt.of(known);
    }

    @Override
    public void close() {
        if (map != null) {
            map.close();
        }
    }
}
