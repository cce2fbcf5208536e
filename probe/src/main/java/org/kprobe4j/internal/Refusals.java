package org.kprobe4j.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.Privileges;
import org.kprobe4j.bpf.Right;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.bpf.perf.PerfProbe;
import org.kprobe4j.bpf.symbols.Kallsyms;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.internal.targets.Resolution;
import org.kprobe4j.internal.targets.TargetResolver;
import org.kprobe4j.internal.targets.TargetSpec;

/**
 * Says why the kernel refused a probe, and what would work instead. What is wrong with a function's name or place is said by the
 * same code, and so in the same words, as for targets that are looked up beforehand. Source: register_kprobe() in
 * kernel/kprobes.c.
 */
public final class Refusals {
    private static final int SUGGESTIONS = 3;
    private static final int LONGEST_INSTRUCTION = 15;
    /** KSYM_NAME_LEN without the closing NUL. */
    private static final int LONGEST_NAME = 511;

    private static final int LONGEST_NAME_BEFORE_6_1 = 127;

    private Refusals() {}

    /**
     * A refusal in the words of the kernel's own registration function.
     *
     * @param errno what that function returns: tracefs answers EINVAL where it would say ENOENT
     * @param message {@code register_kprobe failed, returned -2 (ENOENT): vfs_raed: no such function; nearest: vfs_read}
     * @param reason its last part: {@code no such function; nearest: vfs_read}
     */
    public record Explanation(int errno, String message, String reason) {}

    /** Explains why {@code function} (register_kprobe or register_kretprobe) failed for a target. */
    public static Explanation explain(String function, Target target, BpfException refusal) {
        if (refusal.errno() == 0 || !(refusal instanceof AttachException)) {
            return new Explanation(
                    refusal.errno(),
                    "%s failed: %s".formatted(function, refusal.getMessage()),
                    String.valueOf(refusal.getMessage()));
        }
        Cause cause = cause(target, refusal);
        return new Explanation(
                cause.errno(),
                "%s failed, returned -%d (%s): %s: %s"
                        .formatted(function, cause.errno(), Errno.name(cause.errno()), target, cause.reason()),
                cause.reason());
    }

    /** What the kernel would have said had it known, and why. */
    private record Cause(int errno, String reason) {}

    private static Cause cause(Target target, BpfException refusal) {
        int errno = refusal.errno();
        return switch (errno) {
            case Errno.ENOENT, Errno.EINVAL, Errno.EADDRNOTAVAIL, Errno.EILSEQ -> place(target, refusal);
            case Errno.E2BIG, Errno.ENAMETOOLONG -> new Cause(errno, tooLong(target.symbol()));
            default -> new Cause(errno, said(refusal));
        };
    }

    private static String said(BpfException refusal) {
        String remedy = refusal.remedy();
        return refusal.failure().reason() + (remedy == null ? "" : "; " + remedy);
    }

    private static String tooLong(String symbol) {
        return "the name has %d characters; this kernel takes at most %d (KSYM_NAME_LEN)"
                .formatted(
                        symbol.length(),
                        KernelVersion.running().atLeast(6, 1) ? LONGEST_NAME : LONGEST_NAME_BEFORE_6_1);
    }

    private static Cause place(Target target, BpfException refusal) {
        try {
            Resolution found =
                    TargetResolver.running().resolve(new TargetSpec.Symbol(null, target.symbol(), target.offset()));
            if (!found.unmatched().isEmpty()) {
                Resolution.Unmatched why = found.unmatched().getFirst();
                return new Cause(why.errno(), why.reason());
            }
            return found.places().size() > 1
                    ? new Cause(Errno.EADDRNOTAVAIL, ambiguous(found))
                    : new Cause(
                            refusal.errno(),
                            instruction(target, found.places().getFirst().address(), refusal));
        } catch (BpfException e) {
            return withoutAddresses(target, refusal);
        }
    }

    private static String ambiguous(Resolution found) {
        return "%d functions have this name, at %s; give the address of one of them"
                .formatted(
                        found.places().size(),
                        found.places().stream()
                                .map(place -> "0x%x".formatted(place.address()))
                                .collect(Collectors.joining(", ")));
    }

    /** Its function can be probed, but not this place in it. */
    private static String instruction(Target target, long addr, BpfException refusal) {
        if (refusal.errno() == Errno.EILSEQ || isUnaligned(addr)) {
            return notABoundary(target);
        } else if (refusal.errno() != Errno.EINVAL) {
            return said(refusal);
        }
        Optional<String> patch = InstructionPatch.at(addr);
        String reason = patch.isPresent()
                ? "here is " + patch.get()
                : "here is an instruction that the kernel rewrites while it runs: a jump label, a static call, a BUG;"
                        + " /proc/kcore, which would tell, cannot be read";
        return reason + probeable(target);
    }

    /** All instructions of Arm have four bytes; of another place its kernels say EINVAL. */
    private static boolean isUnaligned(long addr) {
        return Machine.architecture() != Architecture.X86_64 && addr % Arm64Flow.BYTES != 0;
    }

    private static String notABoundary(Target target) {
        return "not an instruction boundary" + probeable(target);
    }

    /** The kernel hides its addresses, also its blacklist's: the names are all that is known. */
    private static Cause withoutAddresses(Target target, BpfException refusal) {
        try {
            return byName(target, refusal);
        } catch (BpfException e) {
            return new Cause(refusal.errno(), said(refusal)); // a kernel without kallsyms tells nothing
        }
    }

    private static Cause byName(Target target, BpfException refusal) {
        if (refusal.errno() == Errno.EILSEQ || isUnaligned(target.offset())) {
            return new Cause(refusal.errno(), notABoundary(target));
        }
        Kallsyms symbols = Kallsyms.running();
        String types = symbols.types(target.symbol());
        long functions = types.chars().filter(type -> "tTwW".indexOf(type) >= 0).count();
        if (types.isEmpty()) {
            List<String> names = symbols.nearest(target.symbol(), SUGGESTIONS);
            return new Cause(
                    Errno.ENOENT,
                    "no such function" + (names.isEmpty() ? "" : "; nearest: " + String.join(", ", names)));
        }
        if (functions == 0) {
            return new Cause(Errno.EINVAL, "data, not a function");
        }
        Privileges privileges = Privileges.current();
        String hidden = "%s; %s"
                .formatted(
                        String.join(", ", privileges.obstacles(Right.ADDRESSES)), privileges.remedy(Right.ADDRESSES));
        return functions > 1
                ? new Cause(
                        Errno.EADDRNOTAVAIL,
                        "%d functions have this name, and addresses, which tell them apart, are hidden: %s"
                                .formatted(functions, hidden))
                : new Cause(
                        refusal.errno(),
                        "%s; which of these is hidden: %s"
                                .formatted(refusal.failure().reason(), hidden));
    }

    /** Asks the kernel about the places around one that it refuses. */
    private static String probeable(Target target) {
        var found = new ArrayList<String>();
        String before = nearest(target, -1);
        if (before != null) {
            found.add(before);
        }
        String after = nearest(target, 1);
        if (after != null) {
            found.add(after);
        }
        return found.isEmpty() ? "" : "; nearest: " + String.join(", ", found);
    }

    private static @Nullable String nearest(Target target, int step) {
        for (int distance = 1; distance <= LONGEST_INSTRUCTION; distance++) {
            long offset = target.offset() + (long) step * distance;
            if (offset >= 0 && isProbeable(target.symbol(), offset)) {
                return new Target(target.symbol(), offset).toString();
            }
        }
        return null;
    }

    private static boolean isProbeable(String symbol, long offset) {
        try (var probe = PerfProbe.openKprobe(symbol, offset, false)) {
            return probe.fd() >= 0;
        } catch (BpfException e) {
            return false;
        }
    }
}
