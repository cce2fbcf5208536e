package org.kprobe4j.lab;

import java.time.Duration;
import java.util.OptionalInt;

/**
 * How a command ended.
 *
 * @param status its exit status; 128 + n if signal n killed it, 127 if there is no such program
 * @param elapsed how long it ran, by this machine's clock
 */
public record GuestExit(int status, Duration elapsed) {
    /**
     * Whether the command ended with status 0.
     *
     * @return true for success
     */
    public boolean ok() {
        return status == 0;
    }

    /**
     * The signal that ended the command, as far as a status can tell.
     *
     * @return the signal's number, or empty
     */
    public OptionalInt signal() {
        return status > 128 && status < 193 ? OptionalInt.of(status - 128) : OptionalInt.empty();
    }
}
