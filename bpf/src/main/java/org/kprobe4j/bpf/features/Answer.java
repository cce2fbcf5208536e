package org.kprobe4j.bpf.features;

/**
 * What a feature probe found out.
 *
 * @param verdict yes, no, or that it could not be told
 * @param why what was seen, for people
 */
public record Answer(Verdict verdict, String why) {
    /** Yes, no, or neither. */
    public enum Verdict {
        /** The kernel has it. */
        YES,
        /** The kernel has not got it. */
        NO,
        /** It could not be told, mostly for lack of rights; ask again when that has changed. */
        INCONCLUSIVE
    }

    static Answer yes(String why) {
        return new Answer(Verdict.YES, why);
    }

    static Answer no(String why) {
        return new Answer(Verdict.NO, why);
    }

    static Answer unknown(String why) {
        return new Answer(Verdict.INCONCLUSIVE, why);
    }

    /**
     * Whether the kernel surely has it.
     *
     * @return true for YES
     */
    public boolean isYes() {
        return verdict == Verdict.YES;
    }

    /**
     * Whether the kernel surely has not got it.
     *
     * @return true for NO
     */
    public boolean isNo() {
        return verdict == Verdict.NO;
    }
}
