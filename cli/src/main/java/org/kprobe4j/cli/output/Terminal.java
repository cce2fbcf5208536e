package org.kprobe4j.cli.output;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What standard output is.
 *
 * @param columns its width in characters; for what is no terminal nothing is cut
 * @param rows its height in lines
 * @param isTerminal whether people look at it, and it can be overwritten
 * @param colours whether colours are wanted
 */
public record Terminal(int columns, int rows, boolean isTerminal, boolean colours) {
    /** {@code COLUMNSxROWS} where the launcher, or the machine that a VM runs on, knows them: standard output is a terminal then. */
    public static final String PROPERTY = "kprobe4j.terminal";

    /** A file or a pipe. */
    public static final Terminal NONE = new Terminal(Integer.MAX_VALUE, Integer.MAX_VALUE, false, false);

    private static final int USUAL_COLUMNS = 80;
    private static final int USUAL_ROWS = 24;
    private static final long PATIENCE_SECONDS = 2;

    /** What standard output is. */
    public static Terminal ofStandardOutput() {
        return of(known(), System.getenv());
    }

    /** As {@link #PROPERTY} has it, told or measured; empty if standard output is no terminal. */
    public static Optional<String> known() {
        return Optional.ofNullable(System.getProperty(PROPERTY)).or(Terminal::measured);
    }

    /** A terminal of this size, {@code COLUMNSxROWS}. */
    public static Terminal of(String size) {
        return of(Optional.of(size), System.getenv());
    }

    /** {@code size} is COLUMNSxROWS, nothing for what is no terminal. */
    static Terminal of(Optional<String> size, Map<String, String> environment) {
        if (size.isEmpty()) {
            return NONE;
        }
        String type = environment.getOrDefault("TERM", "dumb");
        boolean isAble = !type.equals("dumb");
        // https://no-color.org: present and not empty, whatever it says.
        boolean colours = isAble && environment.getOrDefault("NO_COLOR", "").isEmpty();
        String[] numbers = size.get().split("x", 2);
        return new Terminal(
                number(numbers[0], USUAL_COLUMNS),
                number(numbers.length < 2 ? "" : numbers[1], USUAL_ROWS),
                isAble,
                colours);
    }

    private static int number(String text, int otherwise) {
        try {
            int number = Integer.parseInt(text);
            return number > 0 ? number : otherwise;
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }

    /** The same, measured now. */
    public static Optional<String> measured() {
        try {
            Path device = Files.readSymbolicLink(Path.of("/proc/self/fd/1"));
            if (!device.startsWith("/dev/pts") && !device.toString().matches("/dev/(tty|console).*")) {
                return Optional.empty();
            }
            return Optional.of(size(device));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static String size(Path device) {
        try {
            Process stty = new ProcessBuilder("stty", "-F", device.toString(), "size").start();
            String[] said = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)
                    .strip()
                    .split(" ", 2);
            if (stty.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) && stty.exitValue() == 0 && said.length == 2) {
                return said[1] + "x" + said[0];
            }
        } catch (IOException e) {
            // Without stty: the usual size.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return "";
    }
}
