/**
 * {@code ./bench}: what a probe costs, in guest instructions per hit, beside what bpftrace and perf take for the same work in the same
 * guest. {@link org.kprobe4j.bench.BenchMain} boots the guests, {@link org.kprobe4j.bench.GuestMain} runs inside.
 */
package org.kprobe4j.bench;
