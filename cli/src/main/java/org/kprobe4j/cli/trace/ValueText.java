package org.kprobe4j.cli.trace;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.KernelErrno;
import org.kprobe4j.cli.expression.Type;
import org.kprobe4j.cli.expression.Type.Numeric;
import org.kprobe4j.cli.output.Cells;

/** Values by their types, for people and for machines. */
final class ValueText {
    private static final int MAX_ERRNO = 4095;
    private static final int FIRST_PRINTABLE = 0x20;
    private static final int LAST_PRINTABLE = 0x7e;

    private ValueText() {}

    /** The number that the bytes of a type say; of a register the others mean nothing. */
    static long cut(Type type, long number) {
        return switch (type) {
            case Numeric(int bytes, boolean signed, Numeric.Meaning _) -> cut(bytes, signed, number);
            case Type.Constants constants ->
                cut(
                        constants.of().sizeBytes(),
                        constants.of().enumerators().stream().anyMatch(constant -> constant.value() < 0),
                        number);
            case Type.Pointer pointer -> cut(pointer.btf().pointerSize(), false, number);
            case Type.Structure _, Type.Elements _, Type.Characters _ -> number;
        };
    }

    private static long cut(int bytes, boolean signed, long number) {
        int unused = Long.SIZE - bytes * Byte.SIZE;
        return signed ? number << unused >> unused : number << unused >>> unused;
    }

    /** As people read it. */
    static String forPeople(Shown shown, long word, @Nullable String text) {
        if (text != null && !text.isEmpty()) {
            return shown.style() == Shown.Style.PATH ? text : quoted(text);
        }
        if (shown.number() == Shown.NONE) {
            return "\"\"";
        }
        long number = cut(shown.type(), word);
        return switch (shown.type()) {
            case Numeric numeric -> number(numeric, shown.style(), number);
            case Type.Constants constants -> {
                String name = constants.name(number);
                yield name == null ? Long.toString(number) : name;
            }
            case Type.Pointer pointer -> pointer(pointer, number);
            case Type.Structure _, Type.Elements _, Type.Characters _ -> Cells.address(number);
        };
    }

    private static String number(Numeric numeric, Shown.Style style, long number) {
        return switch (numeric.meaning()) {
            case BOOL -> number == 0 ? "false" : "true";
            case CHARACTER ->
                number >= FIRST_PRINTABLE && number <= LAST_PRINTABLE
                        ? "'" + (char) number + "'"
                        : Long.toString(number);
            case ADDRESS -> Cells.address(number);
            case DURATION -> Cells.span(number);
            case PLAIN -> plain(numeric, style, number);
        };
    }

    private static String plain(Numeric numeric, Shown.Style style, long number) {
        return switch (style) {
            case HEX -> number == 0 ? "0" : Cells.address(cut(numeric.bytes(), false, number));
            case OCTAL -> number == 0 ? "0" : "0" + Long.toOctalString(cut(numeric.bytes(), false, number));
            case DECIMAL, PATH -> numeric.signed() ? Long.toString(number) : Long.toUnsignedString(number);
        };
    }

    private static String pointer(Type.Pointer pointer, long number) {
        if (number == 0) {
            return "NULL";
        }
        return errno(pointer, number)
                .map(name -> "ERR_PTR(-%s)".formatted(name))
                .orElseGet(() -> Cells.address(number));
    }

    /** With the escapes of C. */
    static String quoted(String text) {
        var out = new StringBuilder("\"");
        text.codePoints().forEach(c -> {
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < FIRST_PRINTABLE || c == LAST_PRINTABLE + 1) {
                        out.append("\\x%02x".formatted(c));
                    } else {
                        out.appendCodePoint(c);
                    }
                }
            }
        });
        return out.append('"').toString();
    }

    /** As machines read it: Long, Boolean, String or nothing; what is no number and numbers that a long does not hold are texts. */
    static @Nullable Object forMachines(Shown shown, long word, @Nullable String text) {
        if (text != null && !text.isEmpty()) {
            return text;
        }
        if (shown.number() == Shown.NONE) {
            return "";
        }
        long number = cut(shown.type(), word);
        return switch (shown.type()) {
            case Numeric(int _, boolean _, Numeric.Meaning meaning) when meaning == Numeric.Meaning.BOOL -> number != 0;
            case Numeric(int _, boolean _, Numeric.Meaning meaning)
            when meaning == Numeric.Meaning.ADDRESS -> Cells.address(number);
            case Numeric(int _, boolean signed, Numeric.Meaning _) ->
                signed || number >= 0 ? (Object) number : Long.toUnsignedString(number);
            case Type.Constants constants -> {
                String name = constants.name(number);
                yield name == null ? (Object) number : name;
            }
            case Type.Pointer _ -> number == 0 ? null : Cells.address(number);
            case Type.Structure _, Type.Elements _, Type.Characters _ -> Cells.address(number);
        };
    }

    // ---- what functions return ----

    /** A return value as people read it: an error by its name. */
    static String result(Type type, long register) {
        long number = cut(type, register);
        Optional<String> errno = errno(type, number);
        if (errno.isPresent()) {
            return type instanceof Type.Pointer ? "ERR_PTR(-%s)".formatted(errno.get()) : "-" + errno.get();
        }
        return forPeople(new Shown("", type, Shown.Style.DECIMAL, 0, Shown.NONE), register, null);
    }

    /** The number that was returned; null if it is none, but an address. */
    static @Nullable Long number(Type type, long register) {
        return switch (type) {
            case Numeric(int _, boolean _, Numeric.Meaning meaning) when meaning == Numeric.Meaning.ADDRESS -> null;
            case Numeric _, Type.Constants _ -> cut(type, register);
            case Type.Pointer _, Type.Structure _, Type.Elements _, Type.Characters _ -> null;
        };
    }

    /** The name of the error that a function returned. */
    static Optional<String> errno(Type type, long number) {
        boolean mayFail = switch (type) {
            case Numeric(int bytes, boolean signed, Numeric.Meaning meaning) ->
                (meaning == Numeric.Meaning.PLAIN && signed && bytes >= Integer.BYTES)
                        || meaning == Numeric.Meaning.ADDRESS;
            case Type.Pointer _ -> true;
            case Type.Constants _, Type.Structure _, Type.Elements _, Type.Characters _ -> false;
        };
        long error = type instanceof Type.Pointer pointer ? cut(pointer.btf().pointerSize(), true, number) : number;
        if (type instanceof Numeric(int _, boolean _, Numeric.Meaning meaning)
                && meaning == Numeric.Meaning.ADDRESS
                && number >>> Integer.SIZE == 0) {
            // Whether it is an int is not known; where the upper half is empty, it may be.
            error = (int) number;
        }
        if (!mayFail || error >= 0 || error < -MAX_ERRNO) {
            return Optional.empty();
        }
        String name = KernelErrno.name((int) error);
        return name.startsWith("E") ? Optional.of(name) : Optional.empty();
    }
}
