package org.kprobe4j.cli.doctor;

import java.util.List;

/**
 * What was found out about one thing.
 *
 * @param name what it is
 * @param verdict what it means for probes
 * @param found what was seen
 * @param remedy what to do about it; empty if there is nothing to do
 */
public record Check(String name, Verdict verdict, String found, String remedy) {
    /** What a finding means. */
    public enum Verdict {
        /** As it should be. */
        FINE("ok"),
        /** Not there, and nothing falls away: probes cost more, or it is seldom needed. */
        NOTE("note"),
        /** Something falls away. */
        LESS("less"),
        /** No probe works. */
        MISSING("FAIL");

        private final String text;

        Verdict(String text) {
            this.text = text;
        }

        /**
         * In a word.
         *
         * @return at most four letters
         */
        public String text() {
            return text;
        }
    }

    /**
     * As it should be.
     *
     * @param name what it is
     * @param found what was seen
     * @return the check
     */
    public static Check fine(String name, String found) {
        return new Check(name, Verdict.FINE, found, "");
    }

    /**
     * Something that is not there, without which nothing falls away.
     *
     * @param name what it is
     * @param found what was seen
     * @return the check
     */
    public static Check note(String name, String found) {
        return new Check(name, Verdict.NOTE, found, "");
    }

    /**
     * Something without which less works.
     *
     * @param name what it is
     * @param found what was seen
     * @param remedy what to do about it
     * @return the check
     */
    public static Check less(String name, String found, String remedy) {
        return new Check(name, Verdict.LESS, found, remedy);
    }

    /**
     * Something without which no probe works.
     *
     * @param name what it is
     * @param found what was seen
     * @param remedy what to do about it
     * @return the check
     */
    public static Check missing(String name, String found, String remedy) {
        return new Check(name, Verdict.MISSING, found, remedy);
    }

    /**
     * The worst of several.
     *
     * @param checks any
     * @return what they mean together
     */
    static Verdict worst(List<Check> checks) {
        return checks.stream().map(Check::verdict).max(Verdict::compareTo).orElse(Verdict.FINE);
    }
}
