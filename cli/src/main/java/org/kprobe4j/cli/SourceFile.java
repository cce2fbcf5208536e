package org.kprobe4j.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import javax.tools.ForwardingJavaFileObject;
import javax.tools.JavaFileObject;

/**
 * The user's file as a compilation unit. As for the JDK's source launcher, a public class in it may have another name than the
 * file.
 */
final class SourceFile extends ForwardingJavaFileObject<JavaFileObject> {
    SourceFile(JavaFileObject file) {
        super(file);
    }

    @Override
    public boolean isNameCompatible(String simpleName, Kind kind) {
        return kind == Kind.SOURCE;
    }

    /** The same path, if a program can be read from it. */
    static Path requireReadable(Path file) {
        if (Files.isDirectory(file)) {
            throw new KprobeException(file + " is a folder; give the .java file in it");
        }
        if (!Files.exists(file)) {
            throw new KprobeException(file + ": no such file");
        }
        if (!Files.isReadable(file)) {
            throw new KprobeException(file + " cannot be read: permission denied");
        }
        if (!file.toString().endsWith(".java")) {
            throw new KprobeException(file + " is not a .java file");
        }
        return file;
    }
}
