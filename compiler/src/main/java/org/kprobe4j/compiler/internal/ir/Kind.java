package org.kprobe4j.compiler.internal.ir;

/** Width of a scalar value. An {@link #INT} keeps the upper half of its register zero. */
public enum Kind {
    /** 32 bits: Java's boolean, byte, short, char and int. */
    INT,
    /** 64 bits: Java's long, and every kernel address. */
    LONG
}
