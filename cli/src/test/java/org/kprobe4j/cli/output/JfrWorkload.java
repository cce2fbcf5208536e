package org.kprobe4j.cli.output;

import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.nio.file.Path;
import jdk.jfr.Event;
import jdk.jfr.Name;
import jdk.jfr.Recording;

/** A JVM that records itself: an event around each of some system calls, which all fail. */
public final class JfrWorkload {
    static final int OPENS = 10;
    static final String FILE = "/nonexistent-jfr-";
    private static final long APART_MILLIS = 5;

    private JfrWorkload() {}

    /** A file is opened. */
    @Name("test.Open")
    static final class Open extends Event {
        int number;
    }

    /** Writes its recording to the first of the words. */
    public static void main(String[] words) throws Exception {
        try (var recording = new Recording()) {
            recording.enable(Open.class);
            recording.start();
            for (int i = 0; i < OPENS; i++) {
                var event = new Open();
                event.number = i;
                event.begin();
                Thread.sleep(APART_MILLIS);
                try (var _ = new FileInputStream(FILE + i)) {
                    throw new IllegalStateException("it is there");
                } catch (FileNotFoundException e) {
                    // As it should be.
                }
                Thread.sleep(APART_MILLIS);
                event.commit();
            }
            recording.stop();
            recording.dump(Path.of(words[0]));
        }
    }
}
