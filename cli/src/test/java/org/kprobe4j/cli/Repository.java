package org.kprobe4j.cli;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where the tests find the launcher and the examples, whatever directory they are run in. */
final class Repository {
    private Repository() {}

    static Path file(String name) {
        Path folder = testClasses();
        while (folder != null && !Files.exists(folder.resolve("kprobe"))) {
            folder = folder.getParent();
        }
        if (folder == null) {
            throw new AssertionError("the tests are not inside the repository: " + testClasses());
        }
        return folder.resolve(name);
    }

    private static Path testClasses() {
        try {
            return Path.of(Repository.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }
}
