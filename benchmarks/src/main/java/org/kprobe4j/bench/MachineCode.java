package org.kprobe4j.bench;

import java.io.IOException;
import org.kprobe4j.bpf.internal.BpfAttr;
import org.kprobe4j.bpf.internal.BpfInfo;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.Scratch;
import org.kprobe4j.bpf.internal.Struct;
import org.kprobe4j.bpf.internal.SystemCalls;

/** What the kernel's JIT made of a program; Debian's bpftool is built without a disassembler and does not give it out. */
final class MachineCode {
    private static final int BPF_PROG_GET_FD_BY_ID = 13;
    /** In {@code struct bpf_prog_info}. Source: include/uapi/linux/bpf.h. */
    private static final int JITED_PROG_INSNS = 24;

    private MachineCode() {}

    /** Of the program with a number, as long as it is loaded. */
    static byte[] of(int number) throws IOException {
        SystemCalls calls = SystemCalls.linux();
        try (Scratch scratch = new Scratch()) {
            Struct named = scratch.struct(BpfAttr.SIZE).u32(0, number);
            int fd = (int) required(calls.bpf(BPF_PROG_GET_FD_BY_ID, named), number);
            try {
                int bytes = info(calls, scratch, fd, number, scratch.struct(BpfInfo.Prog.SIZE));
                Struct code = scratch.struct(bytes);
                Struct asked = scratch.struct(BpfInfo.Prog.SIZE)
                        .u32(BpfInfo.Prog.JITED_PROG_LEN, bytes)
                        .u64(JITED_PROG_INSNS, code.address());
                byte[] copy = new byte[info(calls, scratch, fd, number, asked)];
                code.get(0, copy);
                return copy;
            } finally {
                calls.close(fd);
            }
        }
    }

    private static int info(SystemCalls calls, Scratch scratch, int fd, int number, Struct info) throws IOException {
        Struct attr = scratch.struct(BpfAttr.SIZE)
                .u32(BpfAttr.ObjectInfo.BPF_FD, fd)
                .u32(BpfAttr.ObjectInfo.INFO_LEN, BpfInfo.Prog.SIZE)
                .u64(BpfAttr.ObjectInfo.INFO, info.address());
        required(calls.bpf(Linux.BPF_OBJ_GET_INFO_BY_FD, attr), number);
        return info.u32(BpfInfo.Prog.JITED_PROG_LEN);
    }

    private static long required(long result, int number) throws IOException {
        if (result < 0) {
            throw new IOException("program %d: errno %d".formatted(number, -result));
        }
        return result;
    }
}
