package org.kprobe4j.lab;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/** The way in: boots a guest, or boots one for a single command. */
public final class Lab {
    private static final int IMPATIENCE = 3;

    private Lab() {}

    /**
     * Downloads what booting this kernel needs, if it is not in the cache yet.
     *
     * @param row the kernel
     * @param progress where the steps are said
     * @throws LabException if that fails
     */
    public static void setUp(KernelRow row, Progress progress) {
        Provisions.of(row, progress);
    }

    /**
     * Whether what booting a kernel needs is in the cache, so that nothing has to be downloaded. Asked of kernels of this machine's
     * architecture.
     *
     * @param row the kernel
     * @return true if so
     */
    public static boolean isSetUp(KernelRow row) {
        LabCache cache = LabCache.open(Progress.stderr());
        return cache.has(Tools.entryName(row.arch())) && cache.has(KernelImage.entryName(row));
    }

    /**
     * The Java runtime for programs under this kernel: this machine's own, or, where the guest's processor is of another kind, one
     * that only the guest can run.
     *
     * @param row the kernel
     * @return the runtime's folder, as the guest names it
     */
    public static Path javaHome(KernelRow row) {
        return row.foreign()
                ? Path.of("/").resolve(row.arch().javaHome(GuestRoot.JAVA))
                : Path.of(System.getProperty("java.home"));
    }

    /**
     * Boots a kernel, setting it up first where needed.
     *
     * @param row the kernel
     * @param options how
     * @return the guest, ready for commands; the caller closes it
     * @throws LabException if it cannot be set up or does not come up
     */
    public static Guest boot(KernelRow row, BootOptions options) {
        return Guest.boot(Provisions.of(row, options.progress()), options);
    }

    /**
     * Boots a kernel for one command that uses this process's streams and gets its signals.
     *
     * @param row the kernel
     * @param command what to run
     * @return the command's exit status; 128 + n if signal n killed it
     * @throws LabException if the guest cannot be booted or does not survive the command
     */
    public static int run(KernelRow row, GuestCommand command) {
        return run(row, BootOptions.of(row), command);
    }

    /**
     * Boots a kernel for one command that uses this process's streams and gets its signals. The third Ctrl-C kills the
     * guest.
     *
     * @param row the kernel
     * @param options how to boot
     * @param command what to run
     * @return the command's exit status; 128 + n if signal n killed it
     * @throws LabException if the guest cannot be booted or does not survive the command
     */
    public static int run(KernelRow row, BootOptions options, GuestCommand command) {
        try (Guest guest = boot(row, options)) {
            AtomicInteger signals = new AtomicInteger();
            try (HostSignals _ = HostSignals.divert(name -> {
                guest.signal(signals.incrementAndGet() < IMPATIENCE ? name : "KILL");
            })) {
                return guest.run(command, GuestStreams.inherit()).status();
            }
        }
    }
}
