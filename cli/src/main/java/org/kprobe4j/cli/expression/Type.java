package org.kprobe4j.cli.expression;

import org.jspecify.annotations.Nullable;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType;

/** What an expression is of: it decides how it may be used, and how its values are shown. */
public sealed interface Type {
    /** As messages call it. */
    String describe();

    /**
     * A number.
     *
     * @param bytes 1, 2, 4 or 8 of them say something
     * @param signed whether it may be negative
     * @param meaning how people read it
     */
    record Numeric(int bytes, boolean signed, Meaning meaning) implements Type {
        /** The type of constants and of what is computed. */
        public static final Numeric LONG = new Numeric(Long.BYTES, true, Meaning.PLAIN);

        /** How people read a number. */
        public enum Meaning {
            PLAIN,
            BOOL,
            CHARACTER,
            ADDRESS,
            DURATION
        }

        /** Whether it does not fit into a signed number of 64 bits. */
        boolean isWideUnsigned() {
            return !signed && bytes == Long.BYTES;
        }

        @Override
        public String describe() {
            return meaning == Meaning.DURATION ? "a number of nanoseconds" : "a number";
        }
    }

    /** A number that is one of an enumeration's constants. */
    record Constants(Btf btf, BtfType.Enumeration of) implements Type {
        /** The constant's name. */
        public @Nullable String name(long number) {
            boolean narrow = of.sizeBytes() < Long.BYTES;
            for (BtfType.Enumerator constant : of.enumerators()) {
                if (narrow ? (int) constant.value() == (int) number : constant.value() == number) {
                    return constant.name();
                }
            }
            return null;
        }

        @Override
        public String describe() {
            return of.name().isEmpty() ? "a constant of an enumeration" : "a constant of enum " + of.name();
        }
    }

    /** The address of something that has a type. */
    record Pointer(Btf btf, int target, boolean user) implements Type {
        @Override
        public String describe() {
            return target == 0 ? "a void *" : "a " + btf.nameOf(target) + " *";
        }
    }

    /** A struct or union itself, by its address. */
    record Structure(Btf btf, BtfType.Composite of, boolean user) implements Type {
        @Override
        public String describe() {
            return "a " + btf.nameOf(of.id());
        }
    }

    /** An array, by its address. */
    record Elements(Btf btf, int element, int length, boolean user) implements Type {
        @Override
        public String describe() {
            return "an array of " + btf.nameOf(element);
        }
    }

    /** A text. */
    record Characters() implements Type {
        @Override
        public String describe() {
            return "a text";
        }
    }
}
