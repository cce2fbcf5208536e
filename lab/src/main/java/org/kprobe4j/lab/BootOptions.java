package org.kprobe4j.lab;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How to boot a guest.
 *
 * @param memoryMib the guest's memory, in MiB
 * @param cpus the number of its processors; 1 if instructions are counted
 * @param countInstructions whether the guest's clock advances by instructions instead of time, one nanosecond each, so
 *     that a measurement repeats whatever else the machine does
 * @param bootLimit how long the guest may take until it takes commands; past that it counts as hung
 * @param exchange a folder to share with the guest, read and write; empty for a temporary one
 * @param append further words for the kernel's command line
 * @param progress where the steps of the set-up are said
 */
public record BootOptions(
        int memoryMib,
        int cpus,
        boolean countInstructions,
        Duration bootLimit,
        Optional<Path> exchange,
        List<String> append,
        Progress progress) {

    /** Where the guest sees the exchange folder; commands find it in {@code KPROBE4J_EXCHANGE}. */
    public static final String EXCHANGE_IN_GUEST = "/run/kprobe4j/exchange";

    /** Keeps its own copy of the list and checks the numbers. */
    public BootOptions {
        append = List.copyOf(append);
        if (memoryMib < 128 || cpus < 1) {
            throw new LabException("lab: a guest needs at least 128 MiB and 1 processor, not " + memoryMib + " MiB and "
                    + cpus + " processors");
        }
        if (countInstructions && cpus != 1) {
            throw new LabException("lab: instructions can be counted on 1 processor only, not on " + cpus);
        }
    }

    /**
     * One GiB, two processors, a minute to boot.
     *
     * @return the usual options
     */
    public static BootOptions defaults() {
        return new BootOptions(1024, 2, false, Duration.ofSeconds(60), Optional.empty(), List.of(), Progress.stderr());
    }

    /**
     * The usual options for a kernel. 32-bit Arm gets one processor: where several are emulated, all must stop whenever one changes the
     * page tables, which costs a JVM half a minute before its main.
     *
     * @param row the kernel
     * @return the options to boot it with
     */
    public static BootOptions of(KernelRow row) {
        return row.arch() == Arch.ARMHF ? defaults().cpus(1).bootLimit(Duration.ofMinutes(3)) : defaults();
    }

    /**
     * These options with instructions counted, on one processor.
     *
     * @return a copy
     */
    public BootOptions countingInstructions() {
        return new BootOptions(memoryMib, 1, true, bootLimit, exchange, append, progress);
    }

    /**
     * These options with another memory size.
     *
     * @param mib the guest's memory, in MiB
     * @return a copy
     */
    public BootOptions memoryMib(int mib) {
        return new BootOptions(mib, cpus, countInstructions, bootLimit, exchange, append, progress);
    }

    /**
     * These options with another number of processors.
     *
     * @param number how many
     * @return a copy
     */
    public BootOptions cpus(int number) {
        return new BootOptions(memoryMib, number, countInstructions, bootLimit, exchange, append, progress);
    }

    /**
     * These options with another limit.
     *
     * @param limit how long the guest may take until it takes commands
     * @return a copy
     */
    public BootOptions bootLimit(Duration limit) {
        return new BootOptions(memoryMib, cpus, countInstructions, limit, exchange, append, progress);
    }

    /**
     * These options with a folder to share.
     *
     * @param folder an existing folder of this machine
     * @return a copy
     */
    public BootOptions exchange(Path folder) {
        return new BootOptions(memoryMib, cpus, countInstructions, bootLimit, Optional.of(folder), append, progress);
    }

    /**
     * These options with further words for the kernel's command line.
     *
     * @param words for example {@code loglevel=7}
     * @return a copy
     */
    public BootOptions append(String... words) {
        List<String> all = Stream.concat(append.stream(), Stream.of(words)).toList();
        return new BootOptions(memoryMib, cpus, countInstructions, bootLimit, exchange, all, progress);
    }

    /**
     * These options with another listener.
     *
     * @param listener where the steps of the set-up are said
     * @return a copy
     */
    public BootOptions progress(Progress listener) {
        return new BootOptions(memoryMib, cpus, countInstructions, bootLimit, exchange, append, listener);
    }
}
