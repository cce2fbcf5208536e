package org.kprobe4j.internal;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.UserStack;
import org.kprobe4j.compiler.FormatString;
import org.kprobe4j.compiler.PrintFormat;
import org.kprobe4j.compiler.StackKind;

/** Makes the text of a handler's printed line from the record that arrived, as printk would. */
public final class LineFormatter {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    private final PrintFormat format;
    private final List<FormatString.Piece> pieces;
    private final Function<long[], List<String>> symbolizer;
    private final StackBytes userStacks;

    /**
     * A formatter for one format.
     *
     * @param format what the compiler noted
     * @param symbolizer names code addresses, {@code symbol+0xoffset/0xsize}
     */
    public LineFormatter(PrintFormat format, Function<long[], List<String>> symbolizer) {
        this(format, symbolizer, StackNames.running());
    }

    /**
     * A formatter for one format.
     *
     * @param format what the compiler noted
     * @param symbolizer names code addresses, {@code symbol+0xoffset/0xsize}
     * @param stackNames names frames of processes
     */
    public LineFormatter(PrintFormat format, Function<long[], List<String>> symbolizer, StackNames stackNames) {
        this.userStacks = StackBytes.inEvents(stackNames);
        this.format = format;
        this.pieces = FormatString.parse(format.format()).pieces();
        this.symbolizer = symbolizer;
    }

    /** The text for a record; it has several lines if the format or a stack asks for them. */
    public String format(MemorySegment record) {
        var out = new StringBuilder();
        int next = 0;
        for (FormatString.Piece piece : pieces) {
            switch (piece) {
                case FormatString.Piece.Text(String text) -> out.append(text);
                case FormatString.Piece.Conversion conversion ->
                    out.append(convert(conversion, format.arguments().get(next++), record));
            }
        }
        return out.toString();
    }

    private String convert(
            FormatString.Piece.Conversion conversion, PrintFormat.Argument argument, MemorySegment record) {
        return switch (argument) {
            case PrintFormat.Argument.Known(Object value) -> value(conversion, value);
            case PrintFormat.Argument.Numeral numeral ->
                value(conversion, numeral.value(record.get(LONG, numeral.offset())));
            case PrintFormat.Argument.Enumerator enumerator ->
                pad(conversion, enumerator.text(record.get(LONG, enumerator.offset())));
            case PrintFormat.Argument.Chars(int offset, int sizeBytes) ->
                pad(conversion, chars(record, offset, sizeBytes));
            case PrintFormat.Argument.Address(int offset, int sizeBytes) ->
                pad(conversion, AddressText.of(RecordBytes.address(record, offset, sizeBytes)));
            case PrintFormat.Argument.Stack(int offset, int frames) -> stack(record, offset, frames);
            case PrintFormat.Argument.Registers(int offset, String set) -> RegisterBytes.dump(set, record, offset);
            case PrintFormat.Argument.Flags(int offset, String set) ->
                pad(conversion, RegisterBytes.flagNames(set, record.get(LONG, offset)));
            case PrintFormat.Argument.UserStack(int offset, int frames) ->
                " "
                        + userStacks
                                .read(record, UserStack.class, StackKind.USER.eventBytes(frames), offset)
                                .toString()
                                .replace("\n", "\n ");
        };
    }

    /** The text of a field of the kernel: up to its NUL. */
    public static String chars(MemorySegment record, long offset, int sizeBytes) {
        byte[] bytes = record.asSlice(offset, sizeBytes).toArray(ValueLayout.JAVA_BYTE);
        int length = 0;
        while (length < bytes.length && bytes[length] != 0) {
            length++;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }

    private String value(FormatString.Piece.Conversion conversion, @Nullable Object value) {
        if (conversion.type() == 's' || conversion.type() == 'b' || !isNumeric(value)) {
            return pad(conversion, String.valueOf(value));
        }
        long number = number(value);
        boolean wide = value instanceof Long;
        return switch (conversion.type()) {
            case 'd' -> digits(conversion, Long.toString(number), "");
            case 'u' ->
                digits(conversion, wide ? Long.toUnsignedString(number) : Long.toString(number & 0xffff_ffffL), "");
            case 'x' -> digits(conversion, hex(number, wide), "0x");
            case 'X' -> digits(conversion, hex(number, wide).toUpperCase(Locale.ROOT), "0X");
            case 'o' ->
                digits(conversion, wide ? Long.toOctalString(number) : Integer.toOctalString((int) number), "0");
            case 'c' -> pad(conversion, String.valueOf((char) number));
            case 'p' -> pad(conversion, "0x" + hex(number, wide));
            case 'S' -> pad(conversion, symbolizer.apply(new long[] {number}).getFirst());
            default -> throw new IllegalStateException("conversion " + conversion.type());
        };
    }

    /** Whether a value has the conversions of numbers; all else is text. */
    public static boolean isNumeric(@Nullable Object value) {
        return value instanceof Number || value instanceof Character || value instanceof Boolean;
    }

    private static long number(@Nullable Object value) {
        return switch (value) {
            case Boolean flag -> flag ? 1 : 0;
            case Character letter -> letter;
            case Number n -> n.longValue();
            case null, default -> 0;
        };
    }

    private static String hex(long number, boolean wide) {
        return wide ? Long.toHexString(number) : Integer.toHexString((int) number);
    }

    /** Sign, prefix, leading zeros and width of a number. */
    private static String digits(FormatString.Piece.Conversion conversion, String text, String prefix) {
        boolean negative = text.startsWith("-");
        String magnitude = negative ? text.substring(1) : text;
        if (conversion.flags().indexOf(',') >= 0) {
            magnitude = magnitude.replaceAll("(?<=\\d)(?=(\\d{3})+$)", ",");
        }
        magnitude = "0".repeat(Math.max(0, conversion.precision() - magnitude.length())) + magnitude;
        String sign = negative ? "-" : sign(conversion);
        String lead = sign + (conversion.flags().indexOf('#') >= 0 ? prefix : "");
        boolean zeros =
                conversion.flags().indexOf('0') >= 0 && conversion.flags().indexOf('-') < 0;
        if (zeros && conversion.precision() < 0) {
            magnitude = "0".repeat(Math.max(0, conversion.width() - lead.length() - magnitude.length())) + magnitude;
        }
        return pad(conversion.width(), conversion.flags(), lead + magnitude);
    }

    private static String sign(FormatString.Piece.Conversion conversion) {
        if (conversion.type() != 'd') {
            return "";
        }
        return conversion.flags().indexOf('+') >= 0 ? "+" : conversion.flags().indexOf(' ') >= 0 ? " " : "";
    }

    private static String pad(FormatString.Piece.Conversion conversion, String text) {
        boolean cut = conversion.precision() >= 0 && conversion.precision() < text.length();
        return pad(conversion.width(), conversion.flags(), cut ? text.substring(0, conversion.precision()) : text);
    }

    private static String pad(int width, String flags, String text) {
        String fill = " ".repeat(Math.max(0, width - text.length()));
        return flags.indexOf('-') >= 0 ? text + fill : fill + text;
    }

    private String stack(MemorySegment record, int offset, int frames) {
        StackSymbols.Stack stack = StackSymbols.read(record, offset, frames);
        if (stack.errno() != 0) {
            return " <no stack: errno %d>".formatted(stack.errno());
        }
        List<String> names = symbolizer.apply(
                stack.addresses().stream().mapToLong(Long::longValue).toArray());
        return " " + String.join("\n ", names);
    }
}
