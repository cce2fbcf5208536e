package org.kprobe4j.cli.trace;

import java.io.FileInputStream;
import java.util.concurrent.CyclicBarrier;

/** Two threads that read by turns, in a process of its own: one 100 bytes at a time, the other 200. */
final class TraceWorkload {
    static final int READS = 50;

    private TraceWorkload() {}

    public static void main(String[] words) throws Exception {
        var turns = new CyclicBarrier(2);
        Thread other = Thread.ofPlatform().name("reader-200").start(() -> read(200, turns));
        Thread first = Thread.ofPlatform().name("reader-100").start(() -> read(100, turns));
        first.join();
        other.join();
    }

    private static void read(int bytes, CyclicBarrier turns) {
        try (var zeros = new FileInputStream("/dev/zero")) {
            var room = new byte[bytes];
            for (int i = 0; i < READS; i++) {
                turns.await();
                if (zeros.read(room) != bytes) {
                    throw new IllegalStateException("less");
                }
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
