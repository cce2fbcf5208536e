package org.kprobe4j.lab;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Runs programs of this machine that end by themselves, such as apt-get and dpkg-deb. */
final class HostTool {
    private HostTool() {}

    /** What a program printed and its exit status. */
    record Outcome(int status, String stdout, String stderr) {
        /** The last lines of the error output, for a message. */
        String reason() {
            String text = stderr.isBlank() ? stdout : stderr;
            List<String> errors = text.lines()
                    .filter(line -> line.startsWith("E:") || line.startsWith("Err:"))
                    .toList();
            List<String> lines = errors.isEmpty() ? text.lines().toList() : errors;
            return lines.stream().skip(Math.max(0, lines.size() - 3)).collect(Collectors.joining("; "));
        }

        /** Requires success; the message of a failure starts with {@code purpose}. */
        void require(String purpose, String remedy, List<String> command) {
            if (status != 0) {
                throw new LabException("lab: " + purpose + ": " + command.getFirst() + " failed with " + status + ": "
                        + reason() + "; " + remedy);
            }
        }
    }

    /** Runs the program, returning whatever its status. */
    static Outcome run(List<String> command) {
        Process process = start(new ProcessBuilder(command));
        try {
            process.getOutputStream().close();
            StringBuilder stderr = new StringBuilder();
            Thread errors = Thread.ofVirtual().start(() -> stderr.append(text(process.getErrorStream())));
            String stdout = text(process.getInputStream());
            errors.join();
            return new Outcome(process.waitFor(), stdout, stderr.toString());
        } catch (IOException e) {
            throw new LabException("lab: " + command.getFirst() + " failed: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            throw interrupted(process, command);
        }
    }

    /** Runs the program and requires success; the message of a failure starts with {@code purpose}. */
    static String require(String purpose, String remedy, List<String> command) {
        Outcome outcome = run(command);
        outcome.require(purpose, remedy, command);
        return outcome.stdout();
    }

    /** Runs a filter from one file to another and requires success. */
    static void filter(String purpose, List<String> command, Path input, Path output) {
        Process process =
                start(new ProcessBuilder(command).redirectInput(input.toFile()).redirectOutput(output.toFile()));
        try {
            String reason = text(process.getErrorStream()).strip();
            int status = process.waitFor();
            if (status != 0) {
                throw new LabException("lab: " + purpose + ": " + reason + " (status " + status + ")");
            }
        } catch (InterruptedException e) {
            throw interrupted(process, command);
        }
    }

    private static Process start(ProcessBuilder builder) {
        // Messages are matched and shown: keep them in one language.
        builder.environment().putAll(Map.of("LC_ALL", "C", "DEBIAN_FRONTEND", "noninteractive"));
        try {
            return builder.start();
        } catch (IOException e) {
            throw new LabException(
                    "lab: cannot run " + builder.command().getFirst()
                            + ": it is not on this machine; the lab needs a Debian-like system with apt and dpkg",
                    e);
        }
    }

    private static LabException interrupted(Process process, List<String> command) {
        process.destroyForcibly();
        Thread.currentThread().interrupt();
        return new LabException("lab: interrupted while running " + command.getFirst());
    }

    private static String text(InputStream stream) {
        try (stream) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }
}
