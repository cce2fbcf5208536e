/** The consumer's side of the BPF ring buffer. */
package org.kprobe4j.bpf.ringbuf;
