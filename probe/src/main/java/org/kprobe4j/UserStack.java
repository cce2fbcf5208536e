package org.kprobe4j;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The call stack of the process that runs at a probe: {@link Kernel#userStack()}. In a handler it is printed, sent as a component of
 * an event, or used as the key of a map or a component of it; all else works outside. Equal if process and addresses are.
 *
 * <p>The kernel follows frame pointers: code compiled without them ({@code -fomit-frame-pointer}, the default of many distributions)
 * gives a short or a wrong stack.
 *
 * <p>Names are looked up when they are asked for, in what the process had mapped when the stack was first read: so it should live
 * until then. Events are read at once. While a map has such keys, a thread reads them again and again, and rests in between for
 * 20 to 200 milliseconds. The frames of a process that ended before that have no names, and say so;
 * so do those of a JVM's compiled code that it wrote no perf map for ({@code jcmd PID Compiler.perfmap}).
 *
 * <p>Since kernel: 4.18 in lines and events (bpf_get_stack), 4.6 in keys (bpf_get_stackid). Source: kernel/bpf/stackmap.c.
 */
public sealed interface UserStack permits org.kprobe4j.internal.NamedUserStack {
    /**
     * A frame.
     *
     * @param address in the function; of all frames but the first, where the call returns to
     * @param symbol the function, as the file has it (C++ names mangled); null if it is not known
     * @param offset from the function's beginning, in bytes
     * @param file what is mapped there: a path as the process sees it, {@code [vdso]}, or the perf map that had the name; null if it is
     *     not known
     * @param fileAddress the address that the file itself gives to this place, as addr2line wants it; 0 if the file is no ELF file
     */
    record Frame(
            long address,
            @Nullable String symbol,
            long offset,
            @Nullable String file,
            long fileAddress) {
        /**
         * For people.
         *
         * @return {@code function+0xoff (file)}, {@code 0xaddress (file+0xaddress in it)}, or the bare address
         */
        @Override
        public String toString() {
            if (symbol != null) {
                return "%s+0x%x (%s)".formatted(symbol, offset, file);
            } else if (file == null) {
                return "0x%x".formatted(address);
            }
            return fileAddress == 0
                    ? "0x%x (%s)".formatted(address, file)
                    : "0x%x (%s+0x%x)".formatted(address, file, fileAddress);
        }
    }

    /**
     * The process.
     *
     * @return the kernel's tgid
     */
    int pid();

    /**
     * Addresses, innermost first.
     *
     * @return a copy; empty if the task has no such stack, or it was lost
     */
    long[] addresses();

    /**
     * The frames, innermost first, with their names.
     *
     * @return empty if the task has no such stack, or it was lost
     */
    List<Frame> frames();

    /**
     * Whether there are no frames: a task of the kernel has none; of a key, also because another stack has its place in the map or
     * there is no room for it, which {@link #toString()} tells apart.
     *
     * @return true if so
     */
    boolean isLost();

    /**
     * In one line, as flame graphs are made of: {@code _start;main;work;read}.
     *
     * @return the functions, outermost first, without offsets; {@code [file]} where the function is not known
     */
    String folded();

    /**
     * For people.
     *
     * @return a line for each frame, innermost first: {@code function+0xoff (file)}, {@code 0x7f… (process 123 has gone)}
     */
    @Override
    String toString();
}
