package org.kprobe4j.bpf;

import org.kprobe4j.bpf.internal.SystemCalls;

/** Maps on a kernel that is none. */
public final class BenchmarkMaps {
    private BenchmarkMaps() {}

    /**
     * Makes a map.
     *
     * @param calls the kernel
     * @param spec what it is to be
     * @return the map
     */
    public static BpfMap map(SystemCalls calls, MapSpec spec) {
        return BpfMap.create(calls, spec);
    }
}
