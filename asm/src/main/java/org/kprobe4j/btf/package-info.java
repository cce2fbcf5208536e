/**
 * The BPF Type Format: the kernel's types, read lazily, and the little that a program brings along, written.
 *
 * <p>Source: Documentation/bpf/btf.rst; include/uapi/linux/btf.h.
 */
package org.kprobe4j.btf;
