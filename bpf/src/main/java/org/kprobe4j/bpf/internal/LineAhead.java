package org.kprobe4j.bpf.internal;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.Errno;

/**
 * Reads a file of the kernel in a thread of its own while another judges its lines: the kernel makes such a file's text while it is
 * read, which is most of the work.
 *
 * <p>To be closed by the thread that takes the lines; closing ends the reading.
 */
public final class LineAhead implements AutoCloseable {
    private static final int PIECE_BYTES = 1 << 16;
    private static final int READ_BYTES = 1 << 14;

    /** Bytes of the file; none for its end, with the negated errno or 0. */
    private static final class Piece {
        final byte[] bytes;
        final int length;
        final long result;

        Piece(byte[] bytes, int length, long result) {
            this.bytes = bytes;
            this.length = length;
            this.result = result;
        }
    }

    private final BlockingQueue<Piece> pieces;
    /** Arrays whose lines were taken, to be filled again. */
    private final BlockingQueue<byte[]> free;

    private final Thread reader;
    private volatile boolean going = true;
    private volatile @Nullable RuntimeException failure;

    /**
     * Begins to read.
     *
     * @param calls the kernel
     * @param path the file
     * @param aheadBytes how much is read before a line is taken, at most
     */
    public LineAhead(SystemCalls calls, String path, int aheadBytes) {
        this.pieces = new ArrayBlockingQueue<>(Math.max(2, aheadBytes / PIECE_BYTES));
        this.free = new ArrayBlockingQueue<>(pieces.remainingCapacity());
        this.reader = new Thread(() -> read(calls, path), "symbol-reader");
        reader.setDaemon(true);
        reader.start();
    }

    private void read(SystemCalls calls, String path) {
        long result = -Errno.EIO;
        try {
            Collected collected = new Collected();
            long read = new KernelFiles(calls).scan(path, READ_BYTES, collected::add);
            collected.flush();
            result = read;
        } catch (RuntimeException e) {
            failure = e;
        } finally {
            put(new Piece(new byte[0], 0, result));
        }
    }

    /** The kernel gives a page at a time; so many go from thread to thread at once. */
    private final class Collected {
        private byte[] bytes = new byte[PIECE_BYTES];
        private int length;

        boolean add(byte[] read, int count) {
            if (length + count > bytes.length) {
                flush();
            }
            System.arraycopy(read, 0, bytes, length, count);
            length += count;
            return going;
        }

        void flush() {
            if (length > 0) {
                put(new Piece(bytes, length, 0));
                byte[] used = free.poll();
                bytes = used == null ? new byte[PIECE_BYTES] : used;
                length = 0;
            }
        }
    }

    private void put(Piece piece) {
        try {
            if (going) {
                pieces.put(piece);
            }
        } catch (InterruptedException e) {
            going = false;
        }
    }

    /**
     * Hands the lines over, in the order of the file.
     *
     * @param path the file, for messages
     * @param leastBytes of any line: so many are not searched for the newline
     * @param visitor sees every line until it has enough; a last one without newline it does not see
     * @return 0, or the negated errno
     */
    public long forEachLine(String path, int leastBytes, LineScan.LineVisitor visitor) {
        LineScan scan = LineScan.of(path, leastBytes, PIECE_BYTES, visitor);
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    Piece piece = pieces.take();
                    if (piece.length == 0) {
                        RuntimeException thrown = failure;
                        if (thrown != null) {
                            throw thrown;
                        }
                        return piece.result;
                    }
                    if (!scan.piece(piece.bytes, piece.length)) {
                        return 0;
                    }
                    boolean _ = free.offer(piece.bytes);
                } catch (InterruptedException _) {
                    // A pass is short; whoever interrupts meets its own wait.
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void close() {
        going = false;
        reader.interrupt();
        pieces.clear();
        boolean interrupted = Thread.interrupted();
        while (reader.isAlive()) {
            try {
                reader.join();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
