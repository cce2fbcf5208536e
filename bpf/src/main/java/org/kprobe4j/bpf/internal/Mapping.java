package org.kprobe4j.bpf.internal;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Memory shared with the kernel.
 *
 * <p>It is held by a shared arena, so that an access after the unmapping, or while it happens in another thread, is an
 * IllegalStateException and never a touch of unmapped memory.
 */
public final class Mapping implements AutoCloseable {
    private final MemorySegment memory;
    private final Arena arena;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Mapping(MemorySegment memory, Arena arena) {
        this.memory = memory;
        this.arena = arena;
    }

    /** Where and how to map. */
    public record Request(String what, long lengthBytes, long offsetBytes, boolean writable) {}

    /**
     * Takes over what {@link #map} mapped.
     *
     * @param calls the kernel
     * @param request as it was mapped
     * @param address the result of {@link #map}; must not be an error
     * @return the owner
     */
    @SuppressWarnings({"restricted", "MustBeClosedChecker"}) // this package owns native access, the mapping its arena
    public static Mapping own(SystemCalls calls, Request request, long address) {
        Arena arena = Arena.ofShared();
        long ticket = OpenObjects.opened(request.what());
        MemorySegment memory = MemorySegment.ofAddress(address).reinterpret(request.lengthBytes(), arena, mapped -> {
            OpenObjects.closed(ticket);
            calls.munmap(mapped.address(), request.lengthBytes());
        });
        return new Mapping(request.writable() ? memory : memory.asReadOnly(), arena);
    }

    /**
     * Maps a part of a descriptor.
     *
     * @param calls the kernel
     * @param fd the descriptor
     * @param request where and how
     * @return the address, or the negated errno
     */
    public static long map(SystemCalls calls, int fd, Request request) {
        int prot = request.writable() ? Linux.PROT_READ | Linux.PROT_WRITE : Linux.PROT_READ;
        return calls.mmap(request.lengthBytes(), prot, Linux.MAP_SHARED, fd, request.offsetBytes());
    }

    /**
     * The memory.
     *
     * @return read-only unless it was mapped writable
     */
    public MemorySegment memory() {
        return memory;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            arena.close();
        }
    }
}
