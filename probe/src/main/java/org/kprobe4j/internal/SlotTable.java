package org.kprobe4j.internal;

import java.util.function.Consumer;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.MappedArray;
import org.kprobe4j.compiler.CallSlots;

/** The calls in flight that programs keep in slots: {@link CallSlots} mapped into the process. Thread-safe. */
final class SlotTable implements AutoCloseable {
    private static final int SLOTS = 1 << CallSlots.BITS;
    private static final int OWNER = Long.BYTES;

    private final BpfMap map;
    private final MappedArray memory;
    private final int slotBytes;

    private SlotTable(BpfMap map, int slotBytes) {
        this.map = map;
        this.memory = map.mmap();
        this.slotBytes = slotBytes;
    }

    /** For values of some size: {@link org.kprobe4j.compiler.CompiledProgram#callBytes()}. */
    static SlotTable create(int callBytes) {
        BpfMap map = BpfMap.create(
                MapType.ARRAY, CallSlots.MAP, Integer.BYTES, CallSlots.bytes(callBytes), 1, BpfMap.MMAPABLE);
        return new SlotTable(map, CallSlots.slotBytes(callBytes));
    }

    int fd() {
        return map.fd();
    }

    private int at(int slot) {
        return CallSlots.HEADER_BYTES + slot * slotBytes;
    }

    /** The calls that were there at some time while this looked. */
    void forEach(Consumer<CallsInFlight.Call> consumer) {
        for (int slot = 0; slot < SLOTS; slot++) {
            long key = memory.getLong(0, at(slot));
            if (key != CallSlots.FREE && key != CallSlots.HELD) {
                long owner = memory.getLong(0, at(slot) + OWNER);
                if (owner != 0) {
                    consumer.accept(new CallsInFlight.Call(0, key, owner));
                }
            }
        }
    }

    /**
     * Frees a call's slot. Another call on the same stack may have taken it meanwhile: that one's is given back, unless it has returned in
     * between.
     *
     * @return whether the slot was freed
     */
    boolean remove(CallsInFlight.Call call) {
        int slot = at(CallSlots.slot(call.sp()));
        if (!memory.compareAndSetLong(0, slot, call.sp(), CallSlots.HELD)) {
            return false;
        }
        boolean sameCall = memory.getLong(0, slot + OWNER) == call.owner();
        memory.putLong(0, slot, sameCall ? CallSlots.FREE : call.sp());
        return sameCall;
    }

    /** A call that programs had put into the hash map is not there any more. */
    void removedFromHash() {
        memory.addLong(0, 0, -1);
    }

    @Override
    public void close() {
        memory.close();
        map.close();
    }
}
