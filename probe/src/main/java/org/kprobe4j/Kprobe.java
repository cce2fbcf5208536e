package org.kprobe4j;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.perf.PerfProbe;
import org.kprobe4j.bpf.perf.ProbeLocation;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.internal.LoadedProgram;
import org.kprobe4j.internal.Programs;
import org.kprobe4j.internal.Runs;
import org.kprobe4j.internal.Shutdown;
import org.kprobe4j.internal.Successor;
import org.kprobe4j.internal.Target;

/**
 * A probe at an instruction of the kernel, with a handler before and one after it.
 *
 * <pre>{@code
 * try (var kp = Kprobe.at("vfs_read").preHandler((p, regs) -> {
 *     Kernel.printf("%s reads %d bytes", Kernel.comm(), regs.arg(2));
 *     return 0;
 * }).register()) { … }
 * }</pre>
 *
 * <p>The post handler runs after the probed instruction: in a second probe at the instruction that follows, for the task and
 * stack pointer that came through the first one. Since kernel: 5.8. Source: Documentation/trace/kprobes.rst. Thread-safe.
 */
public final class Kprobe implements AutoCloseable {
    private static final int ARMED_AT_ONCE = 4096;
    private static final PreHandler NOTHING = (p, regs) -> 0;

    private final String symbolName;
    private final long addr;
    private final @Nullable Planted planted;
    private long finalMissed;
    private @Nullable ProbeAccount finalAccount;

    /** What is in the kernel. */
    private record Planted(PerfProbe pre, @Nullable PerfProbe post, Programs programs, LoadedProgram preProgram) {}

    private Kprobe(String symbolName, long addr, Planted planted) {
        this.symbolName = symbolName;
        this.addr = addr;
        this.planted = planted;
        Shutdown.opened(this);
    }

    /** A probe of a simulated kernel: planted nowhere. */
    Kprobe(String symbolName, long addr) {
        this.symbolName = symbolName;
        this.addr = addr;
        this.planted = null;
    }

    private Planted planted() {
        if (planted == null) {
            throw new UsageException("the probe of %s is simulated: no kernel counts its hits".formatted(symbolName));
        }
        return planted;
    }

    /**
     * Begins a probe.
     *
     * @param target {@code symbol} or {@code symbol+offset}
     * @return a builder; nothing is planted before {@link Builder#register()}
     */
    public static Builder at(String target) {
        return new Builder(target);
    }

    /** What a probe is to be. */
    public static final class Builder {
        private final String target;
        private @Nullable PreHandler preHandler;
        private @Nullable PostHandler postHandler;
        private @Nullable Log log;

        private Builder(String target) {
            this.target = target;
        }

        /**
         * Called just before the probed instruction is executed.
         *
         * @param handler a lambda or method reference
         * @return this
         */
        public Builder preHandler(PreHandler handler) {
            preHandler = handler;
            return this;
        }

        /**
         * Called just after the probed instruction was executed.
         *
         * @param handler a lambda or method reference
         * @return this
         */
        public Builder postHandler(PostHandler handler) {
            postHandler = handler;
            return this;
        }

        /**
         * Where the handlers' printed lines go.
         *
         * @param where standard output if this is not called
         * @return this
         */
        public Builder log(Log where) {
            log = where;
            return this;
        }

        /**
         * Compiles the handlers, has them checked by the verifier and plants the probe.
         *
         * @return the probe, planted
         * @throws RegistrationException if the kernel refuses the place
         * @throws HandlerException if a handler cannot be compiled or the verifier refuses it
         */
        public Kprobe register() {
            var registration = new Registration("register_kprobe", target);
            if (preHandler == null && postHandler == null) {
                throw new UsageException("a kprobe needs a pre handler or a post handler");
            }
            return registration.run(() -> plant(registration, this), preHandler, postHandler);
        }
    }

    private static Kprobe plant(Registration registration, Builder wanted) {
        Target target = registration.target();
        Log log = wanted.log == null ? Log.stdout() : wanted.log;
        PerfProbe pre = registration.opened(open(target));
        ProbeLocation place = pre.location();
        var planted = new Target(target.symbol(), place.offset());
        Successor successor = null;
        if (wanted.postHandler != null) {
            Optional<byte[]> code = Optional.empty();
            if (!Successor.isFtraceSite(place.addr())) {
                pre.close();
                code = Successor.code(place.addr());
                pre = registration.opened(open(target));
            }
            successor = Successor.plant(planted, place.addr(), code);
            registration.opened(successor.probe());
        }
        var programs = registration.opened(
                new Programs(target.toString(), place.addr(), Optional.empty(), KernelObjects::captured));
        PreHandler preHandler = wanted.preHandler == null ? NOTHING : wanted.preHandler;
        CompiledProgram preCode = programs.compile(preHandler, new ProgramShape.Pre(successor != null));
        if (successor != null && wanted.postHandler != null) {
            plantPost(
                    programs,
                    successor,
                    programs.compile(wanted.postHandler, new ProgramShape.Post(successor.stackDelta())),
                    log);
        }
        LoadedProgram preProgram = Registration.load(
                "pre handler", preCode, () -> programs.load("pre_handler", preCode, log::append, log::flush));
        pre.attach(preProgram.program());
        return new Kprobe(
                target.toString(),
                place.addr(),
                new Planted(pre, successor == null ? null : successor.probe(), programs, preProgram));
    }

    private static PerfProbe open(Target target) {
        return PerfProbe.openKprobe(target.symbol(), target.offset(), false);
    }

    /** The post handler must be there before the first hit that arms it. */
    private static void plantPost(Programs programs, Successor successor, CompiledProgram code, Log log) {
        programs.calls(BpfMap.create(MapType.HASH, "calls", ProgramShape.CALL_KEY_BYTES, Long.BYTES, ARMED_AT_ONCE, 0));
        LoadedProgram program = Registration.load(
                "post handler", code, () -> programs.load("post_handler", code, log::append, log::flush));
        successor.probe().attach(program.program());
    }

    /**
     * What the probe was asked for.
     *
     * @return {@code symbol} or {@code symbol+0xoffset}
     */
    public String symbolName() {
        return symbolName;
    }

    /**
     * Where it is planted: at a function's entry behind the landing pad (ENDBR, BTI), if there is one.
     *
     * @return kernel address, 0 if this process may not see it
     */
    public long addr() {
        return addr;
    }

    /**
     * Hits that the kernel did not hand to the handler because another probe's handler was running.
     *
     * @return the number; -1 before kernel 6.7, which does not tell
     */
    public synchronized long nmissed() {
        return finalAccount != null ? finalMissed : planted().pre().missed();
    }

    /**
     * What became of the hits up to now; after {@link #close()}, of all.
     *
     * @return the account
     */
    public synchronized ProbeAccount account() {
        return finalAccount != null
                ? finalAccount
                : count(planted(), planted().pre().missed());
    }

    private static ProbeAccount count(Planted planted, long told) {
        LoadedProgram preProgram = planted.preProgram();
        long missed = Math.max(0, told);
        long recursion = preProgram.recursionMisses();
        long ran = preProgram.count(Account.HITS);
        long faulted = preProgram.faults();
        long mapFull = preProgram.count(Account.MAP_FULL);
        return new ProbeAccount(
                ran + missed + recursion,
                ran - faulted - mapFull,
                0,
                0,
                missed,
                recursion,
                mapFull,
                faulted,
                planted.programs().recordsLost(),
                planted.programs().entriesLost(),
                planted.programs().stacksLost());
    }

    /** Removes the probe; when this returns no handler runs any more, and all that they printed has been printed. */
    @Override
    public synchronized void close() {
        if (finalAccount != null || planted == null) {
            return;
        }
        // The kernel tells its count only as long as the probe is planted.
        finalMissed = planted.pre().missed();
        planted.pre().close();
        if (planted.post() != null) {
            planted.post().close();
        }
        planted.programs().drain();
        finalAccount = count(planted, finalMissed);
        planted.programs().close();
        Shutdown.closed(this);
        Runs.closed("%s: %s".formatted(symbolName, finalAccount));
        planted.programs().faultLines().forEach(Runs::closed);
    }
}
