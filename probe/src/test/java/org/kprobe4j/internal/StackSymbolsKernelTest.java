package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.BpfProgram;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.ProgramSpec;
import org.kprobe4j.bpf.ProgramType;

/** Stacks of this very process while it asks the kernel to run a program. */
@Tag("kernel")
class StackSymbolsKernelTest {
    private static final int BPF_F_USER_STACK = 1 << 8;
    private static final int MAX_FRAMES = 127;

    private static byte[] returningStackId(BpfMap stacks, int flags) {
        return ByteBuffer.allocate(40)
                .order(ByteOrder.nativeOrder())
                .put((byte) 0x18) // r2 = map
                .put((byte) (1 << 4 | 2))
                .putShort((short) 0)
                .putInt(stacks.fd())
                .putLong(0)
                .putInt(0x03b7) // r3 = flags
                .putInt(flags)
                .putInt(0x85) // r0 = bpf_get_stackid(ctx, map, flags)
                .putInt(27)
                .putLong(0x95)
                .array();
    }

    private static StackSymbols.Stack take(BpfMap stacks, int flags) {
        ProgramSpec spec = ProgramSpec.builder(ProgramType.RAW_TRACEPOINT, "stack", returningStackId(stacks, flags))
                .build();
        try (BpfProgram program = BpfProgram.load(spec)) {
            return StackSymbols.read(stacks, program.testRunContext(new byte[0]).returnValue());
        }
    }

    @Test
    void framesOfKernelAndProcess() {
        StackSymbols symbols = StackSymbols.running();
        int pid = (int) ProcessHandle.current().pid();
        try (BpfMap stacks = BpfMap.create(MapType.STACK_TRACE, "stacks", 4, MAX_FRAMES * Long.BYTES, 64, 0)) {
            List<String> kernel = symbols.kernel(take(stacks, 0));
            assertThat(kernel).anyMatch(frame -> frame.matches("(__do_sys_bpf|__sys_bpf)\\+0x[0-9a-f]+/0x[0-9a-f]+"));
            List<String> user = symbols.user(pid, take(stacks, BPF_F_USER_STACK));
            assertThat(user.getFirst()).matches("syscall\\+0x[0-9a-f]+ \\(.*/libc.*\\)");
            int[] entries = {0};
            stacks.takeEach((key, value) -> entries[0]++);
            assertThat(entries[0]).isEqualTo(2);
            assertThat(symbols.kernel(StackSymbols.read(stacks, -17)))
                    .containsExactly("<stack lost: another one has its place in the map (EEXIST)>");
        }
    }
}
