package org.kprobe4j.cli.trace;

import java.util.ArrayList;
import org.kprobe4j.ProbeAccount;

/**
 * What became of calls: {@code hits = delivered + lost + filtered + ...}, always. A call is delivered if its own record came, whole or
 * with parts that were lost; it is lost if that record found no room.
 *
 * @param probes the probes' account: its delivered calls ran to their end in the handlers
 * @param wanted how many of those sent a record
 * @param calls how many records came
 * @param partial how many of these lack parts
 * @param withoutReturn how many are shown by their parts, because no record of their return came: it was lost, or the kernel missed the return
 * @param bufferBytes how much room there was
 */
record CallAccount(ProbeAccount probes, long wanted, long calls, long partial, long withoutReturn, int bufferBytes) {
    private static final String DELIVERED = " delivered";
    private static final int MOST_BYTES = 1 << 29;

    /** How many calls were lost. */
    long lost() {
        return wanted - calls;
    }

    /** By calls, not by records. */
    ProbeAccount account() {
        return new ProbeAccount(
                probes.hits(),
                calls,
                probes.filtered() + probes.delivered() - wanted,
                probes.inFlight(),
                probes.endedInside(),
                probes.missed(),
                probes.recursion(),
                probes.mapFull(),
                probes.faulted(),
                0,
                0,
                probes.entriesLost(),
                probes.stacksLost(),
                probes.untold());
    }

    /** {@code 9 hits = 5 delivered + 4 lost; 1 delivered in part, the buffer of 4k had no room (--buffer 16k)}. */
    @Override
    public String toString() {
        String text = account().toString();
        if (lost() != 0) {
            int behind = text.indexOf(DELIVERED) + DELIVERED.length();
            text = text.substring(0, behind) + " + " + lost() + " lost" + text.substring(behind);
        }
        var more = new ArrayList<String>();
        if (partial != 0) {
            more.add("%d delivered in part".formatted(partial));
        }
        if (withoutReturn != 0) {
            more.add("%d shown without their return".formatted(withoutReturn));
        }
        if (lost() != 0 || partial != 0) {
            more.add(remedy());
        }
        if (probes.endedInside() != 0) {
            more.add("--args shows calls that never return");
        }
        return more.isEmpty() ? text : text + "; " + String.join(", ", more);
    }

    private String remedy() {
        String size = "the buffer of %s had no room".formatted(BufferSize.text(bufferBytes));
        return bufferBytes == MOST_BYTES
                ? size
                : size + " (--buffer %s)".formatted(BufferSize.text((int) Math.min(MOST_BYTES, 4L * bufferBytes)));
    }
}
