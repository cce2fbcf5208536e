package org.kprobe4j.bench;

import java.util.Locale;
import java.util.Optional;

/**
 * What was found out, as it travels from the guest: a line with tabs.
 *
 * @param name the case
 * @param by whose probe it was
 * @param added the instructions added to each call by everything that ran; not a number if the case failed
 * @param task of these, the calling process's own
 * @param remark what is to be said about it
 */
record Result(String name, String by, double added, double task, String remark) {
    /** Ours; a comma and the mechanism that was chosen follow, or the one that was asked for. */
    static final String OURS = "kprobe4j";

    private static final String MARK = "bench-result";
    private static final String VERSION = "version";
    private static final String BASELINE = "baseline";

    static String baseline(SeekLoop.Cost cost) {
        return of(BASELINE, "", cost, "");
    }

    /** What was measured with. */
    static String version(String text) {
        return of(VERSION, "", new SeekLoop.Cost(0, 0), text);
    }

    boolean isVersion() {
        return name.equals(VERSION);
    }

    static String of(String name, String by, SeekLoop.Cost cost, String remark) {
        return String.join(
                "\t", MARK, name, by, number(cost.all()), number(cost.task()), remark.replaceAll("\\s+", " "));
    }

    static String failed(String name, String by, String why) {
        return of(name, by, new SeekLoop.Cost(Double.NaN, Double.NaN), why);
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }

    static Optional<Result> parse(String line) {
        String[] parts = line.split("\t", -1);
        if (parts.length != 6 || !parts[0].equals(MARK)) {
            return Optional.empty();
        }
        return Optional.of(
                new Result(parts[1], parts[2], Double.parseDouble(parts[3]), Double.parseDouble(parts[4]), parts[5]));
    }

    boolean isBaseline() {
        return name.equals(BASELINE);
    }

    /** Whether it is ours as it is planned, without a mechanism that was asked for. */
    boolean isPlanned() {
        return by.equals(OURS) || by.startsWith(OURS + ",");
    }

    boolean failed() {
        return Double.isNaN(added);
    }
}
