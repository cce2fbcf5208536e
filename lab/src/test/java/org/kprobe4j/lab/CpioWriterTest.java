package org.kprobe4j.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CpioWriterTest {
    private record Entry(String name, int mode, int major, int minor, String content) {}

    @Test
    void entriesReadBackAlignedAndInOrder() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (CpioWriter cpio = new CpioWriter(bytes)) {
            cpio.directory("dev");
            cpio.characterDevice("dev/console", 0600, 5, 1);
            cpio.file("init", 0755, "#!/bin/sh\n".getBytes(StandardCharsets.UTF_8));
            cpio.file("empty", 0644, new byte[0]);
        }
        assertThat(read(bytes.toByteArray()))
                .containsExactly(
                        new Entry("dev", 0040755, 0, 0, ""),
                        new Entry("dev/console", 0020600, 5, 1, ""),
                        new Entry("init", 0100755, 0, 0, "#!/bin/sh\n"),
                        new Entry("empty", 0100644, 0, 0, ""),
                        new Entry("TRAILER!!!", 0, 0, 0, ""));
    }

    /** Reads the archive by the format's description: every header and every content starts at a multiple of four. */
    private static List<Entry> read(byte[] archive) {
        List<Entry> entries = new ArrayList<>();
        int at = 0;
        while (at < archive.length) {
            assertThat(text(archive, at, 6)).isEqualTo("070701");
            int nameLength = field(archive, at, 11);
            int contentLength = field(archive, at, 6);
            String name = text(archive, at + 110, nameLength - 1);
            int content = align(at + 110 + nameLength);
            entries.add(new Entry(
                    name,
                    field(archive, at, 1),
                    field(archive, at, 9),
                    field(archive, at, 10),
                    text(archive, content, contentLength)));
            at = align(content + contentLength);
        }
        return entries;
    }

    private static int field(byte[] archive, int header, int index) {
        return Integer.parseInt(text(archive, header + 6 + 8 * index, 8), 16);
    }

    private static String text(byte[] archive, int from, int length) {
        return new String(archive, from, length, StandardCharsets.US_ASCII);
    }

    private static int align(int at) {
        return (at + 3) & ~3;
    }
}
