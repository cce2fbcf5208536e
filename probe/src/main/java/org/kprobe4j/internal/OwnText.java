package org.kprobe4j.internal;

import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The bytes of an instruction of x86-64 as the kernel was built with them. When an optimized kprobe is removed, the jump of five bytes
 * that stands for it stays until a worker of the kernel comes by, some 20 ms later and more on a busy machine, and is a breakpoint for a
 * moment before it goes; the kernel's list of probes shows nothing of it. So a jump to such a probe's code is waited for, and a breakpoint.
 * Source: kprobe_optimizer() and do_unoptimize_kprobes() in kernel/kprobes.c, optprobe_template_entry in arch/x86/kernel/kprobes/opt.c.
 */
final class OwnText {
    private static final int JUMP_BYTES = 5;
    private static final int JUMP = 0xe9;
    private static final int BREAKPOINT = 0xcc;
    /** How the code begins that an optimized probe jumps to, behind the stack segment, where that is saved: push rsp, pushf. */
    private static final int PUSH_RSP = 0x54;

    private static final int PUSHF = 0x9c;
    private static final int TEMPLATE_START = 8;

    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    /** Where bytes come from. */
    interface Source {
        byte[] read(long address, int count) throws IOException;
    }

    private OwnText() {}

    /**
     * Some bytes of code, when no removed probe's jump is over them any more.
     *
     * @throws IOException if they cannot be read
     * @throws PostPlan.UnfollowableException if a jump stays
     */
    static byte[] read(Source text, long address, int count) throws IOException {
        long start = System.nanoTime();
        byte[] code = text.read(address - JUMP_BYTES + 1, count + JUMP_BYTES - 1);
        while (isBreakpoint(code) || isCovered(text, address, code)) {
            if (System.nanoTime() - start > LONGEST_NANOS) {
                if (isBreakpoint(code)) {
                    break; // somebody else's: it stays
                }
                throw new PostPlan.UnfollowableException(
                        "the jump of an optimized probe that was removed still hides the instruction at 0x%x; try again"
                                .formatted(address));
            }
            LockSupport.parkNanos(PAUSE_NANOS);
            code = text.read(address - JUMP_BYTES + 1, count + JUMP_BYTES - 1);
        }
        return Arrays.copyOfRange(code, JUMP_BYTES - 1, code.length);
    }

    private static boolean isBreakpoint(byte[] code) {
        return (code[JUMP_BYTES - 1] & 0xff) == BREAKPOINT;
    }

    /** The bytes begin four before the instruction: a jump may begin there. */
    private static boolean isCovered(Source text, long address, byte[] code) throws IOException {
        for (int at = 0; at < JUMP_BYTES; at++) {
            if ((code[at] & 0xff) == JUMP && isTemplate(text, address + at + 1 + distance(code, at + 1))) {
                return true;
            }
        }
        return false;
    }

    private static int distance(byte[] code, int at) {
        return (code[at] & 0xff) | (code[at + 1] & 0xff) << 8 | (code[at + 2] & 0xff) << 16 | code[at + 3] << 24;
    }

    private static boolean isTemplate(Source text, long address) {
        byte[] code;
        try {
            code = text.read(address, TEMPLATE_START);
        } catch (IOException e) {
            return false; // no code there: the bytes were no jump
        }
        for (int at = 0; at + 1 < code.length; at++) {
            if ((code[at] & 0xff) == PUSH_RSP && (code[at + 1] & 0xff) == PUSHF) {
                return true;
            }
        }
        return false;
    }
}
