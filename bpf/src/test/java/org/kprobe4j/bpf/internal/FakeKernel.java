package org.kprobe4j.bpf.internal;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntToLongFunction;
import java.util.function.LongSupplier;

/** A kernel of a few maps in memory, on which unit tests run without root. Not meant to be clever: tests script the rest. */
public final class FakeKernel implements SystemCalls {
    public static final int EBADF = 9;
    public static final int ENOENT = 2;

    /** What a bpf(2) command shall do. */
    @FunctionalInterface
    public interface BpfHandler {
        long handle(int command, Struct attr);
    }

    /** What a write to a file shall give. */
    @FunctionalInterface
    public interface WriteHandler {
        long written(String path, String text);
    }

    private record OpenFile(String what, ByteBuffer content) {}

    public final Map<String, byte[]> files = new HashMap<>();
    public final Map<String, Integer> openErrors = new HashMap<>();
    public final List<String> writes = new ArrayList<>();
    public final List<String> mappings = new ArrayList<>();
    public final List<String> limits = new ArrayList<>();
    public final AtomicLong wakeups = new AtomicLong();
    public Abi abi = Abi.X86_64;
    public int readBytes = Integer.MAX_VALUE;
    public BpfHandler onBpf = (command, attr) -> fd("bpf " + command);
    public WriteHandler onWrite = (path, text) -> text.length();
    public LongSupplier onPerfEventOpen = () -> fd("perf");
    public LongSupplier onEpollWait = () -> 0;
    public LongSupplier onConnect = () -> 0;
    public IntToLongFunction onMembarrier = command -> 0;
    /** Memory by descriptor name and offset, for mmap. */
    public final Map<Long, MemorySegment> memory = new HashMap<>();

    public byte[] lastPerfAttr = new byte[0];
    private final Map<Integer, OpenFile> open = new TreeMap<>();
    private int next = 3;

    public FakeKernel file(String path, String content) {
        files.put(path, content.getBytes(StandardCharsets.UTF_8));
        return this;
    }

    public synchronized long fd(String what) {
        open.put(next, new OpenFile(what, ByteBuffer.allocate(0)));
        return next++;
    }

    /** What is open, by name. */
    public synchronized List<String> openNow() {
        return open.values().stream().map(OpenFile::what).toList();
    }

    @Override
    public Abi abi() {
        return abi;
    }

    @Override
    public long bpf(int command, Struct attr) {
        return onBpf.handle(command, attr);
    }

    @Override
    public long perfEventOpen(Struct attr, int pid, int cpu, int flags) {
        lastPerfAttr = new byte[attr.sizeBytes()];
        attr.get(0, lastPerfAttr);
        return onPerfEventOpen.getAsLong();
    }

    @Override
    public long ioctl(int fd, int request, long argument) {
        writes.add("ioctl 0x%x".formatted(request));
        return 0;
    }

    @Override
    public long mmap(long lengthBytes, int prot, int flags, int fd, long offsetBytes) {
        MemorySegment segment =
                memory.computeIfAbsent(offsetBytes, _ -> Arena.ofAuto().allocate(lengthBytes, 4096));
        mappings.add("%d+%d prot %d".formatted(offsetBytes, lengthBytes, prot));
        return segment.address();
    }

    @Override
    public long munmap(long address, long lengthBytes) {
        mappings.removeLast();
        return 0;
    }

    @Override
    public synchronized long open(String path, int flags) {
        Integer error = openErrors.get(path);
        if (error != null) {
            return -error;
        }
        byte[] content = files.get(path);
        if (content == null) {
            return -ENOENT;
        }
        open.put(next, new OpenFile(path, ByteBuffer.wrap(content.clone())));
        return next++;
    }

    @Override
    public synchronized long read(int fd, Struct target) {
        OpenFile file = open.get(fd);
        if (file == null) {
            return -EBADF;
        }
        if (file.what().equals("eventfd")) {
            final int again = 11;
            return wakeups.getAndSet(0) > 0 ? Long.BYTES : -again;
        }
        int length =
                Math.min(Math.min(readBytes, target.sizeBytes()), file.content().remaining());
        byte[] bytes = new byte[length];
        file.content().get(bytes);
        target.put(0, bytes);
        return length;
    }

    @Override
    public synchronized long write(int fd, Struct source, int lengthBytes) {
        OpenFile file = open.get(fd);
        if (file == null) {
            return -EBADF;
        }
        if (file.what().equals("eventfd")) {
            wakeups.incrementAndGet();
            return lengthBytes;
        }
        byte[] bytes = new byte[lengthBytes];
        source.get(0, bytes, lengthBytes);
        String text = new String(bytes, StandardCharsets.UTF_8);
        writes.add(file.what() + " <- " + text.strip());
        return onWrite.written(file.what(), text);
    }

    @Override
    public synchronized long close(int fd) {
        return open.remove(fd) == null ? -EBADF : 0;
    }

    @Override
    public long epollCreate() {
        return fd("epoll");
    }

    @Override
    public long epollAdd(int epollFd, int fd) {
        return 0;
    }

    @Override
    public long epollWait(int epollFd, Struct events, int timeoutMillis) {
        return wakeups.get() > 0 ? 1 : onEpollWait.getAsLong();
    }

    @Override
    public long eventfd() {
        return fd("eventfd");
    }

    @Override
    public long unixDatagramSocket() {
        return fd("socket");
    }

    @Override
    public long connect(int fd, Struct address) {
        return onConnect.getAsLong();
    }

    @Override
    public long setLimit(int resource, long limit) {
        limits.add(resource + "=" + limit);
        return 0;
    }

    @Override
    public long membarrier(int command) {
        return onMembarrier.applyAsLong(command);
    }

    @Override
    public int getpid() {
        return 42;
    }

    @Override
    public int getuid() {
        return 0;
    }
}
