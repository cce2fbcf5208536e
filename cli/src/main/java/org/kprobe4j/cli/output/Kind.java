package org.kprobe4j.cli.output;

/** What the cells of a column are: it decides how people and machines read them. A cell of any kind may be null: there is no value. */
public enum Kind {
    /** A whole number: Long or Integer. */
    NUMBER,
    /** A whole number of 64 bits without a sign, in a Long. */
    UNSIGNED,
    /** A number with a fraction: Double. */
    DECIMAL,
    /** A time span: a Long of nanoseconds. */
    DURATION,
    /** A moment: a Long of nanoseconds of the monotonic clock, as {@code Kernel.ktimeNs()} and {@code System.nanoTime()} give it. */
    TIME,
    /** An address of the kernel's or of a process: Long. */
    ADDRESS,
    /** Yes or no: Boolean. */
    FLAG,
    /** A text: String; in the last column of rows for people also a {@link Line}, for its colours. */
    TEXT,
    /** Several texts, as of a stack: List of String, the innermost first. */
    LIST,
    /** Values with names, as of arguments: Map from String to Long, Boolean, Double or String, in its own order. */
    VALUES;

    /** Whether people read its columns from the right. */
    boolean isToTheRight() {
        return switch (this) {
            case NUMBER, UNSIGNED, DECIMAL, DURATION, ADDRESS -> true;
            case TIME, FLAG, TEXT, LIST, VALUES -> false;
        };
    }
}
