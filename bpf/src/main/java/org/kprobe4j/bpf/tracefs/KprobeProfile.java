package org.kprobe4j.bpf.tracefs;

/**
 * The kernel's count of an event.
 *
 * @param hits how often it was hit
 * @param misses how often a hit was dropped, for a return probe also because no instance was free
 */
public record KprobeProfile(long hits, long misses) {}
