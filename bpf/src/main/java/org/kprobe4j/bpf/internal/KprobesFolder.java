package org.kprobe4j.bpf.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.symbols.PlantedProbe;

/** Files of /sys/kernel/debug/kprobes, and why they cannot be read. */
public final class KprobesFolder {
    private KprobesFolder() {}

    /**
     * Reads one of its files.
     *
     * @param calls the kernel
     * @param file such as {@code list}
     * @return the text
     */
    public static String read(SystemCalls calls, String file) {
        return DebugFile.read(calls, "kprobes/" + file, "this kernel has no kprobes (CONFIG_KPROBES)");
    }

    /**
     * All probes that are planted.
     *
     * @param calls the kernel
     * @return in the kernel's order
     */
    public static List<PlantedProbe> planted(SystemCalls calls) {
        return parse(read(calls, "list"));
    }

    static List<PlantedProbe> parse(String text) {
        List<PlantedProbe> probes = new ArrayList<>();
        for (String line : text.split("\n", -1)) {
            PlantedProbe probe = parseLine(line.strip());
            if (probe != null) {
                probes.add(probe);
            }
        }
        return probes;
    }

    /**
     * {@code ffffffff8108b6e4  k  kernel_clone+0x4    [FTRACE]}: address, kind, place, module if any, flags if any.
     *
     * <p>The module has no brackets; the flags have. A probe outside of any symbol has a bare address as its place.
     */
    private static @Nullable PlantedProbe parseLine(String line) {
        String[] words = line.split("\\s+", 4);
        if (words.length < 3) {
            return null;
        }
        String rest = words.length == 4 ? words[3] : "";
        int plus = words[2].lastIndexOf("+0x");
        String symbol = plus < 0 ? words[2] : words[2].substring(0, plus);
        long offset = plus < 0 ? 0 : Long.parseUnsignedLong(words[2].substring(plus + 3), 16);
        String module = rest.isEmpty() || rest.startsWith("[") ? null : rest.split("\\s+", 2)[0];
        return new PlantedProbe(
                hex(words[0]),
                words[1].toLowerCase(Locale.ROOT).equals("r"),
                symbol,
                offset,
                module,
                rest.contains("[GONE]"),
                rest.contains("[DISABLED]"),
                rest.contains("[OPTIMIZED]"),
                rest.contains("[FTRACE]"));
    }

    /**
     * Reads a pointer as the kernel prints it.
     *
     * @param pointer hexadecimal with or without 0x; or {@code (null)} where addresses are hidden
     * @return the address, or 0
     */
    public static long hex(String pointer) {
        String digits = pointer.startsWith("0x") ? pointer.substring(2) : pointer;
        try {
            return Long.parseUnsignedLong(digits, 16);
        } catch (NumberFormatException _) {
            return 0;
        }
    }
}
