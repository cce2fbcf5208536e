package org.kprobe4j.compiler;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a handler's {@code Kernel.printf} left for user space to do: the record that arrives holds the values, this says how
 * to make the line of them.
 *
 * @param id first u32 of the record
 * @param format the format string
 * @param arguments one for each conversion
 */
public record PrintFormat(int id, String format, List<Argument> arguments) {
    /** Size of the ring buffer that the records travel through. */
    public static final int RING_BYTES = 1 << 20;

    /** Copies the list. */
    public PrintFormat {
        arguments = List.copyOf(arguments);
    }

    /** Where an argument comes from. */
    public sealed interface Argument {
        /**
         * Known when the handler was compiled.
         *
         * @param value the value
         */
        record Known(@Nullable Object value) implements Argument {}

        /**
         * A number in the record, in the lower bytes of 8; those above its type's width mean nothing.
         *
         * @param offset in bytes
         * @param type its Java type: a primitive
         */
        record Numeral(int offset, Class<?> type) implements Argument {
            /**
             * The number as Java's.
             *
             * @param bits 8 bytes of a record, or a known value
             * @return boxed, of the type
             */
            public Object value(long bits) {
                if (type == boolean.class) {
                    return bits != 0;
                } else if (type == char.class) {
                    return (char) bits;
                } else if (type == byte.class) {
                    return (byte) bits;
                } else if (type == short.class) {
                    return (short) bits;
                } else if (type == int.class) {
                    return (int) bits;
                }
                return bits;
            }
        }

        /**
         * A constant of an enumeration of the kernel, in 8 bytes.
         *
         * @param offset in bytes
         * @param names of the constants, by value
         */
        record Enumerator(int offset, Map<Long, String> names) implements Argument {
            /** Copies the names. */
            public Enumerator {
                names = Map.copyOf(names);
            }

            /**
             * The constant's name.
             *
             * @param value 8 bytes of a record
             * @return the name; the number where the kernel has a value without one
             */
            public String text(long value) {
                return names.getOrDefault(value, Long.toString(value));
            }
        }

        /**
         * Bytes up to a NUL.
         *
         * @param offset in bytes
         * @param sizeBytes at most as many
         */
        record Chars(int offset, int sizeBytes) implements Argument {}

        /**
         * An internet address, in the network's byte order.
         *
         * @param offset in bytes
         * @param sizeBytes 4 or 16
         */
        record Address(int offset, int sizeBytes) implements Argument {}

        /**
         * A kernel stack: an s64 with its length in bytes or a negative errno, then the addresses.
         *
         * @param offset in bytes
         * @param frames at most as many
         */
        record Stack(int offset, int frames) implements Argument {}

        /**
         * A stack of the current process, as {@link StackKind#USER} lies in an event.
         *
         * @param offset in bytes
         * @param frames at most as many
         */
        record UserStack(int offset, int frames) implements Argument {}

        /**
         * All registers, as the record of their set lies in an event.
         *
         * @param offset in bytes
         * @param registerSet {@link Architecture#registerSet()}
         */
        record Registers(int offset, String registerSet) implements Argument {}

        /**
         * A flags register, in 8 bytes; the text names its flags.
         *
         * @param offset in bytes
         * @param registerSet {@link Architecture#registerSet()}
         */
        record Flags(int offset, String registerSet) implements Argument {}
    }
}
