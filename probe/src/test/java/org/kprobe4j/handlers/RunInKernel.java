package org.kprobe4j.handlers;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.BpfProgram;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.MappedArray;
import org.kprobe4j.bpf.ProgramSpec;
import org.kprobe4j.bpf.ProgramType;
import org.kprobe4j.bpf.ringbuf.RingBuffer;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.ScratchMemory;

/**
 * A compiled method in the running kernel, run on made-up registers as often as wanted.
 *
 * <p>The kernel runs no kprobe program by itself, but a raw tracepoint's, on twelve words (BPF_PROG_TEST_RUN, since 5.10). So the
 * methods are compiled for the registers of {@link #MACHINE}, whose arguments are the first words; all else is the same code.
 */
final class RunInKernel implements AutoCloseable {
    static final Architecture MACHINE = Architecture.ARM64;
    private static final int RING_BYTES = 1 << 16;

    /** An account's counters. */
    private record Slots(BpfMap map, MappedArray values) {
        static Slots create(int bytes) {
            BpfMap map = BpfMap.create(MapType.ARRAY, "account", Integer.BYTES, bytes, 1, BpfMap.MMAPABLE);
            var slots = new Slots(map, map.mmap());
            slots.values.putLong(0, Account.ON * Long.BYTES, 1);
            return slots;
        }
    }

    /** What all programs share, one after the other: where printed lines arrive, and maps by their size. */
    static final class Log implements AutoCloseable {
        private final BpfMap map = BpfMap.create(MapType.RINGBUF, "log", 0, 0, RING_BYTES, 0);
        private final RingBuffer ring = RingBuffer.of(map);
        private final Map<Integer, Slots> accounts = new HashMap<>();
        private final Map<Integer, BpfMap> scratch = new HashMap<>();

        private Slots account(int bytes) {
            return accounts.computeIfAbsent(bytes, Slots::create);
        }

        private BpfMap scratch(int bytes) {
            return scratch.computeIfAbsent(
                    bytes, size -> BpfMap.create(MapType.PERCPU_ARRAY, ScratchMemory.MAP, Integer.BYTES, size, 1, 0));
        }

        private List<byte[]> take() {
            var records = new ArrayList<byte[]>();
            ring.drain(RingBuffer.slices(record -> records.add(copy(record))));
            return records;
        }

        private static byte[] copy(MemorySegment record) {
            return record.toArray(ValueLayout.JAVA_BYTE);
        }

        @Override
        public void close() {
            ring.close();
            map.close();
            accounts.values().forEach(slots -> {
                slots.values().close();
                slots.map().close();
            });
            scratch.values().forEach(BpfMap::close);
        }
    }

    private final CompiledProgram compiled;
    private final Log log;
    private final MappedArray slots;
    private final BpfProgram program;
    private final long[] before;

    private RunInKernel(CompiledProgram compiled, Log log, MappedArray slots, BpfProgram program) {
        this.compiled = compiled;
        this.log = log;
        this.slots = slots;
        this.program = program;
        this.before = new long[Account.FAULTS + compiled.faultSites().size()];
        for (int slot = 0; slot < before.length; slot++) {
            since(slot);
        }
    }

    /** Loads a program, as the probes do except for its type.
     *
     * @throws BpfException if the kernel refuses it
     */
    static RunInKernel load(CompiledProgram compiled, Log log) {
        Slots account = log.account((Account.FAULTS + compiled.faultSites().size()) * Long.BYTES);
        BpfMap scratch = log.scratch(Math.max(compiled.scratchBytes(), Long.BYTES));
        byte[] instructions = compiled.code()
                .link(
                        map -> switch (map) {
                            case Account.MAP -> account.map().fd();
                            case ScratchMemory.MAP -> scratch.fd();
                            default -> log.map.fd();
                        },
                        ByteOrder.nativeOrder());
        BpfProgram program =
                BpfProgram.load(ProgramSpec.builder(ProgramType.RAW_TRACEPOINT, "differential", instructions)
                        .build());
        return new RunInKernel(compiled, log, account.values(), program);
    }

    /** One run: the number that it prints, or the fault that it counts. */
    Differential.Outcome run(long... arguments) {
        var context = ByteBuffer.allocate(arguments.length * Long.BYTES).order(ByteOrder.nativeOrder());
        for (int i = 0; i < arguments.length; i++) {
            context.putLong(MACHINE.offset(MACHINE.argument(i).orElseThrow()).orElseThrow(), arguments[i]);
        }
        program.testRunContext(context.array());
        List<byte[]> records = log.take();
        requireCount(Account.HITS, 1);
        List<String> faults = faults();
        if (records.size() + faults.size() != 1) {
            throw new AssertionError("%d lines and faults %s".formatted(records.size(), faults));
        }
        return faults.isEmpty()
                ? Differential.Outcome.of(Long.parseLong(Handlers.line(compiled, records.getFirst())))
                : Differential.Outcome.fault(faults.getFirst());
    }

    private void requireCount(int slot, int times) {
        long count = since(slot);
        if (count != times) {
            throw new AssertionError("slot %d counted %d".formatted(slot, count));
        }
    }

    private List<String> faults() {
        var faults = new ArrayList<String>();
        for (int i = 0; i < compiled.faultSites().size(); i++) {
            for (long count = since(Account.FAULTS + i); count > 0; count--) {
                faults.add(compiled.faultSites().get(i).what());
            }
        }
        return faults;
    }

    /** How far a counter has gone on since it was last asked. */
    private long since(int slot) {
        long now = slots.getLong(0, slot * Long.BYTES);
        long difference = now - before[slot];
        before[slot] = now;
        return difference;
    }

    @Override
    public void close() {
        program.close();
    }
}
