package org.kprobe4j.internal.targets;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.symbols.FunctionFiles;
import org.kprobe4j.bpf.symbols.SymbolLine;

/**
 * Finds in ftrace's list which functions can be traced, and by which of their names ftrace knows them: one pass.
 *
 * <p>A variant that has no place for ftrace itself is as traceable as the function of which it was made: the kernel judges so for
 * perf kprobes. Source: within_notrace_func() in kernel/trace/trace_kprobe.c.
 */
final class TraceableCheck {
    /** ftrace's call lies behind the first instructions, such as ENDBR or BTI and, on arm64, room for a pointer. */
    private static final int MAX_CALL_OFFSET_BYTES = 32;

    private final List<Candidate> candidates;
    private final long[] addresses;
    private final NameTable names = new NameTable();
    /** By number of the name: how often ftrace lists it. */
    private int[] listed = new int[0];

    private boolean withAddresses;

    private TraceableCheck(List<Candidate> sorted) {
        this.candidates = sorted;
        this.addresses = sorted.stream().mapToLong(c -> c.address).toArray();
        for (Candidate candidate : sorted) {
            for (String name : candidate.names()) {
                int _ = names.add(name);
            }
            if (candidate.isVariant()) {
                int _ = names.add(candidate.stem());
            }
        }
        listed = new int[names.size()];
    }

    /**
     * Judges functions.
     *
     * @param files the kernel's
     * @param sorted functions by rising address; told what is found
     * @return false if there is no such list
     */
    static boolean judge(FunctionFiles files, List<Candidate> sorted) {
        TraceableCheck check = new TraceableCheck(sorted);
        boolean there = files.forEachTraceable(check::see);
        if (there) {
            check.conclude();
        }
        return there;
    }

    private boolean see(SymbolLine line) {
        int name = names.find(line.bytes(), line.nameFrom(), line.nameTo());
        if (name == NameTable.NONE) {
            return true;
        }
        listed[name]++;
        if (line.address() != 0) {
            withAddresses = true;
            Candidate candidate = at(line.address());
            if (candidate != null) {
                candidate.traceable = Place.Traceable.YES;
                candidate.prefer(line.name());
            }
        }
        return true;
    }

    /** The function whose beginning is a little before an address. */
    private @Nullable Candidate at(long address) {
        int at = Arrays.binarySearch(addresses, address);
        int index = at >= 0 ? at : -at - 2;
        return index >= 0 && address - addresses[index] < MAX_CALL_OFFSET_BYTES ? candidates.get(index) : null;
    }

    private void conclude() {
        if (!withAddresses) {
            byName();
        }
        for (Candidate candidate : candidates) {
            if (candidate.traceable != Place.Traceable.YES) {
                boolean stemListed = candidate.isVariant() && listed(candidate.stem()) > 0;
                candidate.traceable = stemListed
                        ? Place.Traceable.YES
                        : candidate.traceable == Place.Traceable.UNKNOWN && !withAddresses && anyListed(candidate)
                                ? Place.Traceable.UNKNOWN
                                : Place.Traceable.NO;
            }
        }
    }

    /** Without addresses a name that is listed less often than there are functions of it says nothing of any of them. */
    private void byName() {
        Map<String, Integer> functions = new HashMap<>();
        for (Candidate candidate : candidates) {
            candidate.names().stream()
                    .filter(name -> listed(name) > 0)
                    .findFirst()
                    .ifPresent(name -> {
                        candidate.prefer(name);
                        functions.merge(name, 1, Integer::sum);
                    });
        }
        for (Candidate candidate : candidates) {
            Integer count = functions.get(candidate.name());
            if (count != null && listed(candidate.name()) >= count) {
                candidate.traceable = Place.Traceable.YES;
            }
        }
    }

    private boolean anyListed(Candidate candidate) {
        return candidate.names().stream().anyMatch(name -> listed(name) > 0);
    }

    private int listed(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        int number = names.find(bytes, 0, bytes.length);
        return number == NameTable.NONE ? 0 : listed[number];
    }
}
