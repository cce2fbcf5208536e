/** What the running kernel can do, found by trying; its version, where only that is known. */
package org.kprobe4j.bpf.features;
