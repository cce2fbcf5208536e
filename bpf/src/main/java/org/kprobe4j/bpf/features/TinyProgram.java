package org.kprobe4j.bpf.features;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A handful of instructions for a probe; this module knows no assembler. Source: include/uapi/linux/bpf.h. */
final class TinyProgram {
    private static final int BPF_MOV64_IMM = 0xb7;
    private static final int BPF_ALU64_ADD_IMM = 0x07;
    private static final int BPF_JLT_IMM = 0xa5;
    private static final int BPF_CALL = 0x85;
    private static final int BPF_EXIT = 0x95;
    private static final int BPF_MOVSX8 = 0xbf;

    private static final int BPF_ST_DW = 0x7a;
    private static final int BPF_STX_ATOMIC_DW = 0xdb;
    private static final int BPF_CMPXCHG = 0xf1;

    private final ByteBuffer bytes = ByteBuffer.allocate(64).order(ByteOrder.nativeOrder());

    private TinyProgram insn(int code, int destination, int source, int offset, int immediate) {
        int registers = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN
                ? source << 4 | destination
                : destination << 4 | source;
        bytes.put((byte) code).put((byte) registers).putShort((short) offset).putInt(immediate);
        return this;
    }

    private byte[] end() {
        insn(BPF_EXIT, 0, 0, 0, 0);
        byte[] program = new byte[bytes.position()];
        bytes.get(0, program);
        return program;
    }

    /** r0 = 0; exit. */
    static byte[] nothing() {
        return new TinyProgram().insn(BPF_MOV64_IMM, 0, 0, 0, 0).end();
    }

    /** A call with the arguments that there happen to be: the verifier looks first whether the helper is allowed. */
    static byte[] calling(int helper) {
        return new TinyProgram()
                .insn(BPF_CALL, 0, 0, 0, helper)
                .insn(BPF_MOV64_IMM, 0, 0, 0, 0)
                .end();
    }

    /** for (r0 = 0; r0 < 4; r0++): refused before loops were allowed. */
    static byte[] loop() {
        return new TinyProgram()
                .insn(BPF_MOV64_IMM, 0, 0, 0, 0)
                .insn(BPF_ALU64_ADD_IMM, 0, 0, 0, 1)
                .insn(BPF_JLT_IMM, 0, 0, -2, 4)
                .end();
    }

    /** r0 = (s8) r0: an instruction of cpu v4. */
    static byte[] signExtension() {
        final int bits = 8;
        return new TinyProgram()
                .insn(BPF_MOV64_IMM, 0, 0, 0, 0)
                .insn(BPF_MOVSX8, 0, 0, bits, 0)
                .end();
    }

    /** r0 = compare and exchange of a word in the frame. */
    static byte[] compareAndExchange() {
        final int frame = 10;
        return new TinyProgram()
                .insn(BPF_MOV64_IMM, 0, 0, 0, 0)
                .insn(BPF_MOV64_IMM, 1, 0, 0, 0)
                .insn(BPF_ST_DW, frame, 0, -Long.BYTES, 0)
                .insn(BPF_STX_ATOMIC_DW, frame, 1, -Long.BYTES, BPF_CMPXCHG)
                .end();
    }
}
