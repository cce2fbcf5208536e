package org.kprobe4j.cli.output;

/** What a piece of a line is; a terminal with colours shows it. */
public enum Ink {
    /** Text like any other. */
    PLAIN(""),
    /** A column's heading. */
    HEADING("1"),
    /** What matters less. */
    FAINT("2"),
    /** The name of a function. */
    FUNCTION("36"),
    /** An error, a loss. */
    BAD("31"),
    /** A time span. */
    SPAN("33");

    private final String code;

    Ink(String code) {
        this.code = code;
    }

    /** Switches a terminal to it; empty for what needs none. Source: ECMA-48, 8.3.117. */
    String on() {
        return code.isEmpty() ? "" : "\033[" + code + "m";
    }

    /** Switches a terminal back. */
    String off() {
        return code.isEmpty() ? "" : "\033[0m";
    }
}
