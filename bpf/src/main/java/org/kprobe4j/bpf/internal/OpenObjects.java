package org.kprobe4j.bpf.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;

/** The record of what is open, with the stack that opened it. */
public final class OpenObjects {
    /** Whether anything is recorded at all. */
    public static final boolean TRACKING =
            Boolean.getBoolean("kprobe4j.trackOpen") || OpenObjects.class.desiredAssertionStatus();

    private static final AtomicLong NEXT = new AtomicLong(1);
    private static final Map<Long, Entry> OPEN = new TreeMap<>();

    private OpenObjects() {}

    /**
     * One open object.
     *
     * @param what it is
     * @param openedAt who opened it
     */
    public record Entry(String what, Throwable openedAt) {}

    /**
     * Records an object.
     *
     * @param what it is
     * @return the ticket for {@link #closed}; 0 if nothing is recorded
     */
    public static long opened(String what) {
        if (!TRACKING) {
            return 0;
        }
        long ticket = NEXT.getAndIncrement();
        synchronized (OPEN) {
            OPEN.put(ticket, new Entry(what, new Throwable("opened here: " + what)));
        }
        return ticket;
    }

    /**
     * Forgets an object.
     *
     * @param ticket as {@link #opened} gave it
     */
    public static void closed(long ticket) {
        if (ticket != 0) {
            synchronized (OPEN) {
                OPEN.remove(ticket);
            }
        }
    }

    /**
     * What is open.
     *
     * @return in the order of opening
     */
    public static List<Entry> list() {
        synchronized (OPEN) {
            return new ArrayList<>(OPEN.values());
        }
    }
}
