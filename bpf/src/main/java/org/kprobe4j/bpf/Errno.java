package org.kprobe4j.bpf;

import java.util.Map;

/**
 * The kernel's error numbers, the same on every architecture that is supported here.
 *
 * <p>Source: include/uapi/asm-generic/errno-base.h and errno.h.
 */
public final class Errno {
    /** EPERM: Operation not permitted. */
    public static final int EPERM = 1;

    /** ENOENT: No such file or directory. */
    public static final int ENOENT = 2;

    /** ESRCH: No such process. */
    public static final int ESRCH = 3;

    /** EINTR: Interrupted system call. */
    public static final int EINTR = 4;

    /** EIO: Input/output error. */
    public static final int EIO = 5;

    /** E2BIG: Argument list too long. */
    public static final int E2BIG = 7;

    /** EBADF: Bad file descriptor. */
    public static final int EBADF = 9;

    /** EAGAIN: Resource temporarily unavailable. */
    public static final int EAGAIN = 11;

    /** ENOMEM: Cannot allocate memory. */
    public static final int ENOMEM = 12;

    /** EACCES: Permission denied. */
    public static final int EACCES = 13;

    /** EFAULT: Bad address. */
    public static final int EFAULT = 14;

    /** EBUSY: Device or resource busy. */
    public static final int EBUSY = 16;

    /** EEXIST: File exists. */
    public static final int EEXIST = 17;

    /** ENODEV: No such device. */
    public static final int ENODEV = 19;

    /** EINVAL: Invalid argument. */
    public static final int EINVAL = 22;

    /** ENFILE: Too many open files in system. */
    public static final int ENFILE = 23;

    /** EMFILE: Too many open files. */
    public static final int EMFILE = 24;

    /** ENOSPC: No space left on device. */
    public static final int ENOSPC = 28;

    /** ERANGE: Numerical result out of range. */
    public static final int ERANGE = 34;

    /** ENOSYS: Function not implemented. */
    public static final int ENOSYS = 38;

    /** EILSEQ: Invalid or incomplete multibyte or wide character. */
    public static final int EILSEQ = 84;

    /** EPROTOTYPE: Protocol wrong type for socket. */
    public static final int EPROTOTYPE = 91;

    /** EOPNOTSUPP: Operation not supported. */
    public static final int EOPNOTSUPP = 95;

    /** EADDRNOTAVAIL: Cannot assign requested address. */
    public static final int EADDRNOTAVAIL = 99;

    /** ECONNREFUSED: Connection refused. */
    public static final int ECONNREFUSED = 111;

    /** ENAMETOOLONG: File name too long. */
    public static final int ENAMETOOLONG = 36;

    /** ENOTSUPP: inside the kernel only, but bpf(2) lets it out. */
    public static final int ENOTSUPP = 524;

    /** By number, a dash where there is none. */
    private static final String[] NAMES = """
            - EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK
            EBUSY EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE
            EROFS EMLINK EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP - ENOMSG EIDRM
            ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG EUNATCH ENOCSI EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT
            - EBFONT ENOSTR ENODATA ETIME ENOSR ENONET ENOPKG EREMOTE ENOLINK EADV ESRMNT ECOMM EPROTO EMULTIHOP
            EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ EBADFD EREMCHG ELIBACC ELIBBAD ELIBSCN ELIBMAX ELIBEXEC EILSEQ
            ERESTART ESTRPIPE EUSERS ENOTSOCK EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT
            ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH
            ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT
            ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM ENAVAIL EISNAM
            EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED
            EOWNERDEAD ENOTRECOVERABLE ERFKILL EHWPOISON
            """.trim().split("\\s+", -1);

    /** What system calls return inside the kernel; processes never see it. Source: include/linux/errno.h. */
    private static final Map<Integer, String> RESTARTS = Map.of(
            512, "ERESTARTSYS",
            513, "ERESTARTNOINTR",
            514, "ERESTARTNOHAND",
            515, "ENOIOCTLCMD",
            516, "ERESTART_RESTARTBLOCK",
            517, "EPROBE_DEFER");

    private Errno() {}

    /**
     * The name of an error number.
     *
     * @param errno a positive error number
     * @return its name, such as {@code EILSEQ}; {@code errno 1234} for one that has none here
     */
    public static String name(int errno) {
        if (errno > 0 && errno < NAMES.length && !NAMES[errno].equals("-")) {
            return NAMES[errno];
        }
        return errno == ENOTSUPP ? "ENOTSUPP" : RESTARTS.getOrDefault(errno, "errno " + errno);
    }

    /**
     * What an error number means in general.
     *
     * @param errno a positive error number
     * @return a short phrase, such as {@code no such file or directory}; the name where there is no phrase
     */
    public static String phrase(int errno) {
        return switch (errno) {
            case EPERM -> "operation not permitted";
            case ENOENT -> "no such file or directory";
            case E2BIG -> "argument list too long";
            case EAGAIN -> "resource temporarily unavailable";
            case ENOMEM -> "cannot allocate memory";
            case EACCES -> "permission denied";
            case EBUSY -> "device or resource busy";
            case EEXIST -> "file exists";
            case ENODEV -> "no such device";
            case EINVAL -> "invalid argument";
            case EMFILE -> "too many open files";
            case ENFILE -> "too many open files in system";
            case ENOSPC -> "no space left on device";
            case ENOSYS -> "function not implemented";
            case EILSEQ -> "invalid or incomplete multibyte or wide character";
            case EOPNOTSUPP -> "operation not supported";
            case EADDRNOTAVAIL -> "cannot assign requested address";
            case EINTR -> "interrupted system call";
            case EPROTOTYPE -> "protocol wrong type for socket";
            case ECONNREFUSED -> "connection refused";
            case ERANGE -> "numerical result out of range";
            case EBADF -> "bad file descriptor";
            case EFAULT -> "bad address";
            case ESRCH -> "no such process";
            case ENOTSUPP -> "operation not supported";
            case ENAMETOOLONG -> "name too long";
            default -> name(errno);
        };
    }
}
