package org.kprobe4j.bpf.ringbuf;

import java.lang.foreign.MemorySegment;

/** Takes records out of a ring buffer. */
@FunctionalInterface
public interface RecordConsumer {
    /**
     * One record. Nothing is allocated for it: it is read in place.
     *
     * @param data the buffer's memory, read-only; only the record's bytes are valid, and only during the call
     * @param offset where the record begins, in bytes, a multiple of 8
     * @param sizeBytes its size
     */
    void accept(MemorySegment data, long offset, int sizeBytes);
}
