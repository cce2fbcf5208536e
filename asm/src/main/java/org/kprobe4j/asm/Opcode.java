package org.kprobe4j.asm;

/**
 * The numbers of the encoding, in the kernel's spelling, and a slot as one {@code long}: opcode in bits 0-7, dst 8-11, src 12-15, off
 * 16-31, imm 32-63, which is also its little-endian layout in memory.
 *
 * <p>Source: RFC 9669, section 3; include/uapi/linux/bpf.h.
 */
final class Opcode {
    static final int BPF_LD = 0x00;
    static final int BPF_LDX = 0x01;
    static final int BPF_ST = 0x02;
    static final int BPF_STX = 0x03;
    static final int BPF_ALU = 0x04;
    static final int BPF_JMP = 0x05;
    static final int BPF_JMP32 = 0x06;
    static final int BPF_ALU64 = 0x07;

    static final int BPF_K = 0x00;
    static final int BPF_X = 0x08;

    static final int BPF_MEM = 0x60;
    static final int BPF_MEMSX = 0x80;
    static final int BPF_ATOMIC = 0xc0;

    static final int BPF_END = 0xd0;
    static final int BPF_NEG = 0x80;

    static final int BPF_JA = 0x00;
    static final int BPF_CALL = 0x80;
    static final int BPF_EXIT = 0x90;
    static final int BPF_JCOND = 0xe0;

    static final int LD_IMM64 = 0x18;
    static final int BPF_PSEUDO_MAP_FD = 1;
    static final int BPF_PSEUDO_MAP_VALUE = 2;
    static final int BPF_PSEUDO_BTF_ID = 3;
    static final int BPF_PSEUDO_FUNC = 4;

    static final int BPF_PSEUDO_CALL = 1;
    static final int BPF_PSEUDO_KFUNC_CALL = 2;

    static final int BPF_LOAD_ACQ = 0x100;
    static final int BPF_STORE_REL = 0x110;

    private Opcode() {}

    static long slot(int opcode, int dst, int src, int off, int imm) {
        return (opcode & 0xffL) | (dst & 0xfL) << 8 | (src & 0xfL) << 12 | (off & 0xffffL) << 16 | (long) imm << 32;
    }

    static int opcode(long slot) {
        return (int) slot & 0xff;
    }

    static int dst(long slot) {
        return (int) slot >>> 8 & 0xf;
    }

    static int src(long slot) {
        return (int) slot >>> 12 & 0xf;
    }

    static int off(long slot) {
        return (short) (slot >>> 16);
    }

    static int imm(long slot) {
        return (int) (slot >>> 32);
    }
}
