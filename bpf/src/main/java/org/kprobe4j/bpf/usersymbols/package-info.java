/** Names of addresses in processes: /proc/PID/maps, symbol tables of ELF files, the vdso, and perf maps of just-in-time compilers. */
package org.kprobe4j.bpf.usersymbols;
