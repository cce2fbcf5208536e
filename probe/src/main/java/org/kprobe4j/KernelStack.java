package org.kprobe4j;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The kernel's call stack at a probe: {@link Kernel#stack()}. In a handler it is printed, sent as a component of an event, or used
 * as the key of a map or a component of it; all else works outside. Equal if the addresses are. Names are looked up when they are
 * asked for.
 *
 * <p>At a function's return the kernel's stack begins with the trampoline that it returns to. In an event the function stands in its
 * place; in a line or a key, which many functions may share, the trampoline stays, and {@link #folded()} leaves it out. Who called
 * the function the kernel does not always find there: older ones see nothing behind the trampoline. At the entry they do.
 *
 * <p>Since kernel: 4.18 in lines and events (bpf_get_stack), 4.6 in keys (bpf_get_stackid). Source: kernel/bpf/stackmap.c.
 */
public sealed interface KernelStack permits org.kprobe4j.internal.NamedKernelStack {
    /**
     * A frame.
     *
     * @param address in the function; of all frames but the first, where the call returns to
     * @param symbol the function; null if it is not known
     * @param offset from the function's beginning, in bytes
     * @param sizeBytes the function's size, 0 if it is not known
     * @param module the module it is in; null for the kernel itself
     */
    record Frame(
            long address,
            @Nullable String symbol,
            long offset,
            long sizeBytes,
            @Nullable String module) {
        /**
         * As printk writes it.
         *
         * @return {@code symbol+0xoff/0xsize [module]}, or the bare address
         */
        @Override
        public String toString() {
            if (symbol == null) {
                return "0x%x".formatted(address);
            }
            String text = "%s+0x%x/0x%x".formatted(symbol, offset, sizeBytes);
            return module == null ? text : text + " [" + module + "]";
        }
    }

    /**
     * Addresses, innermost first.
     *
     * @return a copy; empty if the stack was lost
     */
    long[] addresses();

    /**
     * The frames, innermost first, with their names.
     *
     * @return empty if the stack was lost
     */
    List<Frame> frames();

    /**
     * Whether there are no frames: of a key, because another stack has its place in the map or there is no room for it, which
     * {@link #toString()} tells apart.
     *
     * @return true if so
     */
    boolean isLost();

    /**
     * In one line, as flame graphs are made of: {@code entry_SYSCALL_64_after_hwframe;do_syscall_64;ksys_read;vfs_read}.
     *
     * @return the functions, outermost first, without offsets
     */
    String folded();

    /**
     * As {@code dump_stack()} prints it.
     *
     * @return a line for each frame, innermost first
     */
    @Override
    String toString();
}
