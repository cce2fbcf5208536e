package org.kprobe4j.bpf.symbols;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.Failure;
import org.kprobe4j.bpf.Right;
import org.kprobe4j.bpf.SystemCallException;
import org.kprobe4j.bpf.UnsupportedException;
import org.kprobe4j.bpf.internal.KallsymsScan;
import org.kprobe4j.bpf.internal.KernelFiles;
import org.kprobe4j.bpf.internal.KprobesFolder;
import org.kprobe4j.bpf.internal.LineScan;
import org.kprobe4j.bpf.internal.PrivilegeFiles;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * The files in which a kernel tells of its functions, read line by line: /proc/kallsyms, tracefs {@code available_filter_functions},
 * debugfs {@code kprobes/blacklist}, /proc/modules.
 *
 * <p>A pass costs what the kernel needs to write the file: tens of milliseconds on a machine, a third of a second under emulation.
 * Thread-safe and without state. Source: kernel/kallsyms.c, kernel/trace/ftrace.c, kernel/kprobes.c, kernel/module/procfs.c.
 */
public final class FunctionFiles {
    private static final List<String> TRACEFS = List.of("/sys/kernel/tracing/", "/sys/kernel/debug/tracing/");
    private static final String FILTER = "available_filter_functions";
    private static final String FILTER_ADDRESSES = "available_filter_functions_addrs";
    private static final String BLACKLIST = "/sys/kernel/debug/kprobes/blacklist";

    private final SystemCalls calls;
    /** Stands before every path; empty for the running kernel. */
    private final String root;

    private FunctionFiles(SystemCalls calls, String root) {
        this.calls = calls;
        this.root = root;
    }

    /**
     * Of the running kernel.
     *
     * @return its files
     */
    public static FunctionFiles running() {
        return of(SystemCalls.linux());
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
     * Reads the whole blacklist of kprobes.
     *
     * @return its ranges
     * @throws UnsupportedException if debugfs is not mounted or the kernel has no kprobes
     * @throws org.kprobe4j.bpf.PermissionException if the process may not read it
     */
    public ForbiddenRanges forbidden() {
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
        List<LoadedModule> modules = new ArrayList<>();
        for (String line :
                new KernelFiles(calls).readIfPresent(root + "/proc/modules").split("\n", -1)) {
            LoadedModule module = LoadedModule.parse(line);
            if (module != null) {
                modules.add(module);
            }
        }
        return modules;
    }
}
