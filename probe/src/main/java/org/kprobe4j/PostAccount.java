package org.kprobe4j;

/**
 * What became of the hits after which a post handler was to run: {@code armed = delivered + faulted + lost}.
 *
 * @param armed hits whose pre handler ran to its end
 * @param delivered post handlers that ran to their end
 * @param faulted post handlers that stopped where Java would throw
 * @param lost hits whose post handler the kernel did not run: another program was running on the CPU when the next instruction was
 *     reached; while the probe is planted, also those that are between the two handlers now. Always 0 where both handlers run in one trap
 */
public record PostAccount(long armed, long delivered, long faulted, long lost) {
    /**
     * The closing line.
     *
     * @return {@code 12 armed = 11 delivered + 1 lost}
     */
    @Override
    public String toString() {
        return "%d armed = %d delivered".formatted(armed, delivered)
                + (faulted == 0 ? "" : " + %d faulted".formatted(faulted))
                + (lost == 0 ? "" : " + %d lost".formatted(lost));
    }
}
