package org.kprobe4j.bpf.internal;

/** The entry into the kernel: one system call by number. */
@FunctionalInterface
interface Trap {
    /**
     * Makes a system call; arguments are cut to the width of the kernel's {@code long}.
     *
     * @return the call's result, unsigned on 32 bits; or the negated errno
     */
    long call(int number, long a1, long a2, long a3, long a4, long a5, long a6);
}
