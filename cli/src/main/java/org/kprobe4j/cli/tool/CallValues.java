package org.kprobe4j.cli.tool;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.kprobe4j.KernelErrno;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.internal.Machine;

/** What functions returned, by the types that the kernel's BTF gives them. Thread-safe. */
final class CallValues {
    private static final int MAX_ERRNO = 4095;
    private static final Pattern VARIANT = Pattern.compile("\\.(isra|constprop|part|cold|llvm).*");

    /** What a result is. */
    private enum Result {
        NOTHING,
        BOOL,
        INT,
        UNSIGNED_INT,
        LONG,
        UNSIGNED_LONG,
        POINTER,
        /** BTF does not have the function: the compiler's copies. */
        UNKNOWN
    }

    private static final Map<String, Result> RESULTS = new ConcurrentHashMap<>();

    private CallValues() {}

    /** The error that a value says; 0 for none. */
    static int errno(String function, long value) {
        long error = switch (result(function)) {
            case NOTHING, BOOL, UNSIGNED_INT -> 0;
            case INT -> (int) value;
            case LONG, UNSIGNED_LONG, POINTER -> value;
            // The upper half may be anything where it is an int.
            case UNKNOWN -> value >>> Integer.SIZE == 0 ? (int) value : value;
        };
        return error < 0 && error >= -MAX_ERRNO ? (int) -error : 0;
    }

    /** As people read it; empty of what returns nothing. */
    static String text(String function, long value) {
        Result result = result(function);
        int errno = errno(function, value);
        if (errno != 0) {
            return "-" + KernelErrno.name(errno);
        }
        return switch (result) {
            case NOTHING -> "";
            case BOOL -> (value & 0xff) != 0 ? "true" : "false";
            case INT -> Integer.toString((int) value);
            case UNSIGNED_INT -> Integer.toUnsignedString((int) value);
            case LONG -> Long.toString(value);
            case UNSIGNED_LONG -> Long.toUnsignedString(value);
            case POINTER -> value == 0 ? "NULL" : "0x%x".formatted(value);
            case UNKNOWN -> Math.abs(value) <= Integer.MAX_VALUE ? Long.toString(value) : "0x%x".formatted(value);
        };
    }

    private static Result result(String function) {
        return RESULTS.computeIfAbsent(function, CallValues::declared);
    }

    private static Result declared(String function) {
        String name = VARIANT.matcher(function).replaceFirst("");
        Optional<Btf> types = Machine.btf()
                .filter(kernel -> kernel.function(name).isPresent())
                .or(() -> Machine.TYPES.moduleWithFunction(name));
        return types.map(btf -> declared(btf, name)).orElse(Result.UNKNOWN);
    }

    private static Result declared(Btf btf, String name) {
        int type = btf.prototype(btf.function(name).orElseThrow()).result();
        if (type == 0) {
            return Result.NOTHING;
        }
        return switch (btf.resolve(type)) {
            case BtfType.Pointer _ -> Result.POINTER;
            case BtfType.Int number when number.bool() -> Result.BOOL;
            case BtfType.Int number
            when btf.sizeOf(type) <= Integer.BYTES -> number.signed() ? Result.INT : Result.UNSIGNED_INT;
            case BtfType.Int number -> number.signed() ? Result.LONG : Result.UNSIGNED_LONG;
            case BtfType.Enumeration _ -> Result.INT;
            default -> Result.UNKNOWN;
        };
    }
}
