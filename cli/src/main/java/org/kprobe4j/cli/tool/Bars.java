package org.kprobe4j.cli.tool;

/** Bars of histograms. */
final class Bars {
    private static final int WIDTH = 40;

    private Bars() {}

    /** As long as a count is of the largest; what is not zero can be seen. */
    static String bar(long count, long most) {
        return "█".repeat(most == 0 ? 0 : (int) Math.ceil((double) count / most * WIDTH));
    }
}
