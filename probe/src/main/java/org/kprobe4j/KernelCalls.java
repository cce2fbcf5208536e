package org.kprobe4j;

import java.net.Inet4Address;
import java.net.Inet6Address;

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

    String string(long address, int maxBytes);

    String string(byte[] bytes, int offset);

    String userString(long address, int maxBytes);

    String stringOrEmpty(long address, int maxBytes);

    String userStringOrEmpty(long address, int maxBytes);

    int byteLength(String string);

    void read(long address, byte[] into, int offset, int length);

    void readUser(long address, byte[] into, int offset, int length);

    /** {@code call} is the method of Kernel that asks, as faults name it. */
    long number(String call, long address, int sizeBytes, boolean user);

    String path(KernelStruct structure);

    Inet4Address ipv4(int bigEndian);

    Inet6Address ipv6(KernelStruct in6Addr);

    int ntohs(int bigEndian);

    int ntohl(int bigEndian);

    <T extends KernelStruct> T containerOf(KernelStruct member, Class<T> outer, String field);

    boolean exists(Class<? extends KernelStruct> type, String field);

    long enumValue(String enumType, String constant);

    <T extends KernelGlobals> T globals(Class<T> type);

    KernelStack stack();

    UserStack userStack();

    void overrideReturn(PtRegs regs, long value);

    void printf(String format, Object... arguments);

    void dumpStack();
}
