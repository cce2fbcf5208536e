/** eBPF maps, type information, programs and links; the exceptions of the whole module; what is open. */
package org.kprobe4j.bpf;
