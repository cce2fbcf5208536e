package org.kprobe4j;

import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.perf.PerfProbe;
import org.kprobe4j.bpf.symbols.PlantedProbe;
import org.kprobe4j.bpf.tracefs.KprobeEvent;
import org.kprobe4j.bpf.tracefs.KprobeEvents;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.internal.LoadedProgram;
import org.kprobe4j.internal.Programs;
import org.kprobe4j.internal.ReturnTrampoline;
import org.kprobe4j.internal.Runs;
import org.kprobe4j.internal.Shutdown;
import org.kprobe4j.internal.Successor;
import org.kprobe4j.internal.Target;

/**
 * A probe at a function's return, with a handler at its entry and private data for each call in between.
 *
 * <p>Up to {@link Builder#maxactive} calls are followed at once; a call that finds no free instance is counted by the kernel in
 * {@link #nmissed()}. An ignored call (entry handler not 0) holds its instance until it returns. Since kernel: 5.8. Source:
 * Documentation/trace/kprobes.rst, Documentation/trace/kprobetrace.rst. Thread-safe.
 */
public final class Kretprobe implements AutoCloseable {
    /** The most calls that can be followed at once. Source: KRETPROBE_MAXACTIVE_MAX in kernel/trace/trace_kprobe.c. */
    public static final int MAXACTIVE_MAX = 4096;

    private static final int ABANDONED_CALLS = 1024;

    private final Target target;
    private final long addr;
    private final @Nullable PerfProbe entry;
    private final PerfProbe atReturn;
    private final KprobeEvent event;
    private final Programs programs;
    private final @Nullable LoadedProgram entryProgram;
    private final LoadedProgram returnProgram;
    private long finalMissed;
    private @Nullable ProbeAccount finalAccount;

    private Kretprobe(
            Target target,
            long addr,
            @Nullable PerfProbe entry,
            PerfProbe atReturn,
            KprobeEvent event,
            Programs programs,
            @Nullable LoadedProgram entryProgram,
            LoadedProgram returnProgram) {
        this.target = target;
        this.addr = addr;
        this.entry = entry;
        this.atReturn = atReturn;
        this.event = event;
        this.programs = programs;
        this.entryProgram = entryProgram;
        this.returnProgram = returnProgram;
        Shutdown.opened(this);
    }

    /**
     * Begins a return probe without private data.
     *
     * @param function the function's name
     * @return a builder; nothing is planted before {@link Builder#register()}
     */
    public static Builder<Void> at(String function) {
        return new Builder<>(function, null);
    }

    /**
     * Begins a return probe with private data for each call.
     *
     * @param function the function's name
     * @param data a class with fields of type boolean, byte, short, char, int, long
     * @param <D> that class
     * @return a builder; nothing is planted before {@link Builder#register()}
     */
    public static <D> Builder<D> at(String function, Class<D> data) {
        return new Builder<>(function, data);
    }

    /**
     * What a return probe is to be.
     *
     * @param <D> class of the private data
     */
    public static final class Builder<D> {
        private final String function;
        private final @Nullable Class<D> data;
        private int maxactive;
        private @Nullable EntryHandler<D> entryHandler;
        private @Nullable ReturnHandler<D> handler;
        private @Nullable Log log;

        private Builder(String function, @Nullable Class<D> data) {
            this.function = function;
            this.data = data;
        }

        /**
         * How many calls can be followed at once. The kernel's default, if this is not called: max(10, 2 × possible CPUs).
         *
         * @param calls from 1 to {@value Kretprobe#MAXACTIVE_MAX}
         * @return this
         * @throws UsageException for any other number
         */
        public Builder<D> maxactive(int calls) {
            if (calls < 1 || calls > MAXACTIVE_MAX) {
                throw new UsageException(
                        "maxactive=%d: the kernel takes 1 to %d; leave it out for its default, max(10, 2 × CPUs)"
                                .formatted(calls, MAXACTIVE_MAX));
            }
            maxactive = calls;
            return this;
        }

        /**
         * Called at the function's entry.
         *
         * @param entered a lambda or method reference; what it returns says whether the call is followed
         * @return this
         */
        public Builder<D> entryHandler(EntryHandler<D> entered) {
            entryHandler = entered;
            return this;
        }

        /**
         * Called when the function returns.
         *
         * @param returned a lambda or method reference
         * @return this
         */
        public Builder<D> handler(ReturnHandler<D> returned) {
            handler = returned;
            return this;
        }

        /**
         * Where the handlers' printed lines go.
         *
         * @param where standard output if this is not called
         * @return this
         */
        public Builder<D> log(Log where) {
            log = where;
            return this;
        }

        /**
         * Compiles the handlers, has them checked by the verifier and plants the probe.
         *
         * @return the probe, planted
         * @throws RegistrationException if the kernel refuses the function
         * @throws HandlerException if a handler cannot be compiled or the verifier refuses it
         */
        public Kretprobe register() {
            var registration = new Registration("register_kretprobe", function);
            ReturnHandler<D> returned = handler;
            if (returned == null) {
                throw new UsageException("a kretprobe needs a handler");
            }
            if (registration.target().offset() != 0) {
                throw new RegistrationException(
                        "register_kretprobe failed: %s: a return probe is planted at a function's entry, without an offset"
                                .formatted(function),
                        0,
                        null);
            }
            return registration.run(() -> plant(registration, this, returned), entryHandler, returned);
        }
    }

    /**
     * The entry handler's probe is registered first: handlers at one address run in reverse order, so the kretprobe has taken
     * its instance when the entry handler runs, and the entry handler can tell whether there was one.
     */
    private static <D> Kretprobe plant(Registration registration, Builder<D> wanted, ReturnHandler<D> handler) {
        Target target = registration.target();
        EntryHandler<D> entryHandler =
                wanted.entryHandler == null && wanted.data != null ? followed() : wanted.entryHandler;
        PerfProbe entry = entryHandler == null ? null : registration.opened(openEntry(target));
        KprobeEvent event = registration.opened(openReturn(registration, wanted.maxactive));
        long addr = address(target, entry);
        var programs = registration.opened(new Programs(
                target.toString(),
                addr,
                Optional.ofNullable(wanted.data).map(type -> type.getName().replace('.', '/')),
                KernelObjects::captured));
        Log log = wanted.log == null ? Log.stdout() : wanted.log;
        CompiledProgram returnCode = programs.compile(handler, new ProgramShape.Return(entryHandler != null));
        if (entryHandler == null && !returnCode.keptArguments().isEmpty()) {
            // Only now it is known that a program at the entry is needed; its probe must be there before the kretprobe.
            event.close();
            entryHandler = followed();
            entry = registration.opened(openEntry(target));
            event = registration.opened(openReturn(registration, wanted.maxactive));
        }
        CompiledProgram entryCode = entryHandler == null
                ? null
                : programs.compile(entryHandler, new ProgramShape.Entry(trampoline(), returnCode.keptArguments()));
        if (entryCode != null) {
            programs.calls(BpfMap.create(
                    MapType.HASH,
                    "calls",
                    ProgramShape.CALL_KEY_BYTES,
                    entryCode.callBytes(),
                    Math.max(wanted.maxactive, ABANDONED_CALLS) + ABANDONED_CALLS,
                    0));
        }
        LoadedProgram returnProgram = Registration.load(
                "return handler", returnCode, () -> programs.load("ret_handler", returnCode, log::append, log::flush));
        PerfProbe atReturn = registration.opened(PerfProbe.openTracepoint(event.id(), event.toString()));
        LoadedProgram entryProgram = entryCode == null
                ? null
                : Registration.load(
                        "entry handler",
                        entryCode,
                        () -> programs.load("entry_handler", entryCode, log::append, log::flush));
        atReturn.attach(returnProgram.program());
        if (entry != null && entryProgram != null) {
            entry.attach(entryProgram.program());
        }
        return new Kretprobe(target, addr, entry, atReturn, event, programs, entryProgram, returnProgram);
    }

    /** For a return handler alone that needs something from the entry. */
    private static <D> EntryHandler<D> followed() {
        return (ri, regs) -> 0;
    }

    private static PerfProbe openEntry(Target target) {
        return PerfProbe.openKprobe(target.symbol(), 0, false);
    }

    private static KprobeEvent openReturn(Registration registration, int maxactive) {
        return KprobeEvents.open()
                .createReturn(
                        "r_" + registration.number(), registration.target().symbol(), maxactive);
    }

    private static OptionalLong trampoline() {
        return ReturnTrampoline.address();
    }

    private static long address(Target target, @Nullable PerfProbe entry) {
        return entry != null
                ? entry.addr()
                : Successor.planted(target, true).map(PlantedProbe::address).orElse(0L);
    }

    /**
     * What the probe was asked for.
     *
     * @return the function's name
     */
    public String symbolName() {
        return target.toString();
    }

    /**
     * Where it is planted: at the function's entry behind the landing pad (ENDBR, BTI), if there is one.
     *
     * @return kernel address, 0 if this process may not see it
     */
    public long addr() {
        return addr;
    }

    /**
     * Calls that were not followed because no instance was free: the kernel's own count. More than 0 suggests that maxactive was
     * set too low.
     *
     * @return the number, also after {@link #close()}
     */
    public synchronized long nmissed() {
        return finalAccount != null ? finalMissed : event.profile().misses();
    }

    /**
     * What became of the calls up to now; after {@link #close()}, of all.
     *
     * @return the account
     */
    public synchronized ProbeAccount account() {
        return finalAccount != null ? finalAccount : count(nmissed());
    }

    private ProbeAccount count(long missed) {
        long entriesDropped = entryProgram == null ? 0 : entryProgram.recursionMisses();
        long returnsDropped = returnProgram.recursionMisses();
        long delivered =
                returnProgram.count(Account.HITS) - returnProgram.count(Account.FILTERED) - returnProgram.faults();
        long filtered = Registration.count(entryProgram, Account.FILTERED);
        long mapFull = Registration.count(entryProgram, Account.MAP_FULL);
        long faulted = returnProgram.faults() + (entryProgram == null ? 0 : entryProgram.faults());
        long entered = entryProgram == null
                ? delivered + faulted + returnsDropped
                : entryProgram.count(Account.HITS) - entryProgram.count(Account.NO_INSTANCE);
        long inFlight = Math.max(0, entered - filtered - mapFull - faulted - delivered - returnsDropped);
        return new ProbeAccount(
                entered + missed + entriesDropped,
                delivered,
                filtered,
                inFlight,
                missed,
                entriesDropped + returnsDropped,
                mapFull,
                faulted,
                programs.recordsLost(),
                programs.entriesLost(),
                programs.stacksLost());
    }

    /** Removes the probe; when this returns no handler runs any more, and all that they printed has been printed. */
    @Override
    public synchronized void close() {
        if (finalAccount != null) {
            return;
        }
        atReturn.close();
        if (entry != null) {
            entry.close();
        }
        finalMissed = event.profile().misses();
        event.close();
        programs.drain();
        finalAccount = count(finalMissed);
        programs.close();
        Shutdown.closed(this);
        Runs.closed("%s: %s".formatted(target, finalAccount));
        programs.faultLines().forEach(Runs::closed);
    }
}
