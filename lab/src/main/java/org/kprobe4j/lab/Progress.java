package org.kprobe4j.lab;

/** Where the lab says what it is doing, a line at a time. */
@FunctionalInterface
public interface Progress {
    /**
     * One step.
     *
     * @param line a sentence without the end of line, for example {@code lab: unpacking QEMU}
     */
    void say(String line);

    /**
     * Prints to standard error, which leaves standard output to the command.
     *
     * @return the usual progress
     */
    static Progress stderr() {
        return System.err::println;
    }
}
