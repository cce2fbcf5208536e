package org.kprobe4j.compiler.internal.ir;

/** A place in the handler's source. */
public record Position(String file, int line) {}
