package org.kprobe4j.bpf;

import org.kprobe4j.bpf.internal.SystemCalls;

/** Objects on a fake kernel, for the tests of other packages. */
public final class FakeObjects {
    private FakeObjects() {}

    public static BpfMap map(SystemCalls calls, MapSpec spec) {
        return BpfMap.create(calls, spec);
    }

    public static BpfProgram program(SystemCalls calls, ProgramSpec spec) {
        return BpfProgram.load(calls, spec);
    }
}
