package org.kprobe4j.bench;

import java.util.Locale;
import java.util.Optional;

/**
 * What a command took by the guest's clock, as it travels from the guest.
 *
 * @param name what was planted
 * @param by whose command it was
 * @param places the functions that were probed, 0 if that is not known
 * @param planted seconds from the process's start until the probe was there, 0 if that is not known
 * @param whole seconds until the process had ended; not a number if it failed
 * @param attach seconds in register(), 0 if that is not known
 * @param detach seconds in close()
 * @param megabytes the most memory that it had, in MiB
 * @param remark what is to be said about it
 */
record Timing(
        String name,
        String by,
        long places,
        double planted,
        double whole,
        double attach,
        double detach,
        double megabytes,
        String remark) {
    private static final String MARK = "bench-timing";

    static Timing failed(String name, String by, String why) {
        return new Timing(name, by, 0, 0, Double.NaN, 0, 0, 0, why.replaceAll("\\s+", " "));
    }

    String line() {
        return String.format(
                Locale.ROOT,
                "%s\t%s\t%s\t%d\t%.4f\t%.4f\t%.4f\t%.4f\t%.1f\t%s",
                MARK,
                name,
                by,
                places,
                planted,
                whole,
                attach,
                detach,
                megabytes,
                remark);
    }

    static Optional<Timing> parse(String line) {
        String[] parts = line.split("\t", -1);
        if (parts.length != 10 || !parts[0].equals(MARK)) {
            return Optional.empty();
        }
        return Optional.of(new Timing(
                parts[1],
                parts[2],
                Long.parseLong(parts[3]),
                Double.parseDouble(parts[4]),
                Double.parseDouble(parts[5]),
                Double.parseDouble(parts[6]),
                Double.parseDouble(parts[7]),
                Double.parseDouble(parts[8]),
                parts[9]));
    }

    boolean failed() {
        return Double.isNaN(whole);
    }
}
