package org.kprobe4j.bpf;

import java.util.ArrayList;
import java.util.List;
import org.kprobe4j.bpf.internal.KernelFiles;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * The CPUs that could ever be: per-CPU maps have a value for each, in this order. There may be gaps between their numbers.
 *
 * <p>Source: Documentation/ABI/testing/sysfs-devices-system-cpu, cpu_possible_mask.
 *
 * @param numbers in ascending order; never empty
 */
public record PossibleCpus(List<Integer> numbers) {
    /** Copies the list. */
    public PossibleCpus {
        numbers = List.copyOf(numbers);
    }

    /**
     * Those of the running kernel.
     *
     * @return the CPUs; only number 0 where the kernel does not say
     */
    public static PossibleCpus running() {
        return running(SystemCalls.linux());
    }

    /** Those of a kernel. */
    static PossibleCpus running(SystemCalls calls) {
        return parse(new KernelFiles(calls).readIfPresent("/sys/devices/system/cpu/possible"));
    }

    /** Reads a list such as {@code 0-3,8}. */
    static PossibleCpus parse(String list) {
        var numbers = new ArrayList<Integer>();
        for (String range : list.strip().split(",", -1)) {
            if (!range.isEmpty()) {
                String[] bounds = range.split("-", -1);
                int last = Integer.parseInt(bounds[bounds.length - 1]);
                for (int cpu = Integer.parseInt(bounds[0]); cpu <= last; cpu++) {
                    numbers.add(cpu);
                }
            }
        }
        return new PossibleCpus(numbers.isEmpty() ? List.of(0) : numbers);
    }

    /**
     * One more than the highest number.
     *
     * @return at least the number of CPUs
     */
    public int bound() {
        return numbers.getLast() + 1;
    }

    /**
     * So many rows that a mask keeps each number inside.
     *
     * @return the smallest power of two that is not below {@link #bound()}
     */
    public int rows() {
        return Integer.highestOneBit(numbers.getLast() * 2 + 1);
    }
}
