package org.kprobe4j.bpf;

import java.util.List;

/** The verifier refused a program, or the kernel refused BTF. Carries the whole log. */
public final class LoadException extends BpfException {
    private static final long serialVersionUID = 1L;

    /** Whole. */
    private final String log;

    /**
     * With what it says and the verifier's log.
     *
     * @param failure operation, object, cause and remedy
     * @param log the whole log; empty if the kernel wrote none
     */
    public LoadException(Failure failure, String log) {
        super(failure);
        this.log = log;
    }

    /**
     * The verifier's log.
     *
     * @return all of it, never cut; empty if the kernel wrote none
     */
    public String log() {
        return log;
    }

    /**
     * The last lines of the log that tell something: the closing statistics are left out.
     *
     * @param count how many at most
     * @return the lines, oldest first
     */
    public List<String> lastLines(int count) {
        return VerifierLog.lastLines(log, count);
    }

    /**
     * The line in which the verifier says what it refuses.
     *
     * @return such as {@code R1 invalid mem access 'scalar'}; empty if the log is empty
     */
    public String verdict() {
        List<String> last = VerifierLog.lastLines(log, 1);
        return last.isEmpty() ? "" : last.getFirst();
    }

    /**
     * The instruction that the verifier blames: the last one it printed.
     *
     * @return its number from 0; -1 if the log names none
     */
    public int faultInstruction() {
        return VerifierLog.faultInstruction(log);
    }
}
