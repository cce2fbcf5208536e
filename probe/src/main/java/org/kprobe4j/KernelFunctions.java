package org.kprobe4j;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.symbols.Kallsyms;

/**
 * The functions of the running kernel, for probes whose target has other names on other kernels: {@code
 * Kprobe.at(KernelFunctions.first("folio_mark_accessed", "mark_page_accessed"))}.
 *
 * <p>Each method reads the kernel's symbols once: tens of milliseconds, up to a second under emulation. That a function exists does
 * not say that every call of it is one: the compiler may have inlined some. Source: kernel/kallsyms.c. Thread-safe.
 */
public final class KernelFunctions {
    private KernelFunctions() {}

    /**
     * The first of some functions that this kernel has, also in a module that is loaded.
     *
     * @param names the most wanted first
     * @return one of them
     * @throws RegistrationException if it has none (ENOENT)
     */
    public static String first(String... names) {
        Set<String> there = existing(Set.of(names));
        return Arrays.stream(names)
                .filter(there::contains)
                .findFirst()
                .orElseThrow(() -> new RegistrationException(
                        "this kernel has none of the functions %s".formatted(String.join(", ", names)),
                        Errno.ENOENT,
                        null));
    }

    /**
     * Which functions this kernel has, also in modules that are loaded.
     *
     * @param names the functions to look for
     * @return those that exist
     */
    public static Set<String> existing(Set<String> names) {
        List<byte[]> wanted = names.stream()
                .map(name -> name.getBytes(StandardCharsets.UTF_8))
                .toList();
        var found = new HashSet<String>();
        Kallsyms.running().forEachFunction((bytes, from, to) -> {
            for (byte[] name : wanted) {
                if (Arrays.equals(bytes, from, to, name, 0, name.length)) {
                    found.add(new String(name, StandardCharsets.UTF_8));
                }
            }
            return found.size() < names.size();
        });
        return Set.copyOf(found);
    }
}
