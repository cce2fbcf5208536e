package org.kprobe4j;

/** The CPU on which a handler runs in the JVM, for objects that have a value for each. */
final class SimulatedCpu {
    private SimulatedCpu() {}

    /** Its number; {@code call} says what is done, where no handler does it. */
    static int current(String call) {
        SimulatedKernel kernel = SimulatedKernel.inHandler();
        if (kernel == null) {
            throw SimulatedKernel.outside(call);
        }
        int cpu = kernel.calls().cpu();
        if (cpu < 0 || cpu >= SimulatedKernel.POSSIBLE_CPUS) {
            throw new UsageException("%s on CPU %d: a SimulatedKernel's per-CPU objects have CPUs 0 to %d"
                    .formatted(call, cpu, SimulatedKernel.POSSIBLE_CPUS - 1));
        }
        return cpu;
    }
}
