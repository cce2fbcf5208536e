package org.kprobe4j.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
        try (PerfProbe probe = PerfProbe.openKprobe(symbol, offsetOrAddress, false)) {
            place = probe.location();
            ftrace = list().stream().anyMatch(planted -> planted.address() == place.addr() && planted.ftrace());
        }
        long offset = symbol == null ? place.addr() : place.offset();
        Named named = new Named(symbol, offset, place.addr());
        return new PostPlan(symbol, offset, offset, new PostPairing.SameTrap(Map.of())).planned(named, ftrace);
    }

    /** A place for messages. */
    private record Named(@Nullable String symbol, long offset, long addr) {
        @Override
        public String toString() {
            return symbol == null ? "0x%x".formatted(offset) : new Target(symbol, offset).toString();
        }
    }

    private PostPlan planned(Named place, boolean ftrace) {
        Architecture machine = Machine.architecture();
        if (ftrace && machine == Architecture.X86_64) {
            // ftrace's own call stands for a no-op of five bytes; the saved ip is one byte into it.
            return sameTrap(Map.of("ip", RegisterValue.register("ip").plus(FTRACE_SITE_BYTES - 1)));
        }
        byte[] code = code(place);
        return switch (flow(machine, code)) {
            case Flow.Transfer transfer -> sameTrap(transfer.changes());
            case Flow.Next next -> {
                refuseFaulting(machine, place);
                if (next.repeated()) {
                    refuseRounds(place);
                }
                yield new PostPlan(
                        symbol, preOffset, next(machine, place), new PostPairing.NextInstruction(next.stackPointer()));
            }
            case Flow.Refused refused ->
                throw new UnfollowableException(
                        "the instruction at %s is %s; a post handler cannot tell exactly what follows it, a pre handler works there"
                                .formatted(place, refused.what()));
        };
    }

    private PostPlan sameTrap(Map<String, RegisterValue> changes) {
        return new PostPlan(symbol, preOffset, preOffset, new PostPairing.SameTrap(changes));
    }

    static Flow flow(Architecture machine, byte[] code) {
        return switch (machine) {
            case X86_64 -> X86Flow.of(code);
            case ARM64 -> Arm64Flow.of(code);
            case ARM -> new Flow.Refused("one of 32-bit Arm, whose instructions are not followed");
        };
    }

    // ---- the instruction ----

    private static List<PlantedProbe> list() {
        try {
            return KprobesList.read();
        } catch (BpfException e) {
            return List.of(); // no debugfs, or no right to read it: then the bytes must do
        }
    }

    /** The bytes of the instruction, which must be the kernel's own, not a probe's. */
    private static byte[] code(Named place) {
        if (place.addr() == 0) {
            throw new UnfollowableException(
                    "the kernel does not show the address of %s to this process, so its instruction cannot be read; run as root, or with CAP_SYSLOG and CAP_SYS_RAWIO"
                            .formatted(place));
        }
        byte[] code;
        try {
            code = KernelText.read(place.addr(), LONGEST_INSTRUCTION + 1);
        } catch (IOException e) {
            throw new UnfollowableException(
                    "the instruction at %s cannot be read from /proc/kcore (%s), so what follows it is not known; reading it takes root or CAP_SYS_RAWIO"
                            .formatted(place, e.getMessage()));
        }
        for (PlantedProbe other : list()) {
            long behind = place.addr() - other.address();
            boolean underItsJump = other.optimized() && behind > 0 && behind < JUMP_BYTES;
            if (!other.ftrace() && (behind == 0 || underItsJump)) {
                throw new UnfollowableException(
                        "another probe is planted at %s+0x%x and hides the instruction at %s; close it first, or plant the post handler before it"
                                .formatted(other.symbol(), other.offset(), place));
            }
        }
        return code;
    }

    /** A fault would go on elsewhere, and on its way back run the instruction and its pre handler once more. */
    private static void refuseFaulting(Architecture machine, Named place) {
        try {
            if (ExceptionTable.read(machine).has(place.addr())) {
                throw new UnfollowableException(
                        "the instruction at %s may fault (it is in the kernel's exception table) and go on elsewhere; a post handler cannot be exact there, a pre handler works"
                                .formatted(place));
            }
        } catch (IOException e) {
            throw new UnfollowableException(
                    "whether the instruction at %s may fault is not known: %s".formatted(place, e.getMessage()));
        }
    }

    /** A kernel that single-steps by the trap flag stops at each round; it jumps back from a copy unless it is preemptible. */
    private static void refuseRounds(Named place) {
        if (!KernelVersion.running().atLeast(5, 12) && isPreemptible()) {
            throw new UnfollowableException(
                    "the instruction at %s is a repeated string instruction, and a preemptible kernel before 5.12 runs the pre handler in each of its rounds"
                            .formatted(place));
        }
    }

    private static boolean isPreemptible() {
        try {
            String build = Files.readString(Path.of("/proc/sys/kernel/version"));
            return build.contains(" PREEMPT ") || build.contains(" PREEMPT_RT ");
        } catch (IOException e) {
            return true;
        }
    }

    /** The next boundary: all instructions of 64-bit Arm have four bytes, on x86 the kernel decodes. */
    private long next(Architecture machine, Named place) {
        int step = machine == Architecture.ARM64 ? Arm64Flow.BYTES : 1;
        for (int length = step; length <= LONGEST_INSTRUCTION; length += step) {
            try (PerfProbe probe = PerfProbe.openKprobe(symbol, preOffset + length, false)) {
                if (probe.fd() >= 0) {
                    return preOffset + length;
                }
            } catch (AttachException e) {
                if (e.errno() != Errno.EILSEQ) {
                    throw new UnfollowableException(
                            "the next instruction after %s, %d bytes further on, takes no probe (%s), so what the registers hold there cannot be seen"
                                    .formatted(place, length, e.failure().reason()));
                }
            }
        }
        throw new UnfollowableException(
                "no instruction boundary within %d bytes after %s".formatted(LONGEST_INSTRUCTION, place));
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
