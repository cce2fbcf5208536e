package org.kprobe4j.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.internal.BpfAttr;
import org.kprobe4j.bpf.internal.FakeKernel;
import org.kprobe4j.bpf.internal.Linux;

class GracePeriodTest {
    private final FakeKernel kernel = new FakeKernel();

    @Test
    void oneSystemCallWhereTheKernelAllowsIt() {
        List<Integer> commands = new ArrayList<>();
        kernel.onMembarrier = command -> {
            commands.add(command);
            return 0;
        };
        kernel.onBpf = (command, attr) -> {
            throw new AssertionError("bpf " + command);
        };
        GracePeriod.await(kernel);
        assertThat(commands).containsExactly(1);
    }

    @Test
    void elseAMapWithinAMapIsReplaced() {
        List<String> done = new ArrayList<>();
        kernel.onMembarrier = command -> -Errno.EINVAL;
        kernel.onBpf = (command, attr) -> {
            if (command == Linux.BPF_MAP_CREATE) {
                done.add("create %d holding %d".formatted(attr.u32(0), attr.u32(BpfAttr.MapCreate.INNER_MAP_FD)));
                return kernel.fd("map");
            }
            done.add("command %d on %d".formatted(command, attr.u32(0)));
            return 0;
        };
        GracePeriod.await(kernel);
        assertThat(done).containsExactly("create 2 holding 0", "create 12 holding 3", "command 2 on 4");
        assertThat(kernel.openNow()).isEmpty();
    }

    @Test
    void refusalOfBothIsSaid() {
        kernel.onMembarrier = command -> -Errno.ENOSYS;
        kernel.onBpf = (command, attr) -> -Errno.EPERM;
        assertThatThrownBy(() -> GracePeriod.await(kernel))
                .isInstanceOf(SystemCallException.class)
                .hasMessage("wait for an RCU grace period: membarrier(2) is refused too (EPERM); "
                        + "allow membarrier in the seccomp filter of this process");
    }
}
