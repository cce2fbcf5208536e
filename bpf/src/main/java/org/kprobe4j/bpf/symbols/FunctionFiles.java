package org.kprobe4j.bpf.symbols;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.Failure;
import org.kprobe4j.bpf.Right;
import org.kprobe4j.bpf.SystemCallException;
import org.kprobe4j.bpf.UnsupportedException;
import org.kprobe4j.bpf.internal.KallsymsScan;
import org.kprobe4j.bpf.internal.KernelFiles;
import org.kprobe4j.bpf.internal.KprobesFolder;
import org.kprobe4j.bpf.internal.LineAhead;
import org.kprobe4j.bpf.internal.LineScan;
import org.kprobe4j.bpf.internal.PrivilegeFiles;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * The files in which a kernel tells of its functions, read line by line: /proc/kallsyms, tracefs {@code available_filter_functions},
 * debugfs {@code kprobes/blacklist}, /proc/modules.
 *
 * <p>A pass costs what the kernel needs to write the file: tens of milliseconds on a machine, a third of a second under emulation.
 * Thread-safe. Source: kernel/kallsyms.c, kernel/trace/ftrace.c, kernel/kprobes.c, kernel/module/procfs.c.
 */
public final class FunctionFiles {
    private static final List<String> TRACEFS = List.of("/sys/kernel/tracing/", "/sys/kernel/debug/tracing/");
    private static final String FILTER = "available_filter_functions";
    private static final String FILTER_ADDRESSES = "available_filter_functions_addrs";
    private static final int AHEAD_BYTES = 1 << 18;
    private static final int WHOLE_LIST_BYTES = 1 << 22;
    private static final String BLACKLIST = "/sys/kernel/debug/kprobes/blacklist";

    private final SystemCalls calls;
    /** Stands before every path; empty for the running kernel. */
    private final String root;

    /** What was read, for as long as the same modules are loaded. */
    private @Nullable FunctionIndex index;

    private @Nullable TraceableFunctions traceable;
    private String indexedModules = "";
    private @Nullable ForbiddenRanges forbidden;
    private String forbiddenModules = "";
    private String latestLines = "";
    private String latestLoaded = "";

    private FunctionFiles(SystemCalls calls, String root) {
        this.calls = calls;
        this.root = root;
    }

    private static final class Running {
        static final FunctionFiles FILES = of(SystemCalls.linux());
    }

    /**
     * Of the running kernel.
     *
     * @return its files, always the same object, so that what they tell is read once
     */
    public static FunctionFiles running() {
        return Running.FILES;
    }

    static FunctionFiles of(SystemCalls calls) {
        return new FunctionFiles(calls, "");
    }

    /**
     * Copies of a kernel's files, of this machine's word size.
     *
     * @param root a folder in which they lie as below {@code /}, tracefs in {@code sys/kernel/tracing}
     * @return the files
     */
    public static FunctionFiles under(Path root) {
        return new FunctionFiles(SystemCalls.linux(), root.toAbsolutePath().toString());
    }

    /** Sees one symbol. */
    @FunctionalInterface
    public interface SymbolVisitor {
        /**
         * One symbol.
         *
         * @param line used again for the next one
         * @return whether to go on
         */
        boolean symbol(SymbolLine line);
    }

    /**
     * Shows all symbols, data included: the kernel's own by rising address, then those of modules, module by module in no order. What lies at
     * address 0 is not shown.
     *
     * @param visitor sees each
     * @throws UnsupportedException if the kernel shows all addresses as 0
     */
    public void forEachSymbol(SymbolVisitor visitor) {
        int digits = KallsymsScan.addressDigits(calls);
        SymbolLine line = new SymbolLine();
        boolean[] shown = {false};
        KallsymsScan.run(calls, root + KallsymsScan.PATH, (bytes, from, end) -> {
            line.readKallsyms(bytes, from, end, digits);
            if (line.address() == 0) {
                return true;
            }
            shown[0] = true;
            return visitor.symbol(line);
        });
        if (!shown[0]) {
            throw Kallsyms.hidden(calls);
        }
    }

    /**
     * All functions of the kernel and its modules: read when they are first asked for, and again when other modules are loaded.
     *
     * @param withTraceable whether {@link #traceable} will be asked for, too: then both files are read at once
     * @return the functions, by rising address
     * @throws UnsupportedException if the kernel shows all addresses as 0
     */
    public synchronized FunctionIndex functions(boolean withTraceable) {
        String modules = loaded();
        FunctionIndex known = index;
        if (known == null || !modules.equals(indexedModules)) {
            index = null;
            traceable = null;
            known = readIndex(withTraceable);
            index = known;
            indexedModules = modules;
        }
        return known;
    }

    /**
     * Which functions of an index ftrace can trace.
     *
     * @param functions what {@link #functions} gave
     * @return nothing if there is no such list, as without CONFIG_DYNAMIC_FTRACE, without tracefs at its usual places or without the
     *     right to read it
     */
    public synchronized Optional<TraceableFunctions> traceable(FunctionIndex functions) {
        if (functions == index && traceable != null) {
            return Optional.of(traceable);
        }
        try (LineAhead list = openTraceable()) {
            TraceableFunctions read = readTraceable(functions, list);
            if (functions == index) {
                traceable = read;
            }
            return Optional.ofNullable(read);
        }
    }

    /** Whether {@link #functions} would answer at once. */
    public synchronized boolean isRead() {
        return index != null && loaded().equals(indexedModules);
    }

    /** Of each module what it is and where: not how many use it. */
    private String loaded() {
        String lines = new KernelFiles(calls).readIfPresent(root + "/proc/modules");
        if (lines.equals(latestLines)) {
            return latestLoaded;
        }
        StringBuilder text = new StringBuilder();
        for (LoadedModule module : modules(lines)) {
            text.append(module.name())
                    .append(' ')
                    .append(module.sizeBytes())
                    .append(' ')
                    .append(module.state())
                    .append(' ')
                    .append(module.address())
                    .append('\n');
        }
        latestLines = lines;
        latestLoaded = text.toString();
        return latestLoaded;
    }

    private FunctionIndex readIndex(boolean withTraceable) {
        try (LineAhead symbols = new LineAhead(calls, root + KallsymsScan.PATH, AHEAD_BYTES);
                @Nullable LineAhead list = withTraceable ? openTraceable() : null) {
            FunctionIndexer indexer = new FunctionIndexer(KallsymsScan.addressDigits(calls));
            KallsymsScan.run(calls, root + KallsymsScan.PATH, symbols, indexer::line);
            if (!indexer.hasAddresses()) {
                throw Kallsyms.hidden(calls);
            }
            FunctionIndex read = indexer.index();
            if (list != null) {
                traceable = readTraceable(read, list);
            }
            return read;
        }
    }

    /** Ahead as far as the whole file: it waits for the symbols. */
    private LineAhead openTraceable() {
        String tracefs = new KernelFiles(calls).exists(root + TRACEFS.getFirst() + FILTER)
                ? TRACEFS.getFirst()
                : TRACEFS.getLast();
        return new LineAhead(calls, root + tracefs + FILTER, WHOLE_LIST_BYTES);
    }

    private static @Nullable TraceableFunctions readTraceable(FunctionIndex functions, LineAhead list) {
        TraceableFunctions followed = new TraceableFunctions(functions);
        SymbolLine line = new SymbolLine();
        long result = list.forEachLine(FILTER, 1, (bytes, from, end) -> {
            line.readTraceable(bytes, from, end, false);
            return followed.see(line);
        });
        return result < 0 ? null : followed;
    }

    /**
     * Names many addresses in one pass, as the kernel would print them.
     *
     * @param addresses any, in any order
     * @return one each, in the same order
     * @throws UnsupportedException if the kernel shows all addresses as 0
     */
    public List<Symbol> symbolize(long... addresses) {
        Symbolizer symbolizer = new Symbolizer(addresses, KallsymsScan.addressDigits(calls));
        KallsymsScan.run(calls, root + KallsymsScan.PATH, symbolizer::line);
        if (symbolizer.allHidden()) {
            throw Kallsyms.hidden(calls);
        }
        return symbolizer.symbols();
    }

    /**
     * Shows the functions that ftrace can trace, by the name that ftrace gives them, with the address of the call that ftrace
     * owns, which lies up to some instructions behind the function's first byte. Since kernel: 6.5 for addresses; earlier ones give
     * names only.
     *
     * @param visitor sees each; {@link SymbolLine#address} is 0 where the kernel does not tell
     * @return true, or false if there is no such list, as without CONFIG_DYNAMIC_FTRACE, without tracefs at its usual places or
     *     without the right to read it
     */
    public boolean forEachTraceable(SymbolVisitor visitor) {
        for (String tracefs : TRACEFS) {
            if (scanTraceable(root + tracefs + FILTER_ADDRESSES, true, visitor)
                    || scanTraceable(root + tracefs + FILTER, false, visitor)) {
                return true;
            }
        }
        return false;
    }

    private boolean scanTraceable(String path, boolean addresses, SymbolVisitor visitor) {
        SymbolLine line = new SymbolLine();
        return LineScan.run(calls, path, 1, (bytes, from, end) -> {
                    line.readTraceable(bytes, from, end, addresses);
                    return visitor.symbol(line);
                })
                >= 0;
    }

    /**
     * The whole blacklist of kprobes, read again when other modules are loaded.
     *
     * @return its ranges
     * @throws UnsupportedException if debugfs is not mounted or the kernel has no kprobes
     * @throws org.kprobe4j.bpf.PermissionException if the process may not read it
     */
    public synchronized ForbiddenRanges forbidden() {
        ForbiddenRanges known = forbidden;
        String modules = loaded();
        if (known == null || !modules.equals(forbiddenModules)) {
            forbiddenModules = modules;
            known = readForbidden();
            forbidden = known;
        }
        return known;
    }

    private ForbiddenRanges readForbidden() {
        if (root.isEmpty()) {
            return ForbiddenRanges.parse(KprobesFolder.read(calls, "blacklist"));
        }
        StringBuilder text = new StringBuilder();
        long result = new KernelFiles(calls).read(root + BLACKLIST, text);
        if (result < 0) {
            throw refused(root + BLACKLIST, (int) -result);
        }
        return ForbiddenRanges.parse(text.toString());
    }

    private BpfException refused(String path, int errno) {
        Failure failure = Failure.of("read", path, errno);
        return switch (errno) {
            case Errno.ENOENT -> new UnsupportedException(failure);
            case Errno.EPERM, Errno.EACCES -> PrivilegeFiles.read(calls).refusal(Right.ROOT_FILE, "read", path, errno);
            default -> new SystemCallException(failure);
        };
    }

    /**
     * The modules that are loaded, those that come or go included.
     *
     * @return in the kernel's order; empty also for a kernel without modules
     */
    public List<LoadedModule> modules() {
        return modules(new KernelFiles(calls).readIfPresent(root + "/proc/modules"));
    }

    private static List<LoadedModule> modules(String lines) {
        List<LoadedModule> modules = new ArrayList<>();
        for (String line : lines.split("\n", -1)) {
            LoadedModule module = LoadedModule.parse(line);
            if (module != null) {
                modules.add(module);
            }
        }
        return modules;
    }
}
