package org.kprobe4j.compiler;

/** Where a return probe's programs keep what belongs to a call in flight. */
public enum CallStore {
    /** In the hash map {@link ProgramShape#CALLS_MAP}, by helper calls. */
    HASH,
    /**
     * In one mapped array, {@link CallSlots}, reached without a helper; a call whose slot another one has goes into the hash map.
     * Since kernel: 5.12, for compare and exchange.
     */
    SLOTS
}
