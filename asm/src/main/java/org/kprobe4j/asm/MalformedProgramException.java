package org.kprobe4j.asm;

/** Bytes that are not an eBPF program as a user may load one. */
public final class MalformedProgramException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    MalformedProgramException(String message) {
        super(message);
    }

    MalformedProgramException(int slot, String message) {
        super("insn " + slot + ": " + message);
    }
}
