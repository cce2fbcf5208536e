package org.kprobe4j;

import java.net.Inet4Address;
import java.net.Inet6Address;

/**
 * What a handler can ask of the kernel and tell user space. Each call becomes a kernel helper or a few instructions; none may
 * be made outside a handler, unless a {@link SimulatedKernel} is open to answer it.
 *
 * <p>Source: include/uapi/linux/bpf.h.
 */
public final class Kernel {
    private Kernel() {}

    private static long number(String method, long address, int sizeBytes, boolean user) {
        return calls("%s(0x%x)".formatted(method, address)).number(method, address, sizeBytes, user);
    }

    /** What stands for the kernel on this thread: in the kernel itself, no method of this class is ever called. */
    private static KernelCalls calls(String method) {
        SimulatedKernel kernel = SimulatedKernel.current();
        if (kernel == null) {
            throw SimulatedKernel.outside("Kernel." + method);
        }
        return kernel.calls();
    }

    /**
     * The time since boot without suspended time, as {@code ktime_get_ns()}: helper bpf_ktime_get_ns.
     *
     * @return nanoseconds
     */
    public static long ktimeNs() {
        return calls("ktimeNs()").ktimeNs();
    }

    /**
     * The time since boot with suspended time: helper bpf_ktime_get_boot_ns. Since kernel: 5.8.
     *
     * @return nanoseconds
     */
    public static long bootTimeNs() {
        return calls("bootTimeNs()").bootTimeNs();
    }

    /**
     * A pseudo-random number: helper bpf_get_prandom_u32.
     *
     * @return any 32 bits
     */
    public static int random() {
        return calls("random()").random();
    }

    /**
     * The CPU that runs the handler: helper bpf_get_smp_processor_id.
     *
     * @return its number, from 0
     */
    public static int cpu() {
        return calls("cpu()").cpu();
    }

    /**
     * The current process, what the kernel calls tgid: upper half of helper bpf_get_current_pid_tgid.
     *
     * @return its pid in the initial pid namespace
     */
    public static int pid() {
        return calls("pid()").pid();
    }

    /**
     * The current thread, what the kernel calls pid: lower half of helper bpf_get_current_pid_tgid.
     *
     * @return its tid in the initial pid namespace
     */
    public static int tid() {
        return calls("tid()").tid();
    }

    /**
     * The current task's user: lower half of helper bpf_get_current_uid_gid.
     *
     * @return the uid in the initial user namespace
     */
    public static int uid() {
        return calls("uid()").uid();
    }

    /**
     * The current task's group: upper half of helper bpf_get_current_uid_gid.
     *
     * @return the gid in the initial user namespace
     */
    public static int gid() {
        return calls("gid()").gid();
    }

    /**
     * The current task's control group (version 2): helper bpf_get_current_cgroup_id.
     *
     * @return the inode number of its directory
     */
    public static long cgroupId() {
        return calls("cgroupId()").cgroupId();
    }

    /**
     * The current task's command name: helper bpf_get_current_comm. A string as {@link #string(long, int)} gives it.
     *
     * @return at most 15 characters
     */
    public static String comm() {
        return calls("comm()").comm();
    }

    /**
     * A NUL-ended string in kernel memory, at most 255 bytes of it; a longer one is cut. See {@link #string(long, int)}.
     *
     * @param address kernel address
     * @return the string
     */
    public static String string(long address) {
        return calls("string(0x%x)".formatted(address)).string(address, 256);
    }

    /**
     * A NUL-ended string in kernel memory: helper bpf_probe_read_kernel_str. It is read when it is asked for: printed with {@code %s},
     * sent in an event, put into a map, compared ({@code equals}, {@code startsWith}, {@code endsWith}, {@code contains}, {@code isEmpty}, a switch),
     * measured ({@link #byteLength}). A read that faults stops the handler and is counted. Comparisons are of UTF-8 bytes. One at
     * address 0 is null. Since kernel: 5.5.
     *
     * @param address kernel address
     * @param maxBytes a constant, 1 to 4096: at most one byte less is kept, what is longer is cut
     * @return the string
     */
    public static String string(long address, int maxBytes) {
        return calls("string(0x%x, %d)".formatted(address, maxBytes)).string(address, maxBytes);
    }

    /**
     * A NUL-ended string in kernel memory, at most 255 bytes of it; empty if it cannot be read. See {@link #stringOrEmpty(long, int)}.
     *
     * @param address kernel address
     * @return the string, not null
     */
    public static String stringOrEmpty(long address) {
        return calls("stringOrEmpty(0x%x)".formatted(address)).stringOrEmpty(address, 256);
    }

    /**
     * A NUL-ended string in kernel memory: helper bpf_probe_read_kernel_str. Where {@link #string(long, int)} stops the handler,
     * because nothing is mapped there or the address is 0, this counts the fault, is empty, and the handler goes on. Since kernel: 5.5.
     *
     * @param address kernel address
     * @param maxBytes a constant, 1 to 4096: at most one byte less is kept, what is longer is cut
     * @return the string, not null
     */
    public static String stringOrEmpty(long address, int maxBytes) {
        return calls("stringOrEmpty(0x%x, %d)".formatted(address, maxBytes)).stringOrEmpty(address, maxBytes);
    }

    /**
     * The text in an array that the handler made, from an offset up to a NUL or the array's end. It stays as it is when the array
     * changes.
     *
     * @param bytes made in the handler: {@code new byte[64]}
     * @param offset where it starts
     * @return the string
     */
    public static String string(byte[] bytes, int offset) {
        return calls("string(byte[%d], %d)".formatted(bytes.length, offset)).string(bytes, offset);
    }

    /**
     * A NUL-ended string in the memory of the current process, at most 255 bytes of it; a longer one is cut. See {@link
     * #userString(long, int)}.
     *
     * @param address user address
     * @return the string
     */
    public static String userString(long address) {
        return calls("userString(0x%x)".formatted(address)).userString(address, 256);
    }

    /**
     * A NUL-ended string in the memory of the current process: helper bpf_probe_read_user_str. Otherwise as {@link #string(long,
     * int)}. A page that is not present faults, for a handler cannot wait for it: where the handler is to go on, use {@link
     * #userStringOrEmpty}. Since kernel: 5.5.
     *
     * @param address user address
     * @param maxBytes a constant, 1 to 4096: at most one byte less is kept, what is longer is cut
     * @return the string
     */
    public static String userString(long address, int maxBytes) {
        return calls("userString(0x%x, %d)".formatted(address, maxBytes)).userString(address, maxBytes);
    }

    /**
     * A NUL-ended string in the memory of the current process, at most 255 bytes of it; empty if it is not present. See {@link
     * #userStringOrEmpty(long, int)}.
     *
     * @param address user address
     * @return the string, not null
     */
    public static String userStringOrEmpty(long address) {
        return calls("userStringOrEmpty(0x%x)".formatted(address)).userStringOrEmpty(address, 256);
    }

    /**
     * A NUL-ended string in the memory of the current process: helper bpf_probe_read_user_str. Where {@link #userString(long, int)}
     * stops the handler, because a page is not present or the address is none, this counts the fault, is empty, and the handler
     * goes on. Since kernel: 5.5.
     *
     * @param address user address
     * @param maxBytes a constant, 1 to 4096: at most one byte less is kept, what is longer is cut
     * @return the string, not null
     */
    public static String userStringOrEmpty(long address, int maxBytes) {
        return calls("userStringOrEmpty(0x%x, %d)".formatted(address, maxBytes)).userStringOrEmpty(address, maxBytes);
    }

    /**
     * How long a string is: its bytes before the NUL, where {@code length()} would count characters.
     *
     * @param string of the kernel, or a constant
     * @return number of bytes
     */
    public static int byteLength(String string) {
        return calls("byteLength(\"" + string + "\")").byteLength(string);
    }

    /**
     * Copies kernel memory into an array that the handler made: helper bpf_probe_read_kernel. A read that faults stops the handler
     * and is counted. Since kernel: 5.5.
     *
     * @param address kernel address
     * @param into made in the handler: {@code new byte[64]}
     * @param offset where to put the first byte
     * @param length number of bytes
     */
    public static void read(long address, byte[] into, int offset, int length) {
        calls("read(0x%x, byte[%d], %d, %d)".formatted(address, into.length, offset, length))
                .read(address, into, offset, length);
    }

    /**
     * Copies memory of the current process into an array that the handler made: helper bpf_probe_read_user. A read that faults stops
     * the handler and is counted. Since kernel: 5.5.
     *
     * @param address user address
     * @param into made in the handler: {@code new byte[64]}
     * @param offset where to put the first byte
     * @param length number of bytes
     */
    public static void readUser(long address, byte[] into, int offset, int length) {
        calls("readUser(0x%x, byte[%d], %d, %d)".formatted(address, into.length, offset, length))
                .readUser(address, into, offset, length);
    }

    /**
     * The full name of a file as the current task sees it, put together as {@code d_path()} does: at most 32 names and mounts, and 1000
     * bytes; a longer one begins with {@code …}. What the task cannot reach from its root begins with {@code (unreachable)}. Files without
     * a name (pipes, sockets) give what their file system calls its root. The kernel's locks are not taken: while a name is being
     * changed, the parts of the old one and the new one may mix.
     *
     * @param path a {@code struct path}, or a {@code struct file}
     * @return the name
     */
    public static String path(KernelStruct path) {
        return calls("path(" + path + ")").path(path);
    }

    /**
     * The name of a directory entry within its file system, as {@code dentry_path_raw()} gives it: at most 32 names and 1000 bytes; a
     * longer one begins with {@code …}.
     *
     * @param dentry a {@code struct dentry}
     * @return the name, from the file system's root
     */
    public static String dentryPath(KernelStruct dentry) {
        return calls("dentryPath(" + dentry + ")").path(dentry);
    }

    /**
     * An IPv4 address, for {@link #printf} with {@code %s} and for components of type Inet4Address or InetAddress.
     *
     * @param bigEndian as a {@code __be32} of the kernel, for example {@code skc_daddr}
     * @return the address
     */
    public static Inet4Address ipv4(int bigEndian) {
        return calls("ipv4(0x%x)".formatted(bigEndian)).ipv4(bigEndian);
    }

    /**
     * An IPv6 address, for {@link #printf} with {@code %s} and for components of type Inet6Address or InetAddress. It is read when it
     * is sent.
     *
     * @param in6Addr a {@code struct in6_addr}, for example {@code skc_v6_daddr}
     * @return the address
     */
    public static Inet6Address ipv6(KernelStruct in6Addr) {
        return calls("ipv6(" + in6Addr + ")").ipv6(in6Addr);
    }

    /**
     * A 16-bit number from the network's byte order, {@code ntohs()} in kernel terms.
     *
     * @param bigEndian as a {@code __be16} of the kernel, for example a port
     * @return 0 to 65535
     */
    public static int ntohs(short bigEndian) {
        return calls("ntohs(0x%x)".formatted(bigEndian)).ntohs(bigEndian);
    }

    /**
     * A 16-bit number from the network's byte order, {@code ntohs()} in kernel terms.
     *
     * @param bigEndian as a {@code __be16} of the kernel in its lower half
     * @return 0 to 65535
     */
    public static int ntohs(int bigEndian) {
        return calls("ntohs(0x%x)".formatted(bigEndian)).ntohs(bigEndian);
    }

    /**
     * A 32-bit number from the network's byte order, {@code ntohl()} in kernel terms.
     *
     * @param bigEndian as a {@code __be32} of the kernel
     * @return the number
     */
    public static int ntohl(int bigEndian) {
        return calls("ntohl(0x%x)".formatted(bigEndian)).ntohl(bigEndian);
    }

    /**
     * The current task, {@code current} in kernel terms: helper bpf_get_current_task.
     *
     * @param type an interface for {@code struct task_struct} that names the fields to read
     * @param <T> that interface
     * @return the task
     */
    public static <T extends KernelStruct> T current(Class<T> type) {
        return calls("current(" + type.getSimpleName() + ".class)").current(type);
    }

    /**
     * A structure at an address, for example one that an argument points to.
     *
     * @param address kernel address
     * @param type an interface that names the fields to read
     * @param <T> that interface
     * @return the structure; its fields are read safely, whatever the address
     */
    public static <T extends KernelStruct> T struct(long address, Class<T> type) {
        return calls("struct(0x%x, %s.class)".formatted(address, type.getSimpleName()))
                .struct(address, type);
    }

    /**
     * The structure that another one is a member of, as {@code container_of()}: the member's address less the field's offset.
     *
     * @param member the member
     * @param outer an interface for the structure around it
     * @param field a constant: the member's name in it, or a path of names with dots
     * @param <T> that interface
     * @return the structure around it; as in C, nothing that makes sense for a null pointer
     */
    public static <T extends KernelStruct> T containerOf(KernelStruct member, Class<T> outer, String field) {
        return calls("containerOf(%s, %s.class, %s)".formatted(member, outer.getSimpleName(), field))
                .containerOf(member, outer, field);
    }

    /**
     * Whether the kernel has a structure, decided when the handler is compiled: what is reached only if it has, or only if it has
     * not, may name fields that do not exist otherwise.
     *
     * @param type an interface for the structure
     * @return false also on a kernel without BTF
     */
    public static boolean exists(Class<? extends KernelStruct> type) {
        return calls("exists(" + type.getSimpleName() + ".class)").exists(type, "");
    }

    /**
     * Whether a structure of the kernel has a field, decided when the handler is compiled.
     *
     * @param type an interface for the structure
     * @param field a constant: the field's name, or a path of names with dots
     * @return false also if there is no such structure, and on a kernel without BTF
     */
    public static boolean exists(Class<? extends KernelStruct> type, String field) {
        return calls("exists(%s.class, %s)".formatted(type.getSimpleName(), field))
                .exists(type, field);
    }

    /**
     * A constant of an enumeration of the kernel, looked up when the handler is compiled.
     *
     * @param enumType a constant: the enumeration's tag, or a typedef of it
     * @param constant a constant: its name
     * @return its value; of an enumeration of 32 bits, sign-extended
     */
    public static long enumValue(String enumType, String constant) {
        return calls("enumValue(%s, %s)".formatted(enumType, constant)).enumValue(enumType, constant);
    }

    /**
     * Variables of the kernel.
     *
     * @param type an interface that names them
     * @param <T> that interface
     * @return the variables
     */
    public static <T extends KernelGlobals> T globals(Class<T> type) {
        return calls("globals(" + type.getSimpleName() + ".class)").globals(type);
    }

    /**
     * Reads 1 byte of the kernel: helper bpf_probe_read_kernel. A fault stops the handler and is counted.
     *
     * @param address kernel address
     * @return what is there
     */
    public static byte readByte(long address) {
        return (byte) number("readByte", address, 1, false);
    }

    /**
     * Reads 2 bytes of the kernel: helper bpf_probe_read_kernel. A fault stops the handler and is counted.
     *
     * @param address kernel address
     * @return what is there
     */
    public static short readShort(long address) {
        return (short) number("readShort", address, 2, false);
    }

    /**
     * Reads 4 bytes of the kernel: helper bpf_probe_read_kernel. A fault stops the handler and is counted.
     *
     * @param address kernel address
     * @return what is there
     */
    public static int readInt(long address) {
        return (int) number("readInt", address, 4, false);
    }

    /**
     * Reads 8 bytes of the kernel: helper bpf_probe_read_kernel. A fault stops the handler and is counted.
     *
     * @param address kernel address
     * @return what is there
     */
    public static long readLong(long address) {
        return number("readLong", address, 8, false);
    }

    /**
     * Reads 1 byte of the current process: helper bpf_probe_read_user. A fault stops the handler and is counted.
     *
     * @param address user address
     * @return what is there
     */
    public static byte readUserByte(long address) {
        return (byte) number("readUserByte", address, 1, true);
    }

    /**
     * Reads 2 bytes of the current process: helper bpf_probe_read_user. A fault stops the handler and is counted.
     *
     * @param address user address
     * @return what is there
     */
    public static short readUserShort(long address) {
        return (short) number("readUserShort", address, 2, true);
    }

    /**
     * Reads 4 bytes of the current process: helper bpf_probe_read_user. A fault stops the handler and is counted.
     *
     * @param address user address
     * @return what is there
     */
    public static int readUserInt(long address) {
        return (int) number("readUserInt", address, 4, true);
    }

    /**
     * Reads 8 bytes of the current process: helper bpf_probe_read_user. A fault stops the handler and is counted.
     *
     * @param address user address
     * @return what is there
     */
    public static long readUserLong(long address) {
        return number("readUserLong", address, 8, true);
    }

    /**
     * The kernel's call stack at the probe: for {@link #printf} with {@code %s}, one line for each of at most 64 frames; as a
     * component of an event (helper bpf_get_stack); as the key of a map or a component of it (bpf_get_stackid).
     *
     * @return the frames, innermost first: the probed function, then who called it
     */
    public static KernelStack stack() {
        return calls("stack()").stack();
    }

    /**
     * The call stack of the current process where it entered the kernel: for {@link #printf} with {@code %s}, as a component of an
     * event, as the key of a map or a component of it; flag BPF_F_USER_STACK. The kernel follows frame pointers.
     *
     * @return the frames, innermost first; none for a task of the kernel
     */
    public static UserStack userStack() {
        return calls("userStack()").userStack();
    }

    /**
     * <strong>Dangerous.</strong> Makes the probed function return a value without having run: helper bpf_override_return. The kernel
     * goes on with that value as if the function had done its work, or had failed; with a value that callers do not expect it may
     * corrupt data or crash. For a probe that says so with {@link Kprobe.Builder#allowErrorInjection()}, in its pre handler, at the
     * entry of a function that the kernel's source marks with ALLOW_ERROR_INJECTION(): those in debugfs {@code error_injection/list},
     * which also says what they may return.
     *
     * <p>It takes effect when the handler ends; of several calls in one hit the last counts. A handler that stops at a fault
     * changes nothing. {@code regs} stay what they were. Each overridden call is counted: {@link Kprobe#overridden()}.
     *
     * <p>Since kernel: 4.16, with CONFIG_BPF_KPROBE_OVERRIDE. Source: kernel/trace/bpf_trace.c,
     * Documentation/fault-injection/fault-injection.rst.
     *
     * @param regs the handler's registers
     * @param value what the function returns, for example {@code -12} for -ENOMEM
     */
    public static void overrideReturn(PtRegs regs, long value) {
        calls("overrideReturn(regs, %d)".formatted(value)).overrideReturn(regs, value);
    }

    /**
     * Prints a line. The values travel through a ring buffer in one record; the text is made in user space, so the format
     * costs nothing in the kernel. The lines go to the probe's {@link Log}.
     *
     * @param format a constant: {@code %d %u %x %X %o %c %b %s %p %pS} with printk's flags, width, precision and length modifiers
     * @param arguments numbers, strings, addresses, constants, {@link #stack()}, {@link #userStack()}
     */
    public static void printf(String format, Object... arguments) {
        calls("printf(\"" + format + "\", … " + arguments.length + " arguments)")
                .printf(format, arguments);
    }

    /** Prints the kernel's call stack, as {@code dump_stack()} does: {@code Call Trace:} and a line for each frame. */
    public static void dumpStack() {
        calls("dumpStack()").dumpStack();
    }
}
