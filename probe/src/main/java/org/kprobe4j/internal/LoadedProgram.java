package org.kprobe4j.internal;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
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
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.ScratchMemory;

/** A compiled handler in the kernel: the program and its account. */
public final class LoadedProgram implements AutoCloseable {
    /** Helpers that read kernel memory and walk stacks are for programs that declare a licence compatible with the GPL. */
    private static final String LICENSE = "GPL";

    private final CompiledProgram compiled;
    private final BpfMap account;
    private final MappedArray slots;
    private final BpfProgram program;

    private LoadedProgram(CompiledProgram compiled, BpfMap account, MappedArray slots, BpfProgram program) {
        this.compiled = compiled;
        this.account = account;
        this.slots = slots;
        this.program = program;
    }

    /**
     * Loads a program.
     *
     * @param name for bpftool and messages
     * @param sources the lines that it was made from
     * @param mapFd descriptors of the maps that it names, its account excepted
     * @throws IllegalArgumentException if the kernel lacks a helper that it calls
     * @throws BpfException if the kernel refuses it
     */
    public static LoadedProgram load(
            String name, CompiledProgram compiled, SourceLines sources, ToIntFunction<String> mapFd) {
        LoadRefusal.missing(compiled, KernelVersion.running(), LoadedProgram::hasHelper)
                .ifPresent(lack -> {
                    throw new IllegalArgumentException("load %s: %s".formatted(name, lack));
                });
        int bytes = (Account.FAULTS + compiled.faultSites().size()) * Long.BYTES;
        BpfMap account = BpfMap.create(MapType.ARRAY, "account", Integer.BYTES, bytes, 1, BpfMap.MMAPABLE);
        try (BpfMap scratch = scratch(compiled)) {
            byte[] instructions =
                    compiled.code().link(map -> fd(map, account, scratch, mapFd), ByteOrder.nativeOrder());
            // The program keeps its scratch memory; no descriptor of it is needed any more.
            BpfProgram program = load(name, compiled, sources, instructions);
            return new LoadedProgram(compiled, account, account.mmap(), program);
        } catch (BpfException | IllegalStateException e) {
            account.close();
            throw e;
        }
    }

    private static Answer hasHelper(int id) {
        return Features.running().helper(ProgramType.KPROBE, id);
    }

    private static @Nullable BpfMap scratch(CompiledProgram compiled) {
        return compiled.scratchBytes() == 0
                ? null
                : BpfMap.create(MapType.PERCPU_ARRAY, ScratchMemory.MAP, Integer.BYTES, compiled.scratchBytes(), 1, 0);
    }

    private static int fd(String map, BpfMap account, @Nullable BpfMap scratch, ToIntFunction<String> mapFd) {
        if (map.equals(Account.MAP)) {
            return account.fd();
        }
        return scratch != null && map.equals(ScratchMemory.MAP) ? scratch.fd() : mapFd.applyAsInt(map);
    }

    private static BpfProgram load(String name, CompiledProgram compiled, SourceLines sources, byte[] instructions) {
        var types = new ProgramBtf(name, compiled.code(), sources);
        try (BpfBtf btf = BpfBtf.load(types.btf())) {
            return BpfProgram.load(ProgramSpec.builder(ProgramType.KPROBE, name, instructions)
                    .license(LICENSE)
                    .btf(btf)
                    .funcInfo(types.funcInfo(), ProgramBtf.FUNC_INFO_BYTES)
                    .lineInfo(types.lineInfo(), ProgramBtf.LINE_INFO_BYTES)
                    .build());
        }
    }

    /** The program. */
    public BpfProgram program() {
        return program;
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
        long sum = 0;
        for (int i = 0; i < compiled.faultSites().size(); i++) {
            if (compiled.faultSites().get(i).what().equals(CompiledProgram.STACK_LOST)) {
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
        return Math.max(0, program.info().recursionMisses());
    }

    @Override
    public void close() {
        program.close();
        slots.close();
        account.close();
    }
}
