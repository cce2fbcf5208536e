package org.kprobe4j.internal;

import java.io.IOException;
import java.util.Optional;
import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.perf.PerfProbe;
import org.kprobe4j.bpf.symbols.KprobesList;
import org.kprobe4j.bpf.symbols.PlantedProbe;
import org.kprobe4j.compiler.Architecture;

/**
 * The place where a post handler runs: the instruction that follows the probed one. It holds a probe of its own, which only
 * those hits concern that came through the probed instruction: task and stack pointer must match.
 *
 * @param probe planted at the successor
 * @param stackDelta what the probed instruction adds to the stack pointer, in bytes
 */
public record Successor(PerfProbe probe, int stackDelta) {
    private static final int LONGEST_INSTRUCTION = 15;

    /** A post handler that cannot be exact. */
    public static final class UnfollowableException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        UnfollowableException(String message) {
            super(message);
        }
    }

    /**
     * Finds the successor of a planted probe's instruction and plants a probe there.
     *
     * @param planted where the pre handler's probe is
     * @param code the bytes that were at the place before it was planted
     * @throws UnfollowableException if the instruction does not simply go on to the next one
     * @throws AttachException if no probe can be planted behind it
     */
    public static Successor plant(Target planted, long addr, Optional<byte[]> code) {
        int stackDelta = isFtraceSite(addr) ? 0 : stackDelta(planted, code);
        for (int length = 1; length <= LONGEST_INSTRUCTION; length++) {
            try {
                return new Successor(
                        PerfProbe.openKprobe(planted.symbol(), planted.offset() + length, false), stackDelta);
            } catch (AttachException e) {
                if (e.errno() != Errno.EILSEQ) {
                    throw e;
                }
            }
        }
        throw new UnfollowableException(
                "no instruction boundary within %d bytes after %s".formatted(LONGEST_INSTRUCTION, planted));
    }

    /** At a function's entry that ftrace owns stands a no-op: it changes nothing and goes on. */
    public static boolean isFtraceSite(long addr) {
        return KprobesList.read().stream().anyMatch(probe -> probe.address() == addr && probe.ftrace());
    }

    private static int stackDelta(Target planted, Optional<byte[]> code) {
        if (Machine.architecture() != Architecture.X86_64) {
            throw new UnfollowableException(
                    "a post handler at an instruction that ftrace does not own is implemented for x86-64 only");
        }
        byte[] bytes = code.orElseThrow(() -> new UnfollowableException(
                "the instruction at %s cannot be read from /proc/kcore, so its successor is not known"
                        .formatted(planted)));
        return switch (X86Flow.of(bytes)) {
            case X86Flow.Flow.Straight straight -> straight.stackDelta();
            case X86Flow.Flow.Other other ->
                throw new UnfollowableException(
                        "the instruction at %s is %s; a post handler can follow only instructions that go on to the next one"
                                .formatted(planted, other.what()));
        };
    }

    /** The bytes of an instruction; read before a probe is planted there, or it would show the probe's own trap. */
    public static Optional<byte[]> code(long addr) {
        try {
            return Optional.of(KernelText.read(addr, LONGEST_INSTRUCTION + 1));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Where the kernel has planted a probe, as debugfs tells it. */
    public static Optional<PlantedProbe> planted(Target target, boolean isReturn) {
        return KprobesList.read().stream()
                .filter(probe -> probe.isReturn() == isReturn && probe.symbol().equals(target.symbol()))
                .filter(probe -> probe.offset() == target.offset() || target.offset() == 0)
                .findFirst();
    }
}
