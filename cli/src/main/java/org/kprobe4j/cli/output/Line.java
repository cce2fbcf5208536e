package org.kprobe4j.cli.output;

import java.util.ArrayList;
import java.util.List;

/** A line that people read, built piece by piece. What a terminal would take for a command is shown as an escape: {@code \x1b}. */
public final class Line {
    private record Piece(Ink ink, String text) {}

    private static final String CUT = "…";

    private final List<Piece> pieces = new ArrayList<>();
    private int columns;

    /** An empty line. */
    public Line() {}

    /**
     * Adds text.
     *
     * @param text any
     * @return this
     */
    public Line add(String text) {
        return add(Ink.PLAIN, text);
    }

    /**
     * Adds text.
     *
     * @param ink what it is
     * @param text any
     * @return this
     */
    public Line add(Ink ink, String text) {
        String visible = Width.visible(text);
        pieces.add(new Piece(ink, visible));
        columns += Width.of(visible);
        return this;
    }

    /**
     * Adds what another line has.
     *
     * @param other a line
     * @return this
     */
    public Line add(Line other) {
        pieces.addAll(other.pieces);
        columns += other.columns;
        return this;
    }

    /**
     * Adds spaces up to a column; none if the line is that long already.
     *
     * @param column from 0
     * @return this
     */
    public Line to(int column) {
        return columns < column ? add(" ".repeat(column - columns)) : this;
    }

    /**
     * Adds text, filled with spaces to a width.
     *
     * @param ink what it is
     * @param text any
     * @param width how many columns at least
     * @param right whether the text stands at the right
     * @return this
     */
    public Line cell(Ink ink, String text, int width, boolean right) {
        String visible = Width.visible(text);
        String fill = " ".repeat(Math.max(0, width - Width.of(visible)));
        return right ? add(fill).add(ink, visible) : add(ink, visible).add(fill);
    }

    /** How many columns it takes. */
    public int columns() {
        return columns;
    }

    /** The text alone. */
    @Override
    public String toString() {
        return rendered(false, Integer.MAX_VALUE);
    }

    /** As it is written, cut where it is wider; without spaces at its end. */
    String rendered(boolean colours, int most) {
        var out = new StringBuilder();
        int left = columns <= most ? Integer.MAX_VALUE : most - 1;
        for (Piece piece : trimmed()) {
            String text = Width.cut(piece.text(), left);
            out.append(colours ? piece.ink().on() : "")
                    .append(text)
                    .append(colours ? piece.ink().off() : "");
            if (text.length() < piece.text().length()) {
                break;
            }
            left -= left == Integer.MAX_VALUE ? 0 : Width.of(text);
        }
        return columns <= most ? out.toString() : out + (most > 0 ? CUT : "");
    }

    private List<Piece> trimmed() {
        int last = pieces.size();
        while (last > 0 && pieces.get(last - 1).text().isBlank()) {
            last--;
        }
        if (last == 0) {
            return List.of();
        }
        var all = new ArrayList<>(pieces.subList(0, last - 1));
        Piece end = pieces.get(last - 1);
        all.add(new Piece(end.ink(), end.text().stripTrailing()));
        return all;
    }
}
