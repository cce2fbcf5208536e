/** Lines to the kernel log and to syslog. */
package org.kprobe4j.bpf.log;
