/** Kernel symbols and addresses: /proc/kallsyms, and what debugfs says about planted and forbidden probes. */
package org.kprobe4j.bpf.symbols;
