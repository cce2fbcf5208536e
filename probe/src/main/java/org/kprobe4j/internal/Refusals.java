package org.kprobe4j.internal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.perf.PerfProbe;
import org.kprobe4j.bpf.symbols.ForbiddenRange;
import org.kprobe4j.bpf.symbols.Kallsyms;
import org.kprobe4j.bpf.symbols.KprobesList;

/** Says why the kernel refused a probe, and what would work instead. Source: register_kprobe() in kernel/kprobes.c. */
public final class Refusals {
    private static final int SUGGESTIONS = 3;
    private static final int LONGEST_INSTRUCTION = 15;

    private Refusals() {}

    /**
     * A refusal in the words of the kernel's own registration function.
     *
     * @param errno what that function returns: tracefs answers EINVAL where it would say ENOENT
     * @param message {@code register_kprobe failed, returned -2 (ENOENT): vfs_raed: no such symbol; nearest: vfs_read}
     */
    public record Explanation(int errno, String message) {}

    /** Explains why {@code function} (register_kprobe or register_kretprobe) failed for a target. */
    public static Explanation explain(String function, Target target, BpfException refusal) {
        if (refusal.errno() == 0 || !(refusal instanceof AttachException)) {
            return new Explanation(refusal.errno(), "%s failed: %s".formatted(function, refusal.getMessage()));
        }
        int errno = refusal.errno() == Errno.EINVAL ? invalid(target) : refusal.errno();
        return new Explanation(
                errno,
                "%s failed, returned -%d (%s): %s: %s"
                        .formatted(function, errno, Errno.name(errno), target, reason(errno, target, refusal)));
    }

    private static int invalid(Target target) {
        int places = Kallsyms.running().addressesOf(target.symbol()).length;
        return places == 0 ? Errno.ENOENT : places > 1 ? Errno.EADDRNOTAVAIL : Errno.EINVAL;
    }

    private static String reason(int errno, Target target, BpfException refusal) {
        return switch (errno) {
            case Errno.ENOENT -> "no such symbol" + nearest(target.symbol());
            case Errno.EILSEQ -> "not an instruction boundary" + boundaries(target);
            case Errno.EADDRNOTAVAIL -> ambiguous(target.symbol());
            case Errno.EINVAL -> notProbeable(target, refusal);
            default -> refusal.failure().reason();
        };
    }

    private static String nearest(String symbol) {
        List<String> names = Kallsyms.running().nearest(symbol, SUGGESTIONS);
        return names.isEmpty() ? "" : "; nearest: " + String.join(", ", names);
    }

    /** Asks the kernel about the places around the one that lies inside an instruction. */
    private static String boundaries(Target target) {
        var found = new ArrayList<String>();
        for (long offset = target.offset() - 1;
                offset >= 0 && offset > target.offset() - LONGEST_INSTRUCTION;
                offset--) {
            if (isBoundary(target.symbol(), offset)) {
                found.add("+0x%x".formatted(offset));
                break;
            }
        }
        for (long offset = target.offset() + 1; offset < target.offset() + LONGEST_INSTRUCTION; offset++) {
            if (isBoundary(target.symbol(), offset)) {
                found.add("+0x%x".formatted(offset));
                break;
            }
        }
        return found.isEmpty() ? "" : "; nearest: " + String.join(", ", found);
    }

    private static boolean isBoundary(String symbol, long offset) {
        try (var probe = PerfProbe.openKprobe(symbol, offset, false)) {
            return probe.fd() >= 0;
        } catch (BpfException e) {
            return false;
        }
    }

    private static String ambiguous(String symbol) {
        long[] places = Kallsyms.running().addressesOf(symbol);
        return "%d functions have this name, at %s; a name must be unique to be probed"
                .formatted(
                        places.length,
                        Arrays.stream(places).mapToObj("0x%x"::formatted).collect(Collectors.joining(", ")));
    }

    private static String notProbeable(Target target, BpfException refusal) {
        ForbiddenRange range = forbidden(target);
        if (range != null) {
            return "on the kernel's blacklist (debugfs kprobes/blacklist): kprobes themselves need this function; probe a function that calls it";
        }
        String said = refusal.failure().reason();
        return said
                + "; no probe can be placed here: not kernel text, a jump label, a static call or a place that ftrace owns";
    }

    private static @Nullable ForbiddenRange forbidden(Target target) {
        try {
            long[] places = Kallsyms.running().addressesOf(target.symbol());
            return KprobesList.forbidden(target.symbol(), places.length == 0 ? 0 : places[0] + target.offset());
        } catch (BpfException e) {
            return null;
        }
    }
}
