package org.kprobe4j.bpf.symbols;

import java.util.List;
import org.kprobe4j.bpf.internal.InjectionFolder;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * The functions that a program may have return without having run: those that the kernel's source marks with
 * ALLOW_ERROR_INJECTION(), since their callers handle such an error.
 *
 * <p>Thread-safe. Needs debugfs and root. Since kernel: 4.16, with CONFIG_FUNCTION_ERROR_INJECTION. Source: lib/error-inject.c,
 * Documentation/fault-injection/fault-injection.rst.
 */
public final class InjectableFunctions {
    private InjectableFunctions() {}

    /**
     * Reads debugfs {@code error_injection/list}.
     *
     * @return in the kernel's order
     * @throws org.kprobe4j.bpf.UnsupportedException if debugfs is not mounted or the kernel has no such list
     * @throws org.kprobe4j.bpf.PermissionException if the process may not read it
     */
    public static List<InjectableFunction> read() {
        return read(SystemCalls.linux());
    }

    static List<InjectableFunction> read(SystemCalls calls) {
        return InjectionFolder.list(calls);
    }
}
