package org.kprobe4j.internal;

import java.util.List;
import java.util.OptionalLong;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.symbols.ForbiddenRange;
import org.kprobe4j.bpf.symbols.Kallsyms;
import org.kprobe4j.bpf.symbols.KprobesList;

/**
 * The code that a followed call returns to: a kretprobe that has a free instance writes its address over the return address.
 * Source: kernel/trace/rethook.c; kernel/kprobes.c before 5.18.
 */
public final class ReturnTrampoline {
    /** By kernel: from 5.18 where rethook is used, from 5.15 elsewhere, before. */
    private static final List<String> NAMES =
            List.of("arch_rethook_trampoline", "__kretprobe_trampoline", "kretprobe_trampoline");

    /** What was found when it was last asked for. */
    private static volatile OptionalLong known = OptionalLong.empty();

    private ReturnTrampoline() {}

    /** Its address; nothing where the kernel does not show it. The short list of blacklisted functions is asked first. */
    public static OptionalLong address() {
        if (known.isEmpty()) {
            known = found();
        }
        return known;
    }

    /** Whether the last one who asked for its address was not told. */
    public static boolean isHidden() {
        return known.isEmpty();
    }

    private static OptionalLong found() {
        for (String name : NAMES) {
            OptionalLong address = blacklisted(name);
            if (address.isPresent()) {
                return address;
            }
        }
        for (String name : NAMES) {
            OptionalLong address = named(name);
            if (address.isPresent()) {
                return address;
            }
        }
        return OptionalLong.empty();
    }

    private static OptionalLong blacklisted(String name) {
        try {
            ForbiddenRange range = KprobesList.forbidden(name, 0);
            return range == null || range.start() == 0 || !range.symbol().equals(name)
                    ? OptionalLong.empty()
                    : OptionalLong.of(range.start());
        } catch (BpfException e) {
            return OptionalLong.empty();
        }
    }

    private static OptionalLong named(String name) {
        try {
            long[] found = Kallsyms.running().addressesOf(name);
            return found.length == 1 && found[0] != 0 ? OptionalLong.of(found[0]) : OptionalLong.empty();
        } catch (BpfException e) {
            return OptionalLong.empty();
        }
    }
}
