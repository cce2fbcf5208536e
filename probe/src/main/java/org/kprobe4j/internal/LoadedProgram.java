package org.kprobe4j.internal;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.LongUnaryOperator;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.AttachType;
import org.kprobe4j.bpf.BpfBtf;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.BpfProgram;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.MappedArray;
import org.kprobe4j.bpf.ProgramSpec;
import org.kprobe4j.bpf.ProgramType;
import org.kprobe4j.bpf.features.Answer;
import org.kprobe4j.bpf.features.Features;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.bpf.perf.PerfProbe;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.JoinedProgram;
import org.kprobe4j.compiler.Places;
import org.kprobe4j.compiler.ScratchMemory;

/** A compiled handler in the kernel: the program and its account. */
public final class LoadedProgram implements Switch.Gate, AutoCloseable {
    /** Helpers that read kernel memory and walk stacks are for programs that declare a licence compatible with the GPL. */
    private static final String LICENSE = "GPL";

    private final CompiledProgram compiled;
    private final BpfMap account;
    private final MappedArray slots;
    private final List<BpfProgram> copies;
    private final Attached attached;
    private final @Nullable PlaceHits placeHits;
    private final LongUnaryOperator misses;

    private LoadedProgram(
            CompiledProgram compiled,
            BpfMap account,
            MappedArray slots,
            List<BpfProgram> copies,
            Attached attached,
            @Nullable PlaceHits placeHits,
            LongUnaryOperator misses) {
        this.misses = misses;
        this.compiled = compiled;
        this.account = account;
        this.slots = slots;
        this.copies = copies;
        this.attached = attached;
        this.placeHits = placeHits;
    }

    /** How often a program that serves several places ran at each. */
    private record PlaceHits(BpfMap map, MappedArray slots) implements AutoCloseable {
        static PlaceHits create(int places) {
            BpfMap map = BpfMap.create(
                    MapType.ARRAY, Places.HITS_MAP, Integer.BYTES, places * Long.BYTES, 1, BpfMap.MMAPABLE);
            return new PlaceHits(map, map.mmap());
        }

        long of(int place) {
            return slots.getLong(0, place * Long.BYTES);
        }

        @Override
        public void close() {
            slots.close();
            map.close();
        }
    }

    /**
     * How a program will be attached.
     *
     * @param type what it is loaded for
     * @param places how many
     * @param numberedByCookie whether each attachment tells the program the place's number; else each place has a copy of its own
     * @param btfId number of the function in the kernel's BTF, for fentry and fexit; else 0
     */
    public record Attached(AttachType type, int places, boolean numberedByCookie, int btfId) {
        /** At one place. */
        public static Attached once(AttachType type, int btfId) {
            return new Attached(type, 1, false, btfId);
        }

        /** At several. */
        public static Attached many(AttachType type, int places, boolean numberedByCookie) {
            return new Attached(type, places, numberedByCookie, 0);
        }

        private int copies() {
            return numberedByCookie ? 1 : places;
        }
    }

    /**
     * Loads a program.
     *
     * @param name for bpftool and messages
     * @param sources the lines that it was made from
     * @param mapFd descriptors of the maps that it names, its account excepted
     * @param attached how it will be attached
     * @throws IllegalArgumentException if the kernel lacks a helper that it calls
     * @throws BpfException if the kernel refuses it
     */
    public static LoadedProgram load(
            String name,
            CompiledProgram compiled,
            SourceLines sources,
            ToIntFunction<String> mapFd,
            Attached attached) {
        LoadRefusal.missing(compiled, KernelVersion.running(), LoadedProgram::hasHelper)
                .ifPresent(lack -> {
                    throw new IllegalArgumentException("load %s: %s".formatted(name, lack));
                });
        BpfMap account = account(compiled);
        var copies = new ArrayList<BpfProgram>();
        PlaceHits placeHits = attached.places() == 1 ? null : PlaceHits.create(attached.places());
        try (BpfMap scratch = scratch(compiled)) {
            var types = new ProgramBtf(name, compiled.code(), sources);
            try (BpfBtf btf = BpfBtf.load(types.btf())) {
                for (int i = 0; i < attached.copies(); i++) {
                    byte[] instructions = compiled.code()
                            .link(map -> fd(map, account, placeHits, scratch, mapFd), ByteOrder.nativeOrder(), i);
                    copies.add(load(name, attached, types, btf, instructions));
                }
            }
            // The program keeps its scratch memory; no descriptor of it is needed any more.
            var loaded = new LoadedProgram(
                    compiled,
                    account,
                    account.mmap(),
                    List.copyOf(copies),
                    attached,
                    placeHits,
                    LongUnaryOperator.identity());
            loaded.open(true);
            Explaining.loaded(loaded.copies.getFirst(), name, compiled.code(), sources);
            return loaded;
        } catch (BpfException | IllegalStateException e) {
            copies.forEach(BpfProgram::close);
            if (placeHits != null) {
                placeHits.close();
            }
            account.close();
            throw e;
        }
    }

    private static BpfMap account(CompiledProgram compiled) {
        int bytes = (Account.FAULTS + compiled.faultSites().size()) * Long.BYTES;
        return BpfMap.create(MapType.ARRAY, "account", Integer.BYTES, bytes, 1, BpfMap.MMAPABLE);
    }

    /**
     * One program with two accounts.
     *
     * @param entry what it does at the entry; the kernel's program is attached by it
     * @param back what it does at the return
     */
    public record Halves(LoadedProgram entry, LoadedProgram back) {}

    /** Loads a session: as {@link #load(String, CompiledProgram, SourceLines, ToIntFunction, Attached)}. */
    public static Halves load(
            String name, JoinedProgram joined, SourceLines sources, ToIntFunction<String> mapFd, Attached attached) {
        BpfMap account = account(joined.back());
        PlaceHits hits = attached.places() == 1 ? null : PlaceHits.create(attached.places());
        try {
            LoadedProgram whole =
                    load(name, joined.whole(), sources, map -> backFd(map, account, hits, mapFd), attached);
            LongSupplier lost = () -> whole.count(Account.RETURN_LOST);
            boolean byTrampoline = attached.type() == AttachType.TRACE_FSESSION;
            LongUnaryOperator atEntry =
                    byTrampoline ? LongUnaryOperator.identity() : misses -> missedEntries(misses, lost.getAsLong());
            LongUnaryOperator atReturn = byTrampoline ? _ -> 0 : misses -> Math.min(misses, lost.getAsLong());
            return new Halves(
                    new LoadedProgram(
                            joined.entry(),
                            whole.account,
                            whole.slots,
                            whole.copies,
                            attached,
                            whole.placeHits,
                            atEntry),
                    new LoadedProgram(joined.back(), account, account.mmap(), whole.copies, attached, hits, atReturn));
        } catch (RuntimeException e) {
            if (hits != null) {
                hits.close();
            }
            account.close();
            throw e;
        }
    }

    private static int backFd(String map, BpfMap account, @Nullable PlaceHits hits, ToIntFunction<String> mapFd) {
        if (map.equals(JoinedProgram.BACK_ACCOUNT)) {
            return account.fd();
        }
        return hits != null && map.equals(JoinedProgram.BACK_HITS) ? hits.map().fd() : mapFd.applyAsInt(map);
    }

    /**
     * The kernel counts both ends as one, and of an fsession nothing tells them apart: the return of a dropped entry is run, or dropped as well.
     * Of a kprobe.session, a dropped return is known by the call that it left behind. A dropped entry has no return; before
     * 6.14 the kernel tried that, too, and dropped it again. Source: kprobe_multi_link_prog_run() in kernel/trace/bpf_trace.c.
     */
    private static long missedEntries(long misses, long returnsLost) {
        long entries = Math.max(0, misses - returnsLost);
        return KernelVersion.running().atLeast(6, 14) ? entries : (entries + 1) / 2;
    }

    private static Answer hasHelper(int id) {
        return Features.running().helper(ProgramType.KPROBE, id);
    }

    private static @Nullable BpfMap scratch(CompiledProgram compiled) {
        return compiled.scratchBytes() == 0
                ? null
                : BpfMap.create(MapType.PERCPU_ARRAY, ScratchMemory.MAP, Integer.BYTES, compiled.scratchBytes(), 1, 0);
    }

    private static int fd(
            String map,
            BpfMap account,
            @Nullable PlaceHits placeHits,
            @Nullable BpfMap scratch,
            ToIntFunction<String> mapFd) {
        if (map.equals(Account.MAP)) {
            return account.fd();
        } else if (map.equals(Places.HITS_MAP) && placeHits != null) {
            return placeHits.map().fd();
        }
        return scratch != null && map.equals(ScratchMemory.MAP) ? scratch.fd() : mapFd.applyAsInt(map);
    }

    private static BpfProgram load(String name, Attached attached, ProgramBtf types, BpfBtf btf, byte[] instructions) {
        ProgramType type = attached.btfId() == 0 ? ProgramType.KPROBE : ProgramType.TRACING;
        return BpfProgram.load(ProgramSpec.builder(type, name, instructions)
                .license(LICENSE)
                .expectedAttachType(attached.type())
                .attachBtfId(attached.btfId())
                .btf(btf)
                .funcInfo(types.funcInfo(), ProgramBtf.FUNC_INFO_BYTES)
                .lineInfo(types.lineInfo(), ProgramBtf.LINE_INFO_BYTES)
                .build());
    }

    /** The program; the first, if each place has its own copy. */
    public BpfProgram program() {
        return copies.getFirst();
    }

    /** Lets it run at each hit of a probe: the one copy is told the place's number, or the place's own copy is taken. */
    public void attachTo(PerfProbe probe, int place) {
        if (attached.numberedByCookie()) {
            probe.attach(program(), place);
        } else {
            probe.attach(copies.get(Math.min(place, copies.size() - 1)));
        }
    }

    /** How often the program ran, at all places. */
    public long hits() {
        return placeHits == null
                ? count(Account.HITS)
                : IntStream.range(0, attached.places()).mapToLong(placeHits::of).sum();
    }

    /** How often it ran at a place. */
    public long hits(int place) {
        return placeHits == null ? count(Account.HITS) : placeHits.of(place);
    }

    /** Whether it is switched on; see {@link Account#ON}. */
    @Override
    public boolean isOpen() {
        return count(Account.ON) != 0;
    }

    /** Switches a program that begins a hit; see {@link Account#ON}. */
    @Override
    public void open(boolean on) {
        slots.putLong(0, Account.ON * Long.BYTES, on ? 1 : 0);
    }

    /** A counter of the account. */
    public long count(int slot) {
        return slots.getLong(0, slot * Long.BYTES);
    }

    /** How often the handler stopped at a fault. */
    public long faults() {
        long sum = 0;
        for (int i = 0; i < compiled.faultSites().size(); i++) {
            if (compiled.faultSites().get(i).stops()) {
                sum += count(Account.FAULTS + i);
            }
        }
        return sum;
    }

    /** Stacks that found no room in a map of stacks. */
    public long stacksLost() {
        return countOf(CompiledProgram.STACK_LOST);
    }

    /** Calls that the handler had return without having run. */
    public long overridden() {
        return countOf(CompiledProgram.OVERRIDDEN);
    }

    private long countOf(String what) {
        long sum = 0;
        for (int i = 0; i < compiled.faultSites().size(); i++) {
            if (compiled.faultSites().get(i).what().equals(what)) {
                sum += count(Account.FAULTS + i);
            }
        }
        return sum;
    }

    /** The places where the handler met a fault, with how often. */
    public List<String> faultLines() {
        var lines = new ArrayList<String>();
        for (int i = 0; i < compiled.faultSites().size(); i++) {
            long count = count(Account.FAULTS + i);
            if (count > 0) {
                lines.add("%s (%d times)".formatted(compiled.faultSites().get(i), count));
            }
        }
        return lines;
    }

    /** Runs that the kernel dropped because another program was running on the CPU; 0 where it does not say. */
    public long recursionMisses() {
        return misses.applyAsLong(copies.stream()
                .mapToLong(program -> Math.max(0, program.info().recursionMisses()))
                .sum());
    }

    @Override
    public void close() {
        Explaining.unloaded(copies.getFirst());
        copies.forEach(BpfProgram::close);
        slots.close();
        account.close();
        if (placeHits != null) {
            placeHits.close();
        }
    }
}
