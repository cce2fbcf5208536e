package org.kprobe4j.bpf.internal;

/**
 * System calls by a native method whose library the build has written ({@link SyscallLibrary}): there is nothing to be linked when the
 * process starts, where linking {@link LibcSyscall} takes a third of the time until a probe is planted. Only the launcher's JVMs are told
 * where the library is; all others go the way that needs no file.
 */
final class NativeTrap implements Trap {
    /** The library's path. */
    private static final String PROPERTY = "kprobe4j.syscalls";

    private NativeTrap() {}

    /** This way where the library is, else libc's. */
    static Trap orLibc() {
        return at(System.getProperty(PROPERTY, ""));
    }

    @SuppressWarnings("restricted") // this package is where native access is meant to be
    static Trap at(String library) {
        if (!library.isEmpty()) {
            try {
                System.load(library);
                return new NativeTrap();
            } catch (UnsatisfiedLinkError _) {
                // It is gone, or on a file system from which nothing may be run: the other way takes longer, that is
                // all.
            }
        }
        return new LibcSyscall();
    }

    @Override
    public long call(int number, long a1, long a2, long a3, long a4, long a5, long a6) {
        return enter(number, a1, a2, a3, a4, a5, a6);
    }

    /** What the kernel leaves in the result's register: negated errno for a failure. */
    private static native long enter(long number, long a1, long a2, long a3, long a4, long a5, long a6);
}
