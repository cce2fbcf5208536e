package org.kprobe4j.internal;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.kprobe4j.bpf.UnsupportedException;
import org.kprobe4j.bpf.symbols.Kallsyms;
import org.kprobe4j.compiler.PrintFormat;

/** Turns the records of a probe's printed lines into text. Used by one thread at a time. */
public final class LinePrinter {
    private static final int CACHED_SYMBOLS = 4096;

    private final Map<Integer, LineFormatter> formatters = new HashMap<>();
    private final Consumer<String> out;
    private final Map<Long, String> symbols = new LinkedHashMap<>();

    /**
     * A printer.
     *
     * @param formats the lines that may come
     * @param out takes each line's text
     */
    public LinePrinter(List<PrintFormat> formats, Consumer<String> out) {
        formats.forEach(format -> formatters.put(format.id(), new LineFormatter(format, this::symbolize)));
        this.out = out;
    }

    /** Prints a record. */
    public void accept(MemorySegment record) {
        LineFormatter formatter = formatters.get(record.get(ValueLayout.JAVA_INT_UNALIGNED, 0));
        if (formatter != null) {
            out.accept(formatter.format(record));
        }
    }

    /** One pass over kallsyms for all addresses that were not seen before. */
    private List<String> symbolize(long[] addresses) {
        var missing = new TreeMap<Long, Integer>();
        for (long address : addresses) {
            if (!symbols.containsKey(address)) {
                missing.put(address, 0);
            }
        }
        if (!missing.isEmpty()) {
            if (symbols.size() > CACHED_SYMBOLS) {
                symbols.clear();
            }
            long[] wanted = missing.keySet().stream().mapToLong(Long::longValue).toArray();
            try {
                Kallsyms.running()
                        .symbolize(wanted)
                        .forEach(symbol -> symbols.put(symbol.address(), symbol.toString()));
            } catch (UnsupportedException e) {
                // The kernel hides its addresses: they are all that is known, which was said when the probe was
                // planted.
                missing.keySet().forEach(address -> symbols.put(address, "0x%x".formatted(address)));
            }
        }
        var names = new ArrayList<String>();
        for (long address : addresses) {
            names.add(symbols.getOrDefault(address, "0x%x".formatted(address)));
        }
        return names;
    }
}
