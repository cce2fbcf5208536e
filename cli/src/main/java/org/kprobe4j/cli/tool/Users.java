package org.kprobe4j.cli.tool;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.kprobe4j.cli.KprobeException;

/** Users by number or by their name in /etc/passwd. */
final class Users {
    private static final Path PASSWD = Path.of("/etc/passwd");

    private Users() {}

    static int number(String text) {
        if (text.matches("\\d{1,10}")) {
            long number = Long.parseLong(text);
            if (number > 0xffff_ffffL) {
                throw new KprobeException("--uid %s: a user's number has 32 bits".formatted(text));
            }
            return (int) number;
        }
        try {
            for (String line : Files.readAllLines(PASSWD, StandardCharsets.ISO_8859_1)) {
                String[] parts = line.split(":", 4);
                if (parts.length == 4 && parts[0].equals(text)) {
                    return (int) Long.parseLong(parts[2]);
                }
            }
        } catch (IOException | NumberFormatException e) {
            throw new KprobeException(
                    "--uid %s: cannot read %s (%s); write the user's number".formatted(text, PASSWD, e.getMessage()));
        }
        throw new KprobeException("--uid %s: no such user in %s; write the user's number".formatted(text, PASSWD));
    }
}
