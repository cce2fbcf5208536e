package org.kprobe4j.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.internal.BpfAttr.ProgLoad;
import org.kprobe4j.bpf.internal.FakeKernel;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.Struct;

class ProgramLoadTest {
    private static final String REFUSAL = """
            func#0 @0
            0: R1=ctx() R10=fp0
            ; return p.pid; @ Opens.java:42
            16: (79) r1 = *(u64 *)(r1 +0)         ; R1_w=scalar()
            17: (61) r0 = *(u32 *)(r1 +0)
            R1 invalid mem access 'scalar'
            processed 18 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 1
            """;

    private final FakeKernel kernel = new FakeKernel();
    private final ProgramSpec spec = ProgramSpec.builder(ProgramType.KPROBE, "entry handler", new byte[16])
            .build();

    @Test
    void acceptedProgramNeedsOneCallAndNoLog() {
        List<Integer> levels = new ArrayList<>();
        kernel.onBpf = (command, attr) -> {
            assertThat(command).isEqualTo(Linux.BPF_PROG_LOAD);
            assertThat(attr.u32(ProgLoad.INSN_CNT)).isEqualTo(2);
            levels.add(attr.u32(ProgLoad.LOG_LEVEL));
            return kernel.fd("prog");
        };
        try (BpfProgram program = BpfProgram.load(kernel, spec)) {
            assertThat(levels).containsExactly(0);
            assertThat(program).hasToString("KPROBE program entry handler");
        }
        assertThat(kernel.openNow()).isEmpty();
    }

    @Test
    void refusalSaysVerdictAndInstruction() {
        kernel.onBpf = (command, attr) -> logging(attr, REFUSAL, -Errno.EACCES);
        LoadException refused = catchThrowableOfType(LoadException.class, () -> BpfProgram.load(kernel, spec));
        assertThat(refused)
                .hasMessage("load KPROBE program entry handler: R1 invalid mem access 'scalar' at insn 17 (EACCES);"
                        + " 7 log lines, see log()");
        assertThat(refused.log()).isEqualTo(REFUSAL);
        assertThat(refused.faultInstruction()).isEqualTo(17);
        assertThat(refused.lastLines(2))
                .containsExactly("17: (61) r0 = *(u32 *)(r1 +0)", "R1 invalid mem access 'scalar'");
        assertThat(refused.errnoName()).isEqualTo("EACCES");
    }

    @Test
    void logGrowsUntilItIsWhole() {
        String log = "x\n".repeat(200_000) + REFUSAL;
        List<Integer> sizes = new ArrayList<>();
        kernel.onBpf = (command, attr) -> {
            int size = attr.u32(ProgLoad.LOG_SIZE);
            if (size != 0) {
                sizes.add(size);
            }
            return size > log.length() ? logging(attr, log, -Errno.EACCES) : size == 0 ? -Errno.EACCES : -Errno.ENOSPC;
        };
        LoadException refused = catchThrowableOfType(LoadException.class, () -> BpfProgram.load(kernel, spec));
        assertThat(refused.log()).isEqualTo(log);
        assertThat(sizes).containsExactly(1 << 16, 1 << 18, 1 << 20);
    }

    @Test
    void busyVerifierIsAskedAgain() {
        int[] tries = {0};
        kernel.onBpf = (command, attr) -> ++tries[0] < 4 ? -Errno.EAGAIN : kernel.fd("prog");
        BpfProgram.load(kernel, spec).close();
        assertThat(tries[0]).isEqualTo(4);
    }

    @Test
    void oldKernelGetsAHigherMemoryLimit() {
        kernel.onBpf = (command, attr) -> kernel.limits.isEmpty() ? -Errno.EPERM : kernel.fd("prog");
        BpfProgram.load(kernel, spec).close();
        assertThat(kernel.limits).containsExactly("8=-1");
    }

    @Test
    void missingCapabilityIsNamed() {
        kernel.file("/proc/self/status", "Name:\tjava\nCapEff:\t0000000000000000\n")
                .file("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
                .file("/proc/sys/kernel/unprivileged_bpf_disabled", "2\n")
                .file("/proc/sys/kernel/perf_event_paranoid", "3\n");
        kernel.onBpf = (command, attr) -> -Errno.EPERM;
        assertThatThrownBy(() -> BpfProgram.load(kernel, spec))
                .isInstanceOf(PermissionException.class)
                .hasMessage("load KPROBE program entry handler: CAP_BPF is missing, CAP_PERFMON is missing, "
                        + "kernel.unprivileged_bpf_disabled is 2 (EPERM); "
                        + "run as root, or give it CAP_BPF and CAP_PERFMON: AmbientCapabilities= of a systemd unit,"
                        + " or setpriv --ambient-caps");
    }

    @Test
    void refusalWithoutALogIsExplained() {
        kernel.onBpf = (command, attr) -> -Errno.EINVAL;
        assertThatThrownBy(() -> BpfProgram.load(kernel, spec))
                .hasMessage(
                        "load KPROBE program entry handler: the kernel does not know this program type, attach type or flag,"
                                + " or finds the infos broken (EINVAL)");
    }

    @Test
    void instructionsAreEightBytes() {
        assertThatThrownBy(() -> ProgramSpec.builder(ProgramType.KPROBE, "cut", new byte[12]))
                .hasMessage("program cut: 12 bytes are not instructions of 8 bytes");
    }

    @Test
    void anEndlessLoopIsTheVerdictNotTheStatesBehindIt() {
        String log = """
                7: (05) goto pc-4
                infinite loop detected at insn 3
                cur state: R0_w=scalar() R10=fp0
                old state: R0_w=scalar() R10=fp0
                processed 18 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 1
                """;
        assertThat(VerifierLog.lastLines(log, 1)).containsExactly("infinite loop detected at insn 3");
        assertThat(VerifierLog.faultInstruction(log)).isEqualTo(3);
    }

    @Test
    void faultInstructionIsTheLastOneNamed() {
        assertThat(VerifierLog.faultInstruction("")).isEqualTo(-1);
        assertThat(VerifierLog.faultInstruction("no number here\n")).isEqualTo(-1);
        assertThat(VerifierLog.faultInstruction("3: (b7) r0 = 1\n4: (95) exit\nbad"))
                .isEqualTo(4);
        assertThat(VerifierLog.faultInstruction("back-edge from insn 12 to 3\n"))
                .isEqualTo(12);
        assertThat(VerifierLog.faultInstruction("unreachable insn 5\n")).isEqualTo(5);
        assertThat(VerifierLog.faultInstruction("99999999999999999999: (95) exit\n"))
                .isEqualTo(-1);
    }

    @SuppressWarnings("restricted")
    private static long logging(Struct attr, String log, long result) {
        long address = attr.u64(ProgLoad.LOG_BUF);
        if (address != 0) {
            byte[] bytes = log.getBytes(StandardCharsets.UTF_8);
            MemorySegment.ofAddress(address)
                    .reinterpret(attr.u32(ProgLoad.LOG_SIZE))
                    .copyFrom(MemorySegment.ofArray(bytes));
        }
        return result;
    }
}
