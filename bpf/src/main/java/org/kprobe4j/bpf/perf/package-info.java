/** Probes as perf events: kprobes of the perf PMU, tracepoints by number; a program runs at each hit. */
package org.kprobe4j.bpf.perf;
