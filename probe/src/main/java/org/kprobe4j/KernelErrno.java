package org.kprobe4j;

import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.kprobe4j.bpf.Errno;

/**
 * The names of the kernel's error numbers, for what handlers brought to Java: {@code KernelErrno.describe(result)} is {@code 3} of an
 * open that gave descriptor 3, {@code ENOENT} of one that found no file.
 *
 * <p>Source: include/uapi/asm-generic/errno.h. Thread-safe.
 */
public final class KernelErrno {
    /** MAX_ERRNO in include/linux/err.h. */
    private static final int MAX = 4095;

    private KernelErrno() {}

    /**
     * The name of an error number.
     *
     * @param errno as the kernel returns it, negative, or as C has it in {@code errno}
     * @return its name, such as {@code ENOENT}; {@code errno 1234} for one that has none
     */
    public static String name(int errno) {
        return Errno.name(errno < 0 ? -errno : errno);
    }

    /**
     * The number of an error.
     *
     * @param name such as {@code ENOENT}
     * @return the number, positive; empty if no error has that name
     */
    public static OptionalInt number(String name) {
        return IntStream.rangeClosed(1, MAX)
                .filter(errno -> Errno.name(errno).equals(name))
                .findFirst();
    }

    /**
     * What a function or a system call returned: the number, or an error's name.
     *
     * @param result as the function returned it; of one that returns an int, cast: {@code (int) regs.returnValue()}
     * @return {@code 0}, {@code 3}, {@code ENOENT}
     */
    public static String describe(long result) {
        return result < 0 && result >= -MAX ? name((int) result) : Long.toString(result);
    }
}
