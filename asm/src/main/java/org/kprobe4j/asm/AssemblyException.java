package org.kprobe4j.asm;

/** Instructions that do not make a program: a label that is missing or placed twice, or a jump that is too far. */
public final class AssemblyException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    AssemblyException(String message) {
        super(message);
    }
}
