package org.kprobe4j.internal;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What happens when the JVM ends: a program that waits is told to stop and given the time to close its probes itself, then
 * whatever is still planted is removed. One shutdown hook, so that the order is certain.
 */
public final class Shutdown {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Set<AutoCloseable> OPEN = new HashSet<>();
    private static final List<Runnable> AFTER = new ArrayList<>();
    private static @Nullable Runnable stop;
    private static @Nullable Thread waiting;
    private static boolean installed;

    private Shutdown() {}

    private static synchronized void install() {
        if (!installed) {
            installed = true;
            Runtime.getRuntime().addShutdownHook(new Thread(Shutdown::run, "kprobe4j-shutdown"));
        }
    }

    /** Notes something to be closed if its owner does not. */
    public static synchronized void opened(AutoCloseable object) {
        install();
        OPEN.add(object);
    }

    /** Its owner has closed it. */
    public static synchronized void closed(AutoCloseable object) {
        OPEN.remove(object);
    }

    /** While {@code main} waits, a signal calls {@code stop} and lets it finish. */
    public static synchronized void waiting(Thread main, Runnable onSignal) {
        install();
        waiting = main;
        stop = onSignal;
    }

    /** The same while a thread waits for events, unless a {@code main} waits already. */
    public static synchronized void waitingForEvents(Thread thread, Runnable onSignal) {
        if (waiting == null || !waiting.isAlive()) {
            waiting(thread, onSignal);
        }
    }

    /** It waits no more. */
    public static synchronized void waitsNoMore(Thread thread) {
        if (waiting == thread) {
            waiting = null;
            stop = null;
        }
    }

    /** Something to be done at the very end. */
    public static synchronized void atEnd(Runnable action) {
        install();
        AFTER.add(action);
    }

    private static void run() {
        Thread main;
        Runnable onSignal;
        synchronized (Shutdown.class) {
            main = waiting;
            onSignal = stop;
        }
        if (main != null && onSignal != null && main.isAlive()) {
            onSignal.run();
            join(main);
        }
        closeAll();
        List<Runnable> last;
        synchronized (Shutdown.class) {
            last = List.copyOf(AFTER);
        }
        last.forEach(Runnable::run);
    }

    private static void join(Thread main) {
        try {
            main.join(PATIENCE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void closeAll() {
        List<AutoCloseable> left;
        synchronized (Shutdown.class) {
            left = List.copyOf(OPEN);
        }
        for (AutoCloseable object : left) {
            try {
                object.close();
            } catch (Exception e) {
                System.err.println("kprobe4j: while closing: " + e.getMessage());
            }
        }
    }
}
