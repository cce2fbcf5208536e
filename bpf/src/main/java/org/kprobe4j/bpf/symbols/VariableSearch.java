package org.kprobe4j.bpf.symbols;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.kprobe4j.bpf.internal.KallsymsScan;

/** Looks for some variables in one pass over /proc/kallsyms; a name is made only for a line that is one of them. */
final class VariableSearch {
    /** One name and where it was found. */
    private static final class Wanted {
        private final String name;
        private final byte[] bytes;
        private final List<Long> kernel = new ArrayList<>();
        private final List<Long> modules = new ArrayList<>();
        /** Marked as code: Linux 7.2 says so of init_task and jiffies. */
        private final List<Long> marked = new ArrayList<>();

        Wanted(String name) {
            this.name = name;
            this.bytes = name.getBytes(StandardCharsets.UTF_8);
        }

        boolean isAt(byte[] line, int from, int to) {
            return Arrays.equals(line, from, to, bytes, 0, bytes.length);
        }
    }

    private final int digits;
    private final List<Wanted> names;
    private boolean hidden = true;

    VariableSearch(Set<String> names, int digits) {
        this.digits = digits;
        this.names = names.stream().map(Wanted::new).toList();
    }

    boolean line(byte[] bytes, int line, int end) {
        // The first symbols of a kernel may truly lie at 0: each CPU's own are relative.
        hidden = hidden && KallsymsScan.address(bytes, line, digits) == 0;
        boolean text = KallsymsScan.isText(bytes[line + digits + 1]);
        int from = line + KallsymsScan.nameOffset(digits);
        int to = KallsymsScan.nameEnd(bytes, from, end);
        for (Wanted wanted : names) {
            if (wanted.isAt(bytes, from, to)) {
                (text ? wanted.marked : to == end ? wanted.kernel : wanted.modules)
                        .add(KallsymsScan.address(bytes, line, digits));
            }
        }
        return true;
    }

    /** Whether the kernel showed no address at all; to be asked after the last line. */
    boolean allHidden() {
        return hidden;
    }

    Map<String, List<Long>> found() {
        var found = new HashMap<String, List<Long>>();
        for (Wanted wanted : names) {
            List<Long> data = wanted.kernel.isEmpty() ? wanted.modules : wanted.kernel;
            List<Long> places = data.isEmpty() ? wanted.marked : data;
            if (!places.isEmpty()) {
                found.put(wanted.name, List.copyOf(places));
            }
        }
        return found;
    }
}
