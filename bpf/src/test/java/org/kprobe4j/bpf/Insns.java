package org.kprobe4j.bpf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Instructions by hand, for tests of a module that must not know the assembler. */
public final class Insns {
    private final ByteBuffer bytes = ByteBuffer.allocate(4096).order(ByteOrder.nativeOrder());

    public Insns insn(int code, int dst, int src, int off, int imm) {
        bytes.put((byte) code)
                .put((byte) (src << 4 | dst))
                .putShort((short) off)
                .putInt(imm);
        return this;
    }

    /** dst = imm. */
    public Insns mov(int dst, int imm) {
        return insn(0xb7, dst, 0, 0, imm);
    }

    /** dst = src. */
    public Insns movReg(int dst, int src) {
        return insn(0xbf, dst, src, 0, 0);
    }

    /** dst += imm. */
    public Insns add(int dst, int imm) {
        return insn(0x07, dst, 0, 0, imm);
    }

    /** *(u64 *)(dst + off) = src. */
    public Insns store64(int dst, int off, int src) {
        return insn(0x7b, dst, src, off, 0);
    }

    /** *(u32 *)(dst + off) = imm. */
    public Insns storeImm32(int dst, int off, int imm) {
        return insn(0x62, dst, 0, off, imm);
    }

    /** *(u64 *)(dst + off) += src, atomically. */
    public Insns atomicAdd64(int dst, int off, int src) {
        return insn(0xdb, dst, src, off, 0);
    }

    /** dst = address of a map. */
    public Insns map(int dst, BpfMap map) {
        return insn(0x18, dst, 1, 0, map.fd()).insn(0, 0, 0, 0, 0);
    }

    public Insns call(int helper) {
        return insn(0x85, 0, 0, 0, helper);
    }

    /** if (dst == 0) skip instructions. */
    public Insns skipIfZero(int dst, int count) {
        return insn(0x15, dst, 0, count, 0);
    }

    public byte[] exit() {
        insn(0x95, 0, 0, 0, 0);
        byte[] program = new byte[bytes.position()];
        bytes.get(0, program);
        return program;
    }

    /** Counts hits in value 0 of an array map. */
    public static byte[] counting(BpfMap array) {
        return new Insns()
                .storeImm32(10, -4, 0)
                .movReg(2, 10)
                .add(2, -4)
                .map(1, array)
                .call(1)
                .skipIfZero(0, 2)
                .mov(1, 1)
                .atomicAdd64(0, 0, 1)
                .mov(0, 0)
                .exit();
    }

    /** Puts an 8-byte record, the time, into a ring buffer. */
    public static byte[] emitting(BpfMap ring) {
        return new Insns()
                .call(5)
                .store64(10, -8, 0)
                .map(1, ring)
                .movReg(2, 10)
                .add(2, -8)
                .mov(3, 8)
                .mov(4, 0)
                .call(130)
                .mov(0, 0)
                .exit();
    }
}
