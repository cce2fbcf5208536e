package org.kprobe4j.cli;

import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Loads a program's classes from memory, so that their folder may go while the program still runs. Their bytes can be read as
 * resources, which is where handlers are compiled from.
 */
final class ProgramLoader extends ClassLoader {
    /** Marks the frames of a stack trace that are the author's. */
    static final String NAME = "program";

    private static final String SUFFIX = ".class";

    private final Map<String, byte[]> files = new HashMap<>();

    private ProgramLoader() {
        super(NAME, ProgramLoader.class.getClassLoader());
    }

    /** A loader of all the classes in a folder. */
    static ProgramLoader of(File folder) {
        ProgramLoader loader = new ProgramLoader();
        try {
            loader.read(folder, "");
        } catch (IOException e) {
            throw new KprobeException("cannot read the program's classes in " + folder + ": " + e);
        }
        return loader;
    }

    private void read(File folder, String path) throws IOException {
        File[] content = folder.listFiles();
        if (content == null) {
            throw new IOException("not a readable folder: " + folder);
        }
        for (File file : content) {
            String name = path.concat(file.getName());
            if (file.isDirectory()) {
                read(file, name.concat("/"));
            } else {
                files.put(name, Files.readAllBytes(file.toPath()));
            }
        }
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        byte[] bytes = files.get(name.replace('.', '/').concat(SUFFIX));
        if (bytes == null) {
            throw new ClassNotFoundException(name);
        }
        return defineClass(name, bytes, 0, bytes.length);
    }

    @Override
    public @Nullable InputStream getResourceAsStream(String name) {
        byte[] bytes = files.get(name);
        return bytes == null ? super.getResourceAsStream(name) : new ByteArrayInputStream(bytes);
    }
}
