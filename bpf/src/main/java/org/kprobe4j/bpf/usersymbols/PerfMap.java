package org.kprobe4j.bpf.usersymbols;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The names that a just-in-time compiler wrote down, one line for each piece of code: {@code START SIZE name}, in hexadecimal. A JVM
 * writes it with {@code jcmd PID Compiler.perfmap}. Later lines replace earlier ones. Source: tools/perf/Documentation/jit-interface.txt.
 */
final class PerfMap {
    private static final int MAX_BYTES = 1 << 26;

    private final FileFacts facts;
    private final SymbolTable names;

    private PerfMap(FileFacts facts, SymbolTable names) {
        this.facts = facts;
        this.names = names;
    }

    /**
     * Reads the file, unless it is the one that was read already.
     *
     * @param file in a folder that everybody may write to
     * @param processOwner the user who may have written it, beside root
     * @return null if there is none that can be trusted
     */
    static @Nullable PerfMap read(Path file, int processOwner, @Nullable PerfMap before) {
        try {
            FileFacts facts = FileFacts.of(file, LinkOption.NOFOLLOW_LINKS);
            boolean trusted = facts.regular() && (facts.owner() == processOwner || facts.owner() == 0);
            if (!trusted || facts.sizeBytes() > MAX_BYTES) {
                return null;
            }
            if (before != null && before.facts.equals(facts)) {
                return before;
            }
            try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
                return new PerfMap(facts, parse(in.readNBytes(MAX_BYTES)));
            }
        } catch (IOException | UnsupportedOperationException e) {
            return null;
        }
    }

    static SymbolTable parse(byte[] text) {
        SymbolTable.Builder builder = new SymbolTable.Builder(text);
        int line = 0;
        for (int at = 0; at < text.length; at++) {
            if (text[at] == '\n') {
                line(text, line, at, builder);
                line = at + 1;
            }
        }
        return builder.build(); // a last line without an end is still being written
    }

    private static void line(byte[] text, int from, int to, SymbolTable.Builder builder) {
        int afterStart = wordEnd(text, from, to);
        int afterSize = wordEnd(text, afterStart + 1, to);
        if (afterStart >= to || afterSize >= to) {
            return;
        }
        long start = hex(text, from, afterStart);
        long size = hex(text, afterStart + 1, afterSize);
        if (start > 0 && size > 0 && start + size > start) {
            builder.add(start, start + size, afterSize + 1, -from);
        }
    }

    private static int wordEnd(byte[] text, int from, int to) {
        int at = from;
        while (at < to && text[at] != ' ') {
            at++;
        }
        return at;
    }

    /** -1 if it is no number of at most 63 bits. */
    private static long hex(byte[] text, int from, int to) {
        long number = 0;
        int at = to - from > 2 && text[from] == '0' && text[from + 1] == 'x' ? from + 2 : from;
        for (; at < to; at++) {
            int digit = Character.digit(text[at], 16);
            if (digit < 0 || number >>> 59 != 0) {
                return -1;
            }
            number = number << 4 | digit;
        }
        return number;
    }

    /** The name of a piece of code, or null. */
    @Nullable
    UserSymbol symbol(long address, String file) {
        int index = names.find(address);
        return index < 0 ? null : new UserSymbol(address, names.name(index), address - names.start(index), file, 0);
    }
}
