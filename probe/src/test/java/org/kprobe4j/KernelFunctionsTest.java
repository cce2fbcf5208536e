package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.kprobe4j.compiler.Architecture;

class KernelFunctionsTest {
    @Test
    void systemCallsHaveTheirMachinesName() {
        assertThat(Arrays.stream(Architecture.values()).map(machine -> KernelFunctions.systemCall(machine, "fsync")))
                .containsExactlyInAnyOrder("__x64_sys_fsync", "__arm64_sys_fsync", "sys_fsync");
        assertThat(KernelFunctions.systemCall("fsync")).endsWith("sys_fsync");
    }
}
