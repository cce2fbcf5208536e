package org.kprobe4j.bpf.perf;

import org.kprobe4j.bpf.internal.BpfAttr;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.Scratch;
import org.kprobe4j.bpf.internal.Struct;
import org.kprobe4j.bpf.internal.SystemCalls;

/** BPF_TASK_FD_QUERY: what a perf event with a program is. Since kernel: 4.18; needs CAP_SYS_ADMIN. */
final class TaskFdQuery {
    private static final int NAME_BYTES = 512;

    private TaskFdQuery() {}

    /** The address of the event's probe; 0 if the kernel does not tell, as before 6.6 for a probe by symbol. */
    static long probeAddress(SystemCalls calls, int perfFd) {
        try (Scratch scratch = new Scratch()) {
            Struct name = scratch.struct(NAME_BYTES);
            Struct attr = scratch.struct(BpfAttr.SIZE)
                    .u32(BpfAttr.TaskFdQuery.PID, calls.getpid())
                    .u32(BpfAttr.TaskFdQuery.FD, perfFd)
                    .u32(BpfAttr.TaskFdQuery.BUF_LEN, NAME_BYTES)
                    .u64(BpfAttr.TaskFdQuery.BUF, name.address());
            long result = calls.bpf(Linux.BPF_TASK_FD_QUERY, attr);
            return result < 0 ? 0 : attr.u64(BpfAttr.TaskFdQuery.PROBE_ADDR);
        }
    }
}
