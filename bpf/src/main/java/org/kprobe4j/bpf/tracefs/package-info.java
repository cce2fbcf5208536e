/** Probes as tracefs events: for maxactive, and for kernels without the perf PMU of kprobes. */
package org.kprobe4j.bpf.tracefs;
