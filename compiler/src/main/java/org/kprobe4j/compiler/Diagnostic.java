package org.kprobe4j.compiler;

/**
 * One thing in a handler that cannot be compiled, said so that its author knows what to write instead.
 *
 * @param file source file name, for example {@code KprobeExample.java}
 * @param line line number, 0 if the class file has none
 * @param message what is wrong and what to do instead
 */
public record Diagnostic(String file, int line, String message) {
    @Override
    public String toString() {
        return (line > 0 ? file + ":" + line : file) + ": " + message;
    }
}
