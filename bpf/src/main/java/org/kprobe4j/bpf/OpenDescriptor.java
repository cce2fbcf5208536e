package org.kprobe4j.bpf;

/**
 * Something that is open.
 *
 * @param what it is, such as {@code map counts}
 * @param openedAt a throwable whose stack trace shows who opened it
 */
public record OpenDescriptor(String what, Throwable openedAt) {}
