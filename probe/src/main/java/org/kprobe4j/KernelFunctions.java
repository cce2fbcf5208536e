package org.kprobe4j;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.symbols.FunctionFiles;
import org.kprobe4j.bpf.symbols.FunctionIndex;
import org.kprobe4j.bpf.symbols.Kallsyms;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.internal.Machine;
import org.kprobe4j.internal.targets.Place;
import org.kprobe4j.internal.targets.Resolution;
import org.kprobe4j.internal.targets.TargetResolver;
import org.kprobe4j.internal.targets.TargetSyntaxException;

/**
 * The functions of the running kernel, for probes whose target has other names on other kernels: {@code
 * Kprobe.at(KernelFunctions.first("folio_mark_accessed", "mark_page_accessed"))}.
 *
 * <p>{@link #first} and {@link #existing} read the kernel's symbols as far as they must: tens of milliseconds, a quarter of a second under
 * emulation. {@link #matching} keeps an index of all functions for the process, which they then use: that takes no time. That a function exists does
 * not say that every call of it is one: the compiler may have inlined some. Source: kernel/kallsyms.c. Thread-safe.
 */
public final class KernelFunctions {
    private KernelFunctions() {}

    /**
     * The functions that a target of many names: {@code vfs_*}, {@code tcp_*,!tcp_v6_*}, {@code /^vfs_(read|write)$/}, {@code nf_tables:*},
     * {@code (struct file *)} for all that take such an argument, {@code @FILE} for a file of names.
     *
     * @param target what to look for
     * @return their names by rising address; without those that no probe can be planted at, and those whose name another one has too
     * @throws UsageException if the target is not written so, with the place
     * @throws RegistrationException if a part of it matches no function that can be probed
     */
    public static List<String> matching(String target) {
        try {
            Resolution found = TargetResolver.running().resolve(target);
            if (!found.unmatched().isEmpty()) {
                Resolution.Unmatched first = found.unmatched().getFirst();
                throw new RegistrationException(first.toString(), first.errno(), null);
            }
            return found.places().stream()
                    .map(Place::function)
                    .filter(function -> function.sameName() == null)
                    .map(Place.Function::name)
                    .toList();
        } catch (TargetSyntaxException e) {
            throw new UsageException(String.valueOf(e.getMessage()));
        }
    }

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
     * The function at which a system call arrives: {@code __x64_sys_fsync}, {@code __arm64_sys_fsync} or {@code sys_fsync}, by this
     * machine. On 64-bit machines its only argument is a {@code struct pt_regs} of the process, which holds the call's arguments.
     * Since kernel: 4.17, on arm64 4.19.
     *
     * @param name the system call's, such as {@code fsync}
     * @return the function for callers of the kernel's own width; that the kernel has it is seen when a probe is registered
     */
    public static String systemCall(String name) {
        return systemCall(Machine.architecture(), name);
    }

    static String systemCall(Architecture architecture, String name) {
        return switch (architecture) {
            case X86_64 -> "__x64_sys_" + name;
            case ARM64 -> "__arm64_sys_" + name;
            case ARM -> "sys_" + name;
        };
    }

    /**
     * Which functions this kernel has, also in modules that are loaded.
     *
     * @param names the functions to look for
     * @return those that exist
     */
    public static Set<String> existing(Set<String> names) {
        FunctionFiles files = FunctionFiles.running();
        if (files.isRead()) {
            FunctionIndex index = files.functions(false);
            return names.stream().filter(index::has).collect(Collectors.toUnmodifiableSet());
        }
        // Ends early where all are found soon, and works where addresses are hidden.
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
