package org.kprobe4j.bpf;

import java.util.List;

/** How to read the verifier's log from its end. Source: kernel/bpf/log.c, verifier.c. */
final class VerifierLog {
    private VerifierLog() {}

    static List<String> lastLines(String log, int count) {
        List<String> telling =
                log.lines().map(String::strip).filter(VerifierLog::isTelling).toList();
        return telling.subList(Math.max(0, telling.size() - count), telling.size());
    }

    private static boolean isTelling(String line) {
        return !line.isEmpty()
                && !line.startsWith(";")
                && !line.startsWith("processed ")
                // Behind the verdict on an endless loop come the two states that it found equal.
                && !line.startsWith("cur state: ")
                && !line.startsWith("old state: ")
                && !line.startsWith("verification time ")
                && !line.startsWith("stack depth ")
                && !line.startsWith("peak_states ")
                && !line.startsWith("max_states_per_insn ");
    }

    /**
     * Walks backwards: the last line that shows an instruction, or a verdict that names one itself.
     *
     * <p>Lines such as {@code 17: R0_w=...} are states, not instructions, but carry the same number.
     */
    static int faultInstruction(String log) {
        int end = log.length();
        while (end > 0) {
            int start = log.lastIndexOf('\n', end - 1) + 1;
            int number = instructionOf(log, start, end);
            if (number >= 0) {
                return number;
            }
            end = start - 1;
        }
        return -1;
    }

    private static int instructionOf(String log, int start, int end) {
        int at = start;
        int number = 0;
        if (at < end && log.charAt(at) == ';') {
            // A source line, which may say anything.
            return -1;
        }
        while (at < end && Character.isDigit(log.charAt(at)) && number < 1_000_000_000) {
            number = number * 10 + log.charAt(at) - '0';
            at++;
        }
        boolean numbered = at > start && at < end && log.charAt(at) == ':';
        return numbered ? number : lastNumberAfter(log.substring(start, Math.max(start, end)), " insn ");
    }

    private static int lastNumberAfter(String line, String word) {
        int at = line.lastIndexOf(word);
        if (at < 0) {
            return -1;
        }
        int from = at + word.length();
        int to = from;
        while (to < line.length() && to - from < 9 && Character.isDigit(line.charAt(to))) {
            to++;
        }
        return to == from ? -1 : Integer.parseInt(line.substring(from, to));
    }
}
