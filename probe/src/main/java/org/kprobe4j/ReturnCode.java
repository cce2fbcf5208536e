package org.kprobe4j;

import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.AttachType;
import org.kprobe4j.bpf.LoadException;
import org.kprobe4j.bpf.features.Features;
import org.kprobe4j.compiler.CallSlots;
import org.kprobe4j.compiler.CallStore;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.JoinedProgram;
import org.kprobe4j.compiler.ProgramContext;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.compiler.TranslatedHandler;
import org.kprobe4j.internal.LoadedProgram;
import org.kprobe4j.internal.LoadedProgram.Attached;
import org.kprobe4j.internal.LoadedProgram.Halves;
import org.kprobe4j.internal.Machine;
import org.kprobe4j.internal.Programs;
import org.kprobe4j.internal.planting.Sessions;

/**
 * A return probe's compiled programs, and what they are attached as.
 *
 * @param entry what runs at the entry, if anything does
 * @param back what runs at the return
 * @param store where calls in flight are kept
 */
record ReturnCode(
        Programs programs,
        @Nullable CompiledProgram entry,
        CompiledProgram back,
        Attached entryAttached,
        Attached backAttached,
        CallStore store) {
    /** For all places of the probe. */
    static ReturnCode loaded(
            Programs programs, @Nullable CompiledProgram entry, CompiledProgram back, AttachType type) {
        Attached attached = programs.attached(type);
        return new ReturnCode(programs, entry, back, attached, attached, CallStore.HASH);
    }

    /** For one function: calls are kept in slots where the kernel can do that. */
    static ReturnCode of(
            KretprobePlanter.Handlers handlers,
            @Nullable TranslatedHandler entry,
            ProgramContext atEntry,
            ProgramContext atReturn,
            ProgramShape.Entry shape,
            boolean switched,
            LoadedProgram.Attached entryAttached,
            LoadedProgram.Attached returnAttached) {
        Programs programs = handlers.programs();
        CallStore store = entry != null
                        && CallSlots.fits(Machine.architecture(), entry.callBytes(shape, atEntry))
                        && Features.running().compareAndExchange().isYes()
                ? CallStore.SLOTS
                : CallStore.HASH;
        return new ReturnCode(
                programs,
                entry == null ? null : programs.program(entry, shape, atEntry, store, switched),
                programs.program(
                        handlers.atReturn(), new ProgramShape.Return(entry != null), atReturn, store, switched),
                entryAttached,
                returnAttached,
                store);
    }

    /** Whether both are one program. */
    boolean isSession() {
        return backAttached.type() == AttachType.TRACE_KPROBE_SESSION || isTrampolineSession();
    }

    /** Whether both are one program that runs at the return of every call. */
    boolean isTrampolineSession() {
        return backAttached.type() == AttachType.TRACE_FSESSION;
    }

    /** Loads them; where nothing runs at the entry, the return's program stands for both. */
    Halves load(Log log) {
        if (entry != null && isSession()) {
            return loadSession(Sessions.join(entry, back), log);
        }
        LoadedProgram atReturn = load("return handler", "ret_handler", back, backAttached, log);
        return new Halves(
                entry == null ? atReturn : load("entry handler", "entry_handler", entry, entryAttached, log), atReturn);
    }

    private LoadedProgram load(String what, String name, CompiledProgram code, Attached attached, Log log) {
        return Registration.load(what, code, () -> programs.load(name, code, attached, log::append, log::flush));
    }

    private Halves loadSession(JoinedProgram joined, Log log) {
        try {
            return programs.load("session", joined, backAttached, log::append, log::flush);
        } catch (LoadException e) {
            throw Registration.refused("handlers", joined.whole(), e);
        }
    }
}
