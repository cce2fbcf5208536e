/**
 * Expressions as in C over what a probe sees: the function's arguments by name, fields of the kernel's structures, the return value, the
 * time taken, the task. {@link Expressions} reads a text and finds its names in the kernel's types; what comes of it is a tree of captured
 * records, {@link Value} and {@link Text}, which the compiler of handlers follows like any captured object: there is one way to make a
 * program.
 */
@NullMarked
package org.kprobe4j.cli.expression;

import org.jspecify.annotations.NullMarked;
