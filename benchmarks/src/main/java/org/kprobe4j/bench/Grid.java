package org.kprobe4j.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A table, for a terminal and for the documentation. Numbers stand at the right. */
final class Grid {
    private final List<String> head;
    private final List<List<String>> rows = new ArrayList<>();

    Grid(String... head) {
        this.head = List.of(head);
    }

    void row(String... cells) {
        if (cells.length != head.size()) {
            throw new IllegalArgumentException("%d cells, not %d".formatted(cells.length, head.size()));
        }
        rows.add(List.of(cells));
    }

    boolean isEmpty() {
        return rows.isEmpty();
    }

    String text() {
        var out = new StringBuilder(line(head)).append('\n');
        rows.forEach(row -> out.append(line(row)).append('\n'));
        return out.toString();
    }

    private String line(List<String> cells) {
        return IntStream.range(0, head.size())
                .mapToObj(column -> {
                    String padding =
                            " ".repeat(width(column) - cells.get(column).length());
                    return isNumber(column) ? padding + cells.get(column) : cells.get(column) + padding;
                })
                .collect(Collectors.joining("  "))
                .stripTrailing();
    }

    String markdown() {
        var out = new StringBuilder();
        out.append("| ").append(String.join(" | ", head)).append(" |\n|");
        for (int column = 0; column < head.size(); column++) {
            out.append(isNumber(column) ? " ---: |" : " --- |");
        }
        out.append('\n');
        rows.forEach(row -> out.append("| ")
                .append(row.stream()
                        .map(cell -> cell.replace("|", "\\|").replace("*", "\\*"))
                        .collect(Collectors.joining(" | ")))
                .append(" |\n"));
        return out.toString();
    }

    private int width(int column) {
        return Math.max(
                head.get(column).length(),
                rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0));
    }

    private boolean isNumber(int column) {
        return rows.stream().map(row -> row.get(column)).allMatch(cell -> cell.matches("[-0-9. ]*|failed"));
    }
}
