package org.kprobe4j;

/**
 * What {@link Kernel} offers, one method for each of its own: answered by {@link SimulatedCalls} when a handler runs in the JVM. To
 * add a method to {@link Kernel}, add it here and there too.
 */
interface KernelCalls {
    long ktimeNs();

    long bootTimeNs();

    int random();

    int cpu();

    int pid();

    int tid();

    int uid();

    int gid();

    long cgroupId();

    String comm();

    <T extends KernelStruct> T current(Class<T> type);

    <T extends KernelStruct> T struct(long address, Class<T> type);

    KernelStack stack();

    void printf(String format, Object... arguments);

    void dumpStack();
}
