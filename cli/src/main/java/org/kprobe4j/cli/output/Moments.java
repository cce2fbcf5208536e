package org.kprobe4j.cli.output;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;

/** Writes moments; those of one second share the text of the second. */
final class Moments {
    private static final long NANOS_PER_SECOND = 1_000_000_000;
    private static final int DIGITS = 9;

    private final Clock clock;
    private final ZoneId zone;
    private final boolean full;
    private final int digits;
    private long second = Long.MIN_VALUE;
    private String text = "";

    private Moments(Clock clock, ZoneId zone, boolean full, int digits) {
        this.clock = clock;
        this.zone = zone;
        this.full = full;
        this.digits = digits;
    }

    /** As machines read them: ISO 8601 in UTC to the nanosecond. */
    static Moments forMachines(Clock clock) {
        return new Moments(clock, ZoneOffset.UTC, true, DIGITS);
    }

    /** As people read them: the local time of day to the microsecond. */
    static Moments forPeople(Clock clock, ZoneId zone) {
        return new Moments(clock, zone, false, 6);
    }

    /** The text of a moment of the monotonic clock. */
    String text(long monotonic) {
        long nanos = clock.epoch(monotonic);
        long itsSecond = Math.floorDiv(nanos, NANOS_PER_SECOND);
        if (itsSecond != second) {
            second = itsSecond;
            ZonedDateTime time = Instant.ofEpochSecond(second).atZone(zone);
            text = full ? "%tFT%<tT.".formatted(time) : "%tT.".formatted(time);
        }
        String fraction = Long.toString(NANOS_PER_SECOND + Math.floorMod(nanos, NANOS_PER_SECOND));
        String moment = text.concat(fraction.substring(1, 1 + digits));
        return full ? moment.concat("Z") : moment;
    }
}
