package org.kprobe4j.bpf.symbols;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.Failure;
import org.kprobe4j.bpf.Privileges;
import org.kprobe4j.bpf.Right;
import org.kprobe4j.bpf.UnsupportedException;
import org.kprobe4j.bpf.internal.KallsymsScan;
import org.kprobe4j.bpf.internal.PrivilegeFiles;
import org.kprobe4j.bpf.internal.SystemCalls;
import org.kprobe4j.btf.NearestNames;

/**
 * The kernel's symbols, searched in /proc/kallsyms without keeping it.
 *
 * <p>Every method makes one pass, which is tens of milliseconds on a machine and up to a second under emulation; so ask for
 * many things at once. Thread-safe and without state: run it in a thread of its own where that saves time. Source:
 * kernel/kallsyms.c.
 */
public final class Kallsyms {
    private final SystemCalls calls;

    private Kallsyms(SystemCalls calls) {
        this.calls = calls;
    }

    /**
     * The running kernel's.
     *
     * @return the symbols
     */
    public static Kallsyms running() {
        return of(SystemCalls.linux());
    }

    static Kallsyms of(SystemCalls calls) {
        return new Kallsyms(calls);
    }

    /**
     * The addresses of all functions of a name: several if it is not unique.
     *
     * @param name the name, such as {@code vfs_read}
     * @return the addresses in the kernel's order, empty if there is no such function
     * @throws UnsupportedException if the kernel shows all addresses as 0
     */
    public long[] addressesOf(String name) {
        long[] addresses = KallsymsScan.addressesOf(calls, name);
        if (Arrays.stream(addresses).anyMatch(address -> address == 0)) {
            throw hidden(calls);
        }
        return addresses;
    }

    /**
     * The addresses of variables, those of each CPU's own relative to its area. Needs CONFIG_KALLSYMS_ALL.
     *
     * @param names the names, such as {@code jiffies}
     * @return for each that exists its address; several if the name is not unique, modules' only where the kernel has none
     * @throws UnsupportedException if the kernel shows all addresses as 0
     */
    public Map<String, List<Long>> variables(Set<String> names) {
        VariableSearch search = new VariableSearch(names, KallsymsScan.addressDigits(calls));
        KallsymsScan.run(calls, search::line);
        if (search.allHidden()) {
            throw hidden(calls);
        }
        return search.found();
    }

    /**
     * The names of variables that differ least from a name, for "did you mean".
     *
     * @param name what was asked for
     * @param limit how many at most
     * @return the nearest first; empty if nothing is near
     */
    public List<String> nearestVariables(String name, int limit) {
        NearestNames nearest = new NearestNames(name, limit);
        int digits = KallsymsScan.addressDigits(calls);
        KallsymsScan.run(calls, (bytes, line, end) -> {
            if (!KallsymsScan.isText(bytes[line + digits + 1])) {
                int from = line + KallsymsScan.nameOffset(digits);
                int to = KallsymsScan.nameEnd(bytes, from, end);
                nearest.offer(new String(bytes, from, to - from, StandardCharsets.UTF_8));
            }
            return true;
        });
        return nearest.best();
    }

    static UnsupportedException hidden(SystemCalls calls) {
        Privileges privileges = PrivilegeFiles.read(calls);
        List<String> why = privileges.obstacles(Right.ADDRESSES);
        String reason = "the kernel shows every address as 0" + (why.isEmpty() ? "" : ": " + String.join(", ", why));
        String remedy = privileges.remedy(Right.ADDRESSES);
        return new UnsupportedException(new Failure("read", KallsymsScan.PATH, 0, reason, remedy));
    }

    /**
     * What the kernel has of a name, also where it hides addresses.
     *
     * @param name the name
     * @return the type of each symbol of that name, as nm(1) has them: {@code T} or {@code t} for a function; empty for none
     */
    public String types(String name) {
        byte[] wanted = name.getBytes(StandardCharsets.UTF_8);
        int digits = KallsymsScan.addressDigits(calls);
        StringBuilder types = new StringBuilder();
        KallsymsScan.run(calls, (bytes, line, end) -> {
            if (KallsymsScan.isNamed(bytes, line + KallsymsScan.nameOffset(digits), end, wanted)) {
                types.append((char) bytes[line + digits + 1]);
            }
            return true;
        });
        return types.toString();
    }

    /** Sees the name of a function. */
    @FunctionalInterface
    public interface NameVisitor {
        /**
         * One function.
         *
         * @param bytes a reused array that holds the name
         * @param from where it begins
         * @param to where it ends, exclusive
         * @return whether to go on
         */
        boolean name(byte[] bytes, int from, int to);
    }

    /**
     * Shows the names of all functions, also of modules; works where addresses are hidden.
     *
     * @param visitor sees each name in an array that is used again: it copies what it keeps
     */
    public void forEachFunction(NameVisitor visitor) {
        int digits = KallsymsScan.addressDigits(calls);
        int nameOffset = KallsymsScan.nameOffset(digits);
        KallsymsScan.run(calls, (bytes, line, end) -> {
            if (!KallsymsScan.isText(bytes[line + digits + 1])) {
                return true;
            }
            int name = line + nameOffset;
            return visitor.name(bytes, name, KallsymsScan.nameEnd(bytes, name, end));
        });
    }

    /**
     * The function names that differ least from a name, for "did you mean".
     *
     * @param name what was asked for
     * @param limit how many at most
     * @return the nearest first; empty if nothing is near
     */
    public List<String> nearest(String name, int limit) {
        NearestNames nearest = new NearestNames(name, limit);
        forEachFunction((bytes, from, to) -> {
            nearest.offer(new String(bytes, from, to - from, StandardCharsets.UTF_8));
            return true;
        });
        return nearest.best();
    }

    /**
     * Names many addresses in one pass, as the kernel would print them.
     *
     * @param addresses any, in any order
     * @return one each, in the same order
     * @throws UnsupportedException if the kernel shows all addresses as 0
     */
    public List<Symbol> symbolize(long... addresses) {
        if (addresses.length == 0) {
            return List.of();
        }
        Symbolizer symbolizer = new Symbolizer(addresses, KallsymsScan.addressDigits(calls));
        KallsymsScan.run(calls, symbolizer::line);
        if (symbolizer.allHidden()) {
            throw hidden(calls);
        }
        return symbolizer.symbols();
    }

    /**
     * Names one address.
     *
     * @param address the address
     * @return the symbol, or null if the address is in none
     */
    public @Nullable Symbol symbolize(long address) {
        Symbol symbol = symbolize(new long[] {address}).getFirst();
        return symbol.name() == null ? null : symbol;
    }
}
