package org.kprobe4j.bpf.tracefs;

/**
 * The kernel's count of an event.
 *
 * @param hits how often it was hit
 * @param misses how often a hit was dropped. Before kernel 6.1 a return probe's lack of instances is not in it
 */
public record KprobeProfile(long hits, long misses) {}
