package org.kprobe4j.bpf.usersymbols;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Names addresses of processes. Files are read once; what a process has mapped is read when it is first asked for, and again when an
 * address is not found in it. So a process is best asked about while it lives: afterwards only what was read before is known.
 *
 * <p>Names come from the full symbol table of the file that is mapped, or from the dynamic one; code without a file has its name from a
 * perf map in the process's /tmp. Thread-safe. Reading of other users' processes needs the rights of ptrace(2). Source:
 * Documentation/filesystems/proc.rst, elf(5).
 */
public final class UserSymbols {
    private static final int MAX_PROCESSES = 256;
    /** Addresses that are none, such as those of a stack without frame pointers, do not make the maps be read each time. */
    private static final long REREAD_NANOS = 1_000_000_000L;

    private static final long CHECK_NANOS = 100_000_000L;

    private final Path proc;
    private final ElfCache files = new ElfCache();

    private final Map<Integer, UserProcess> processes = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Integer, UserProcess> eldest) {
            return size() > MAX_PROCESSES;
        }
    };

    private UserSymbols(Path proc) {
        this.proc = proc;
    }

    /**
     * Of the running system's processes.
     *
     * @return the symbols, with nothing read yet
     */
    public static UserSymbols running() {
        return of(Path.of("/proc"));
    }

    static UserSymbols of(Path proc) {
        return new UserSymbols(proc);
    }

    /**
     * Reads what a process has mapped, unless that is known: to be called while the process surely lives.
     *
     * @param pid the process (the kernel's tgid), as /proc shows it
     * @return whether anything is known about it
     */
    public synchronized boolean remember(int pid) {
        return known(pid) != null;
    }

    /**
     * Names addresses of a process.
     *
     * @param pid the process (the kernel's tgid), as /proc shows it
     * @param addresses any, in any order
     * @return one each, in the same order; bare addresses if the process is gone and was never asked for before
     */
    public synchronized List<UserSymbol> symbolize(int pid, long... addresses) {
        UserProcess known = known(pid);
        return known == null
                ? Arrays.stream(addresses).mapToObj(UserSymbol::unknown).toList()
                : symbolize(known, addresses);
    }

    /**
     * The process that has a number now, with what it has mapped. Whether it is still the one that had the number before is looked
     * up at most ten times a second, and for addresses that it had not mapped.
     *
     * @param pid the process (the kernel's tgid), as /proc shows it
     * @param addresses in it, for which what it has mapped is read anew if they are not in what was read before
     * @return the process; null if it is gone and nobody asked for it before
     */
    public synchronized @Nullable UserProcess process(int pid, long... addresses) {
        UserProcess process = processes.get(pid);
        long now = System.nanoTime();
        // What lies outside of what is known may be another program that the process runs since.
        if (process == null || now - process.checkedAt > CHECK_NANOS || !process.image.hasAll(addresses)) {
            process = known(pid);
        }
        if (process != null) {
            process.checkedAt = now;
            for (long address : addresses) {
                if (process.image.range(address) == null) {
                    reread(process, address);
                }
            }
        }
        return process;
    }

    synchronized List<UserSymbol> symbolize(UserProcess process, long... addresses) {
        List<UserSymbol> symbols = new ArrayList<>(addresses.length);
        for (long address : addresses) {
            if (process.image.range(address) == null) {
                reread(process, address);
            }
            symbols.add(process.image.symbol(address));
        }
        return symbols;
    }

    private @Nullable UserProcess known(int pid) {
        Path folder = proc.resolve(Integer.toString(pid));
        UserProcess known = processes.get(pid);
        String identity = ProcessImage.identity(folder);
        if (known != null && (identity == null || identity.equals(known.image.identity()))) {
            return known;
        }
        ProcessImage image = ProcessImage.read(folder, files);
        if (image == null) {
            return null;
        }
        UserProcess fresh = new UserProcess(this, pid, image);
        processes.put(pid, fresh);
        return fresh;
    }

    /** A library may have been loaded since. */
    private void reread(UserProcess known, long address) {
        long now = System.nanoTime();
        if (known.rereadInVain && now - known.rereadAt < REREAD_NANOS) {
            return;
        }
        ProcessImage image = ProcessImage.read(proc.resolve(Integer.toString(known.pid())), files);
        // One that has ended and waits for its parent has nothing mapped any more.
        if (image != null && image.identity().equals(known.image.identity()) && !image.isEmpty()) {
            known.image = image;
        }
        known.rereadInVain = known.image.range(address) == null;
        known.rereadAt = now;
    }
}
