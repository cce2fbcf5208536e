package org.kprobe4j.lab.junit;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What became of the tests of one kernel; written in the guest, read outside. One line each, as text:
 *
 * <pre>
 * tally passed=P failed=F skipped=S
 * skip COUNT REASON
 * </pre>
 *
 * @param passed how many passed
 * @param failed how many failed, containers that could not be set up included
 * @param skipReasons how many were skipped, by reason
 */
record TestTally(int passed, int failed, Map<String, Integer> skipReasons) {
    TestTally {
        skipReasons = new TreeMap<>(skipReasons);
    }

    int skipped() {
        return skipReasons.values().stream().mapToInt(Integer::intValue).sum();
    }

    int total() {
        return passed + failed + skipped();
    }

    List<String> toLines() {
        List<String> lines = new ArrayList<>();
        lines.add("tally passed=%d failed=%d skipped=%d".formatted(passed, failed, skipped()));
        skipReasons.forEach((reason, count) -> lines.add("skip " + count + " " + reason));
        return lines;
    }

    /** Reads what {@link #toLines} wrote; no line at all is no test at all. */
    static TestTally parse(List<String> lines) {
        int passed = 0;
        int failed = 0;
        Map<String, Integer> reasons = new TreeMap<>();
        for (String line : lines) {
            String[] words = line.split(" ", 3);
            if (words[0].equals("tally")) {
                String[] counts = line.split("[ =]");
                passed = Integer.parseInt(counts[2]);
                failed = Integer.parseInt(counts[4]);
            } else if (words[0].equals("skip") && words.length == 3) {
                reasons.put(words[2], Integer.parseInt(words[1]));
            }
        }
        return new TestTally(passed, failed, reasons);
    }

    /** The closing line that continuous integration reads. */
    String closingLine() {
        String line = "%d passed, %d failed".formatted(passed, failed);
        return skipped() == 0 ? line : line + ", " + skipped() + " skipped";
    }

    TestTally plus(TestTally other) {
        Map<String, Integer> reasons = new TreeMap<>(skipReasons);
        other.skipReasons.forEach((reason, count) -> reasons.merge(reason, count, Integer::sum));
        return new TestTally(passed + other.passed, failed + other.failed, reasons);
    }
}
