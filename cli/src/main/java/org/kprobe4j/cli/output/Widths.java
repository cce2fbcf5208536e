package org.kprobe4j.cli.output;

import java.util.List;

/** Makes a table's columns fit a terminal: texts are cut, the widest first; numbers never are. */
final class Widths {
    private static final int LEAST = 4;

    private Widths() {}

    static void fit(int[] widths, List<Column> columns, int most, int gap) {
        long excess = -(long) most;
        for (int i = 0; i < widths.length; i++) {
            excess += widths[i] + (i == 0 ? 0 : gap);
        }
        for (int widest = widest(widths, columns); excess > 0 && widest >= 0; widest = widest(widths, columns)) {
            widths[widest]--;
            excess--;
        }
    }

    private static int widest(int[] widths, List<Column> columns) {
        int found = -1;
        for (int i = 0; i < widths.length; i++) {
            boolean isText =
                    !columns.get(i).kind().isToTheRight() && columns.get(i).kind() != Kind.TIME;
            if (isText && widths[i] > LEAST && (found < 0 || widths[i] > widths[found])) {
                found = i;
            }
        }
        return found;
    }
}
