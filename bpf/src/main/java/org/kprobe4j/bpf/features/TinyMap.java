package org.kprobe4j.bpf.features;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.internal.BpfAttr;
import org.kprobe4j.bpf.internal.BpfAttr.MapBatch;
import org.kprobe4j.bpf.internal.BpfAttr.MapCreate;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.Machine;
import org.kprobe4j.bpf.internal.Scratch;
import org.kprobe4j.bpf.internal.Struct;
import org.kprobe4j.bpf.internal.SystemCalls;

/** The smallest map of each type, for a probe. */
final class TinyMap {
    /** Of the only type in {@link #smallestBtf}. */
    private static final int INT_TYPE_ID = 1;

    private static final int PER_CPU_VALUE_ROOM = 1 << 16;

    private TinyMap() {}

    static Answer probe(SystemCalls calls, MapType type) {
        return created(calls, create(calls, type), "map type " + type);
    }

    /** Asks for the first batch of an empty hash, or of an array of one value. */
    static Answer probeBatch(SystemCalls calls, MapType type) {
        String what = "batches of " + type;
        long fd = create(calls, type);
        if (fd < 0) {
            return created(calls, fd, "map type " + type);
        }
        try (Scratch scratch = new Scratch()) {
            Struct attr = scratch.struct(BpfAttr.SIZE)
                    .u64(MapBatch.OUT_BATCH, scratch.struct(Long.BYTES).address())
                    .u64(MapBatch.KEYS, scratch.struct(Long.BYTES).address())
                    .u64(MapBatch.VALUES, scratch.struct(PER_CPU_VALUE_ROOM).address())
                    .u32(MapBatch.COUNT, 1)
                    .u32(MapBatch.MAP_FD, (int) fd);
            int errno = (int) -Math.min(0, calls.bpf(Linux.BPF_MAP_LOOKUP_BATCH, attr));
            return switch (errno) {
                case 0, Errno.ENOENT -> Answer.yes(what + ": read one");
                case Errno.EINVAL, Errno.ENOTSUPP, Errno.EOPNOTSUPP -> Answer.no(what + ": " + Errno.name(errno));
                default -> Answer.unknown(what + ": " + Errno.name(errno));
            };
        } finally {
            calls.close((int) fd);
        }
    }

    /** Gives the descriptor, or the negated errno. */
    private static long create(SystemCalls calls, MapType type) {
        try (Scratch scratch = new Scratch()) {
            Struct attr = scratch.struct(BpfAttr.SIZE).u32(MapCreate.MAP_TYPE, type.id());
            switch (type) {
                case RINGBUF -> attr.u32(MapCreate.MAX_ENTRIES, Machine.pageBytes(calls));
                case QUEUE, STACK, BLOOM_FILTER -> sizes(attr, 0, 4, 1);
                case STACK_TRACE -> sizes(attr, 4, Long.BYTES, 1);
                // A prefix length and a byte.
                case LPM_TRIE -> sizes(attr, 5, 4, 1).u32(MapCreate.MAP_FLAGS, BpfMap.NO_PREALLOC);
                case TASK_STORAGE, CGRP_STORAGE -> {
                    return createStorage(calls, attr);
                }
                default -> sizes(attr, 4, 4, 1);
            }
            return calls.bpf(Linux.BPF_MAP_CREATE, attr);
        }
    }

    private static Struct sizes(Struct attr, int key, int value, int entries) {
        return attr.u32(MapCreate.KEY_SIZE, key)
                .u32(MapCreate.VALUE_SIZE, value)
                .u32(MapCreate.MAX_ENTRIES, entries);
    }

    private static long createStorage(SystemCalls calls, Struct attr) {
        long btf = loadBtf(calls);
        if (btf < 0) {
            return btf;
        }
        sizes(attr, 4, 4, 0)
                .u32(MapCreate.MAP_FLAGS, BpfMap.NO_PREALLOC)
                .u32(MapCreate.BTF_FD, (int) btf)
                .u32(MapCreate.BTF_KEY_TYPE_ID, INT_TYPE_ID)
                .u32(MapCreate.BTF_VALUE_TYPE_ID, INT_TYPE_ID);
        long fd = calls.bpf(Linux.BPF_MAP_CREATE, attr);
        calls.close((int) btf);
        return fd;
    }

    static long loadBtf(SystemCalls calls) {
        try (Scratch scratch = new Scratch()) {
            byte[] btf = smallestBtf();
            Struct attr = scratch.struct(BpfAttr.SIZE)
                    .u64(BpfAttr.BtfLoad.BTF, scratch.copy(btf).address())
                    .u32(BpfAttr.BtfLoad.BTF_SIZE, btf.length);
            return calls.bpf(Linux.BPF_BTF_LOAD, attr);
        }
    }

    static Answer created(SystemCalls calls, long fd, String what) {
        if (fd >= 0) {
            calls.close((int) fd);
            return Answer.yes(what + ": made one");
        }
        int errno = (int) -fd;
        return errno == Errno.EINVAL
                ? Answer.no(what + ": " + Errno.name(errno))
                : Answer.unknown(what + ": " + Errno.name(errno));
    }

    /** A header, one type (a 32-bit int named "i"), and its strings. Source: Documentation/bpf/btf.rst. */
    private static byte[] smallestBtf() {
        byte[] strings = {0, 'i', 0};
        ByteBuffer btf = ByteBuffer.allocate(24 + 16 + strings.length).order(ByteOrder.nativeOrder());
        btf.putShort((short) 0xeB9F).put((byte) 1).put((byte) 0).putInt(24);
        btf.putInt(0).putInt(16).putInt(16).putInt(strings.length);
        final int kindInt = 1 << 24;
        btf.putInt(1).putInt(kindInt).putInt(4).putInt(1 << 24 | 32);
        return btf.put(strings).array();
    }
}
