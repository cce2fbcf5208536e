package org.kprobe4j.cli.output;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where an output's bytes go.
 *
 * @param stream takes them, without a buffer
 * @param name as messages call it
 * @param terminal what it is to look at
 */
public record Destination(OutputStream stream, String name, Terminal terminal) {
    private static final String STANDARD_OUTPUT = "standard output";

    /** Standard output. It is not closed. */
    public static Destination standardOutput() {
        return new Destination(new FileOutputStream(FileDescriptor.out), STANDARD_OUTPUT, Terminal.ofStandardOutput());
    }

    /** Takes all and keeps nothing. */
    public static Destination nowhere() {
        return new Destination(OutputStream.nullOutputStream(), "nowhere", Terminal.NONE);
    }

    /**
     * A file, which is made, or emptied.
     *
     * @param file where it is
     * @param name as the user wrote it
     * @return the destination
     * @throws OutputException if it cannot be written
     */
    public static Destination file(Path file, String name) {
        try {
            if (Files.isDirectory(file)) {
                throw OutputException.writing(name, new IOException("it is a folder"));
            }
            return new Destination(Files.newOutputStream(file), name, Terminal.NONE);
        } catch (IOException e) {
            throw OutputException.writing(name, e);
        }
    }

    /**
     * Writes a file's content to it.
     *
     * @param content the file
     * @throws OutputException if it cannot be written
     */
    public void takeFrom(Path content) {
        try {
            Files.copy(content, stream);
        } catch (IOException e) {
            throw OutputException.writing(name, e);
        }
    }

    /** Whether it is a file, which is to be closed. */
    boolean isFile() {
        return !name.equals(STANDARD_OUTPUT);
    }
}
