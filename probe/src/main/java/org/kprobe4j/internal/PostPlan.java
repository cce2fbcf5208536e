package org.kprobe4j.internal;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.bpf.features.Preemption;
import org.kprobe4j.bpf.perf.PerfProbe;
import org.kprobe4j.bpf.perf.ProbeLocation;
import org.kprobe4j.bpf.symbols.KprobesList;
import org.kprobe4j.bpf.symbols.PlantedProbe;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.PostPairing;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.compiler.RegisterValue;

/**
 * Where a post handler's own probe is planted and how it is paired with its pre handler: at the same address, to run in the same
 * trap, for instructions that only transfer control and for the no-op that ftrace owns; at the next instruction for those that go
 * on to it.
 *
 * @param symbol of both probes; null for probes by address
 * @param preOffset of the pre handler's probe from the symbol, or its address
 * @param postOffset of the post handler's probe
 * @param pairing what the programs must know
 */
public record PostPlan(@Nullable String symbol, long preOffset, long postOffset, PostPairing pairing) {
    private static final int LONGEST_INSTRUCTION = 15;
    /** An optimized probe's jump covers so many bytes from its address on. */
    private static final int JUMP_BYTES = 5;

    private static final int FTRACE_SITE_BYTES = 5;
    private static final int ARMED_AT_ONCE = 4096;

    /** A post handler that cannot be exact. */
    public static final class UnfollowableException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        UnfollowableException(String message) {
            super(message);
        }
    }

    /**
     * Looks at a place: plants a probe there for a moment, and reads the instruction when it is gone again. The probes must be opened in
     * this order: {@link #open}, then the pre handler's at {@link #preOffset}.
     *
     * @param symbol the function; null to give an address
     * @param offsetOrAddress offset from the symbol in bytes, or the address
     * @throws UnfollowableException if a post handler there cannot be exact
     * @throws AttachException if no probe can be planted there
     */
    public static PostPlan of(@Nullable String symbol, long offsetOrAddress) {
        ProbeLocation place;
        boolean ftrace;
        KernelGround ground = new KernelGround(symbol);
        try (PerfProbe probe = PerfProbe.openKprobe(symbol, offsetOrAddress, false)) {
            place = probe.location();
            ftrace = isFtraceSite(ground, place.addr());
        }
        long offset = symbol == null ? place.addr() : place.offset();
        return new Site(symbol, offset, place.addr(), ftrace).plan(Machine.architecture(), ground);
    }

    private static boolean isFtraceSite(Ground ground, long addr) {
        try {
            return ground.probes().stream().anyMatch(planted -> planted.address() == addr && planted.ftrace());
        } catch (BpfException e) {
            return false; // then the plan is refused, with this reason
        }
    }

    static Flow flow(Architecture machine, byte[] code) {
        return switch (machine) {
            case X86_64 -> X86Flow.of(code);
            case ARM64 -> Arm64Flow.of(code);
            case ARM -> ArmFlow.of(code);
        };
    }

    /** What must be asked of the kernel. */
    interface Ground {
        /** All probes that are planted; a BpfException if that cannot be told. */
        List<PlantedProbe> probes();

        /** The bytes of an instruction and behind it. */
        byte[] code(long addr) throws IOException;

        /** Whether an instruction is in the table of those that may fault. */
        boolean mayFault(Architecture machine, long addr) throws IOException;

        /** Plants a probe for a moment; null, or why the kernel refuses. */
        @Nullable
        AttachException refuses(long offset);

        /** Whether a repeated string instruction is stepped round by round, each with a hit. */
        boolean stopsAtEachRound();
    }

    /**
     * A place of a pre handler.
     *
     * @param offset from the symbol; without one the address
     * @param addr the address, 0 if the kernel does not show it
     * @param ftrace whether ftrace owns the place
     */
    record Site(@Nullable String symbol, long offset, long addr, boolean ftrace) {
        PostPlan plan(Architecture machine, Ground ground) {
            if (ftrace && machine == Architecture.X86_64) {
                // ftrace's own call stands for a no-op of five bytes; the saved ip is one byte into it.
                return sameTrap(Map.of("ip", RegisterValue.register("ip").plus(FTRACE_SITE_BYTES - 1)));
            }
            return switch (flow(machine, code(ground))) {
                case Flow.Transfer transfer -> sameTrap(transfer.changes());
                case Flow.Next next -> {
                    refuseFaulting(machine, ground);
                    if (next.repeated() && ground.stopsAtEachRound()) {
                        throw new UnfollowableException(
                                "the instruction at %s is a repeated string instruction, and a preemptible kernel before 5.12 runs the pre handler in each of its rounds"
                                        .formatted(this));
                    }
                    var pairing = new PostPairing.NextInstruction(next.stackPointer());
                    yield new PostPlan(symbol, offset, next(machine, ground), pairing);
                }
                case Flow.Refused refused ->
                    throw new UnfollowableException(
                            "the instruction at %s is %s; a post handler cannot tell exactly what follows it, a pre handler works there"
                                    .formatted(this, refused.what()));
            };
        }

        private PostPlan sameTrap(Map<String, RegisterValue> changes) {
            return new PostPlan(symbol, offset, offset, new PostPairing.SameTrap(changes));
        }

        /** The bytes of the instruction, which must be the kernel's own, not a probe's. */
        private byte[] code(Ground ground) {
            if (addr == 0) {
                throw new UnfollowableException(
                        "the kernel does not show the address of %s to this process, so its instruction cannot be read; run as root, or with CAP_SYSLOG and CAP_SYS_RAWIO"
                                .formatted(this));
            }
            byte[] code;
            refuseHidden(ground);
            try {
                code = ground.code(addr);
            } catch (IOException e) {
                throw new UnfollowableException(
                        "the instruction at %s cannot be read from /proc/kcore (%s), so what follows it is not known; run as root, or with CAP_SYS_RAWIO"
                                .formatted(this, e.getMessage()));
            }
            refuseHidden(ground); // by what was planted meanwhile
            return code;
        }

        private void refuseHidden(Ground ground) {
            for (PlantedProbe other : probes(ground)) {
                long behind = addr - other.address();
                boolean underItsJump = other.optimized() && behind > 0 && behind < JUMP_BYTES;
                if (!other.ftrace() && (behind == 0 || underItsJump)) {
                    throw new UnfollowableException(
                            "another probe, at %s+0x%x, hides the instruction at %s; plant the one with the post handler first"
                                    .formatted(other.symbol(), other.offset(), this));
                }
            }
        }

        private List<PlantedProbe> probes(Ground ground) {
            try {
                return ground.probes();
            } catch (BpfException e) {
                throw new UnfollowableException(
                        "whether another probe or ftrace hides the instruction at %s is not known: %s"
                                .formatted(this, e.getMessage()));
            }
        }

        /** A fault would go on elsewhere, or come back and run the instruction and its pre handler once more. */
        private void refuseFaulting(Architecture machine, Ground ground) {
            try {
                if (ground.mayFault(machine, addr)) {
                    throw new UnfollowableException(
                            "the instruction at %s may fault (it is in the kernel's exception table) and go on elsewhere; a post handler cannot be exact there, a pre handler works"
                                    .formatted(this));
                }
            } catch (IOException e) {
                throw new UnfollowableException(
                        "whether the instruction at %s may fault is not known: %s".formatted(this, e.getMessage()));
            }
        }

        /** The next boundary: all instructions of Arm have four bytes, on x86 the kernel decodes. */
        private long next(Architecture machine, Ground ground) {
            int step = machine == Architecture.X86_64 ? 1 : Arm64Flow.BYTES;
            for (int length = step; length <= LONGEST_INSTRUCTION; length += step) {
                AttachException refusal = ground.refuses(offset + length);
                if (refusal == null) {
                    return offset + length;
                } else if (refusal.errno() != Errno.EILSEQ) {
                    throw new UnfollowableException(
                            "the next instruction, %d bytes after %s, takes no probe (%s), so what the registers hold there cannot be seen"
                                    .formatted(length, this, refusal.failure().reason()));
                }
            }
            throw new UnfollowableException(
                    "no instruction boundary within %d bytes after %s".formatted(LONGEST_INSTRUCTION, this));
        }

        @Override
        public String toString() {
            return symbol == null ? "0x%x".formatted(offset) : new Target(symbol, offset).toString();
        }
    }

    /** The running kernel, at places of one function or, without it, at addresses. */
    private record KernelGround(@Nullable String symbol) implements Ground {
        @Override
        public List<PlantedProbe> probes() {
            return KprobesList.read();
        }

        @Override
        public byte[] code(long addr) throws IOException {
            int bytes = LONGEST_INSTRUCTION + 1;
            return Machine.architecture() == Architecture.X86_64
                    ? OwnText.read(KernelText::read, addr, bytes)
                    : KernelText.read(addr, bytes);
        }

        @Override
        public boolean mayFault(Architecture machine, long addr) throws IOException {
            return ExceptionTable.running(machine).has(addr);
        }

        @Override
        public @Nullable AttachException refuses(long offset) {
            try {
                PerfProbe.openKprobe(symbol, offset, false).close();
                return null;
            } catch (AttachException e) {
                return e;
            }
        }

        /** A kernel that single-steps by the trap flag does, unless it is not preemptible: then it jumps back from a copy. */
        @Override
        public boolean stopsAtEachRound() {
            if (KernelVersion.running().atLeast(5, 12)) {
                return false;
            }
            return !Preemption.running().isNo();
        }
    }

    // ---- what it takes ----

    /** The pre handler's program. */
    public ProgramShape.Pre pre() {
        return new ProgramShape.Pre(Optional.of(pairing));
    }

    /** The post handler's program. */
    public ProgramShape.Post post() {
        return new ProgramShape.Post(pairing);
    }

    /** Plants the post handler's probe: before the pre handler's, because of probes at one address the last one runs first. */
    public PerfProbe open() {
        return PerfProbe.openKprobe(symbol, postOffset, false);
    }

    /** The map that both programs share. */
    public BpfMap map() {
        return switch (pairing) {
            case PostPairing.SameTrap _ ->
                BpfMap.create(MapType.PERCPU_ARRAY, ProgramShape.ARMED_MAP, Integer.BYTES, Long.BYTES, 1, 0);
            case PostPairing.NextInstruction _ ->
                BpfMap.create(
                        MapType.HASH,
                        ProgramShape.CALLS_MAP,
                        ProgramShape.CALL_KEY_BYTES,
                        Long.BYTES,
                        ARMED_AT_ONCE,
                        0);
        };
    }
}
