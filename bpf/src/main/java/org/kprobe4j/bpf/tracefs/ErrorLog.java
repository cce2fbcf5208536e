package org.kprobe4j.bpf.tracefs;

/**
 * Reads tracefs {@code error_log}. Since kernel: 5.2.
 *
 * <pre>
 *   [   42.123456] trace_kprobe: error: Invalid probed address or symbol
 *     Command: p:group/event no_such_function
 *                            ^
 * </pre>
 */
final class ErrorLog {
    private static final String ERROR = "error: ";
    private static final String COMMAND = "Command: ";

    private ErrorLog() {}

    /** What the kernel said last about a command; empty if its last word is about another one. */
    static String last(String log, String command) {
        int error = log.lastIndexOf(ERROR);
        if (error < 0) {
            return "";
        }
        int start = error + ERROR.length();
        int end = log.indexOf('\n', start);
        int about = log.indexOf(COMMAND, start);
        if (end < 0 || about < 0 || !log.startsWith(command, about + COMMAND.length())) {
            return "";
        }
        return log.substring(start, end).strip();
    }
}
