package org.kprobe4j.cli.tool;

import org.kprobe4j.KernelErrno;
import org.kprobe4j.cli.expression.Moment;
import org.kprobe4j.cli.expression.Type;
import org.kprobe4j.cli.expression.Typed;
import org.kprobe4j.cli.expression.Value;

/**
 * What returned values are counted as: errors and small numbers as themselves, larger ones by powers of two, pointers as what they are. So a
 * function has some hundred of them at most. A handler captures it.
 *
 * @param returned the value
 * @param how what it is
 */
record ReturnCode(Value returned, How how) {
    /** The largest number of an error. Source: MAX_ERRNO in include/linux/err.h. */
    static final int MAX_ERRNO = 4095;

    /** Numbers from here on are counted by powers of two. */
    static final int SMALL = 256;

    /** The code of a power of two is this and its logarithm, of the negative of one the negative of that. */
    static final int POWER = 1 << 20;

    /** What a value is. */
    enum How {
        SIGNED,
        UNSIGNED,
        POINTER,
        /** One of few. */
        EXACT
    }

    /** Of a return value. */
    static ReturnCode of(Typed returned) {
        Value value = returned.value();
        if (value == null) {
            throw new IllegalArgumentException("no number: " + returned);
        }
        return new ReturnCode(value, how(returned.type()));
    }

    private static How how(Type type) {
        return switch (type) {
            case Type.Constants _ -> How.EXACT;
            case Type.Numeric number ->
                number.meaning() == Type.Numeric.Meaning.BOOL ? How.EXACT : number.signed() ? How.SIGNED : How.UNSIGNED;
            default -> How.POINTER;
        };
    }

    /** The same values as numbers, beside those of functions of other types. */
    ReturnCode asNumber() {
        return how == How.EXACT ? new ReturnCode(returned, How.SIGNED) : this;
    }

    /** The code of what a call returned; in a handler only. */
    long of(Moment moment) {
        return switch (how) {
            case EXACT -> returned.value(moment);
            case POINTER -> ofPointer(returned.value(moment));
            case SIGNED -> ofNumber(returned.value(moment));
            case UNSIGNED -> ofUnsigned(returned.value(moment));
        };
    }

    private static long ofPointer(long pointer) {
        return pointer >= -MAX_ERRNO && pointer <= 0 ? pointer : POWER;
    }

    private static long ofUnsigned(long number) {
        return number < -MAX_ERRNO ? POWER + Long.SIZE - 1 : ofNumber(number);
    }

    static long ofNumber(long number) {
        if (number >= -MAX_ERRNO && number < SMALL) {
            return number;
        }
        return number < 0 ? -POWER - logarithm(-number) : POWER + logarithm(number);
    }

    private static int logarithm(long number) {
        // The smallest long is its own negative.
        if (number < 0) {
            return Long.SIZE - 1;
        }
        long left = number;
        int found = 0;
        if (left >= 1L << 32) {
            left >>>= 32;
            found = 32;
        }
        if (left >= 1L << 16) {
            left >>>= 16;
            found += 16;
        }
        if (left >= 1L << 8) {
            left >>>= 8;
            found += 8;
        }
        if (left >= 1L << 4) {
            left >>>= 4;
            found += 4;
        }
        if (left >= 1L << 2) {
            left >>>= 2;
            found += 2;
        }
        return left >= 2 ? found + 1 : found;
    }

    /** The smallest number of a code. */
    static long from(long code) {
        if (code >= POWER) {
            return 1L << (code - POWER);
        } else if (code <= -POWER) {
            int power = (int) (-POWER - code);
            return power == Long.SIZE - 1 ? Long.MIN_VALUE : -(1L << (power + 1)) + 1;
        }
        return code;
    }

    /** The largest number of a code. */
    static long to(long code) {
        if (code >= POWER) {
            int power = (int) (code - POWER);
            return power == Long.SIZE - 1 ? -1 : (1L << (power + 1)) - 1;
        } else if (code <= -POWER) {
            int power = (int) (-POWER - code);
            return power == Long.SIZE - 1 ? Long.MIN_VALUE : -(1L << power);
        }
        return code;
    }

    /** Whether a type has few values, each with a code of its own. */
    static boolean isExact(Type type) {
        return how(type) == How.EXACT;
    }

    /** Whether a code stands for all addresses. */
    static boolean isPointer(long code, Type type) {
        return how(type) == How.POINTER && code == POWER;
    }

    /** Whether a code is an error's. */
    static boolean isError(long code, How how) {
        return how != How.EXACT && code < 0 && code >= -MAX_ERRNO;
    }

    /**
     * A code's name, such as {@code ENOENT}, {@code NULL}, {@code true}.
     *
     * @return empty for what has none
     */
    static String name(long code, Type type) {
        How how = how(type);
        if (isError(code, how)) {
            return KernelErrno.name((int) code);
        } else if (how == How.POINTER) {
            return code == 0 ? "NULL" : "a pointer";
        } else if (type instanceof Type.Constants constants) {
            String name = constants.name(code);
            return name == null ? "" : name;
        }
        return how == How.EXACT ? Boolean.toString(code != 0) : "";
    }

    /** The name of an error; the number where it has none. */
    static String errorText(long returned) {
        return returned < 0 && returned >= -MAX_ERRNO ? KernelErrno.name((int) returned) : Long.toString(returned);
    }

    /** What a code stands for, as people read it. */
    static String text(long code, Type type) {
        String name = name(code, type);
        if (!name.isEmpty()) {
            return name;
        } else if (code >= POWER || code <= -POWER) {
            return how(type) == How.UNSIGNED
                    ? "%s – %s".formatted(Long.toUnsignedString(from(code)), Long.toUnsignedString(to(code)))
                    : "%d – %d".formatted(from(code), to(code));
        }
        return Long.toString(code);
    }
}
