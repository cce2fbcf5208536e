package org.kprobe4j.bpf;

import org.kprobe4j.bpf.internal.BpfInfo.Prog;
import org.kprobe4j.bpf.internal.Struct;

/**
 * The kernel's numbers about a program; -1 where this kernel does not tell.
 *
 * <p>Source: include/uapi/linux/bpf.h, struct bpf_prog_info.
 *
 * @param id the program's number, as bpftool shows it
 * @param jited whether it was translated to machine code; also false if the process may not know
 * @param translatedBytes size after the verifier's rewriting
 * @param jitedBytes size as machine code; 0 if not translated
 * @param runTimeNanos time spent in it while statistics were on, see {@link BpfStats}. Since kernel: 5.1
 * @param runCount runs while statistics were on. Since kernel: 5.1
 * @param recursionMisses runs that were dropped because the program, or for kprobes any kprobe program, already ran on that CPU.
 *     Since kernel: 5.12
 * @param verifiedInstructions instructions that the verifier processed. Since kernel: 5.16
 */
public record ProgramInfo(
        int id,
        boolean jited,
        int translatedBytes,
        int jitedBytes,
        long runTimeNanos,
        long runCount,
        long recursionMisses,
        long verifiedInstructions) {
    static ProgramInfo of(Struct info, int filledBytes) {
        return new ProgramInfo(
                info.u32(Prog.ID),
                info.u32(Prog.JITED_PROG_LEN) > 0,
                info.u32(Prog.XLATED_PROG_LEN),
                info.u32(Prog.JITED_PROG_LEN),
                u64(info, Prog.RUN_TIME_NS, filledBytes),
                u64(info, Prog.RUN_CNT, filledBytes),
                u64(info, Prog.RECURSION_MISSES, filledBytes),
                filledBytes >= Prog.VERIFIED_INSNS + Integer.BYTES ? info.u32(Prog.VERIFIED_INSNS) : -1);
    }

    private static long u64(Struct info, int offset, int filledBytes) {
        return filledBytes >= offset + Long.BYTES ? info.u64(offset) : -1;
    }
}
