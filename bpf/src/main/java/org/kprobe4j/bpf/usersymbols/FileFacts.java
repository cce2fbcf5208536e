package org.kprobe4j.bpf.usersymbols;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.Objects;

/** What stat(2) says about a file. */
record FileFacts(long device, long inode, int owner, long sizeBytes, FileTime modified, boolean regular) {
    static FileFacts of(Path file, LinkOption... options) throws IOException {
        Map<String, Object> facts =
                Files.readAttributes(file, "unix:dev,ino,uid,size,lastModifiedTime,isRegularFile", options);
        return new FileFacts(
                (long) fact(facts, "dev"),
                (long) fact(facts, "ino"),
                (int) fact(facts, "uid"),
                (long) fact(facts, "size"),
                (FileTime) fact(facts, "lastModifiedTime"),
                (boolean) fact(facts, "isRegularFile"));
    }

    private static Object fact(Map<String, Object> facts, String name) {
        return Objects.requireNonNull(facts.get(name), name);
    }
}
