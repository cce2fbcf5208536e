package org.kprobe4j.compiler.internal.lower;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.JmpOp;
import org.kprobe4j.asm.Width;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.internal.ir.Block;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.Value;

/**
 * Operations on maps with keys. A key or a value is built in the frame, or a large one in scratch memory, in a room that serves
 * all keys, or all values, of its size: a helper is done with it when it returns.
 *
 * <p>Before 6.4 the helpers that change a map return a C int, the upper half of r0 being anything: only the lower half is tested.
 */
final class MapLowering {
    /** {@code BPF_ANY}, {@code BPF_NOEXIST} of include/uapi/linux/bpf.h. */
    private static final int ANY = 0;

    static final int NOEXIST = 1;
    private static final int EEXIST = 17;

    private final LirBuilder out;
    private final Lowering values;
    private final OperationLowering operations;
    private final Scratch scratch;
    /** What a key consists of: its parts, and the numbers in them. */
    private record Content(Opcode.Room room, List<Value> numbers) {
        boolean isSame(Content other) {
            return room.equals(other.room)
                    // What a text reads may have changed since.
                    && room.fields().stream().noneMatch(Opcode.Field.Text.class::isInstance)
                    && areSame(numbers, other.numbers);
        }

        private static boolean areSame(List<Value> a, List<Value> b) {
            return a.size() == b.size() && IntStream.range(0, a.size()).allMatch(i -> isSame(a.get(i), b.get(i)));
        }

        /** Whether one was computed as the other was: each block does so anew. */
        private static boolean isSame(Value a, Value b) {
            return a.equals(b)
                    || (a instanceof Value.Operation x
                            && b instanceof Value.Operation y
                            && x.opcode().equals(y.opcode())
                            && !x.opcode().hasEffect()
                            && areSame(List.of(x.arguments()), List.of(y.arguments())));
        }
    }

    private final Map<Integer, Content> keys = new HashMap<>();
    private final Map<Block, Map<Integer, Content>> keysAtEnd = new HashMap<>();
    private final Map<Integer, Place> keyRooms = new HashMap<>();
    private final Map<Integer, Place> valueRooms = new HashMap<>();

    MapLowering(LirBuilder out, Lowering values, OperationLowering operations, Scratch scratch) {
        this.scratch = scratch;
        this.out = out;
        this.values = values;
        this.operations = operations;
    }

    /** Keys stay in their rooms: what a block found there or put there, the blocks that come after it alone find too. */
    void begin(Block block) {
        keys.clear();
        if (block.predecessors().size() == 1) {
            keys.putAll(keysAtEnd.getOrDefault(block.predecessors().getFirst(), Map.of()));
        }
    }

    void end(Block block) {
        keysAtEnd.put(block, Map.copyOf(keys));
    }

    /** Where a room lies: at an offset in the frame or in scratch memory. */
    record Place(boolean inFrame, int offset) {}

    /** A room that holds a key. */
    Place key(Value.Operation operation, Opcode.Room room) {
        var content = new Content(room, argumentsOf(operation, room));
        int extent = Opcode.Room.extent(room.sizeBytes(), room.fields());
        Content there = keys.put(extent, content);
        Place place = keyRooms.get(extent);
        return there != null && place != null && there.isSame(content) ? place : fill(keyRooms, operation, room);
    }

    private static List<Value> argumentsOf(Value.Operation operation, Opcode.Room room) {
        return room.fields().stream()
                .filter(Opcode.Field.Scalar.class::isInstance)
                .map(field -> operation.argument(((Opcode.Field.Scalar) field).argument()))
                .toList();
    }

    /** A room, filled. */
    private Place fill(Map<Integer, Place> rooms, Value.Operation operation, Opcode.Room room) {
        int extent = Opcode.Room.extent(room.sizeBytes(), room.fields());
        Place place = room.target() == Opcode.Room.FRAME ? inFrame(rooms, extent) : new Place(false, room.target());
        rooms.put(extent, place);
        int base = place.inFrame ? Lir.FRAME : scratch.base();
        if (!place.inFrame) {
            scratch.reach(place.offset + extent);
        }
        room.fields().forEach(field -> operations.fill(operation, field, base, place.offset, false));
        return place;
    }

    /** Room for a value in the frame. */
    Place value(int bytes) {
        return inFrame(valueRooms, bytes);
    }

    private Place inFrame(Map<Integer, Place> rooms, int bytes) {
        return rooms.computeIfAbsent(
                bytes, size -> new Place(true, out.program().frame(size)));
    }

    /** A room that holds a value. */
    Place value(Value.Operation operation, Opcode.Room room) {
        return fill(valueRooms, operation, room);
    }

    void address(int register, Place place) {
        if (place.inFrame) {
            out.add(new Lir.FrameAddress(register, place.offset));
        } else {
            scratch.address(register, place.offset);
        }
    }

    void mapAndKey(String map, Place key) {
        out.add(new Lir.MapAddress(1, map));
        address(2, key);
    }

    int lookup(String map, Place key) {
        mapAndKey(map, key);
        return out.call(Helper.MAP_LOOKUP_ELEM, 2);
    }

    private int update(String map, Place key, Place value, int flags) {
        mapAndKey(map, key);
        address(3, value);
        out.add(new Lir.Const(4, flags, true));
        return out.call(Helper.MAP_UPDATE_ELEM, 4);
    }

    int lookup(Value.Operation operation, Opcode.MapLookup lookup) {
        return lookup(lookup.map(), key(operation, lookup.key()));
    }

    int delete(Value.Operation operation, Opcode.MapDelete delete) {
        mapAndKey(delete.map(), key(operation, delete.key()));
        return out.call(Helper.MAP_DELETE_ELEM, 2);
    }

    int update(Value.Operation operation, Opcode.MapUpdate update) {
        Place key = key(operation, update.key());
        Place value = fill(valueRooms, operation, update.value());
        int failed = update(update.map(), key, value, update.onlyNew() ? NOEXIST : ANY);
        LirBlock why = out.block();
        LirBlock done = out.block();
        out.branchImm(JmpOp.JNE, Width.W32, failed, 0, why, done);
        out.aside(why, () -> {
            if (update.onlyNew()) {
                LirBlock lost = out.block();
                out.branchImm(JmpOp.JEQ, Width.W32, failed, -EEXIST, done, lost);
                out.place(lost);
            }
            out.count(Account.ENTRIES_LOST);
            out.jump(done);
        });
        out.place(done);
        return failed;
    }

    /**
     * Most keys have a value already. One that has none gets the number itself as its value; if another CPU was faster, the number
     * is added to that one's.
     */
    void add(Value.Operation operation, Opcode.MapAdd add) {
        Place key = key(operation, add.key());
        int delta = copy(operation.argument(add.delta()));
        int address = out.register();
        out.add(new Lir.Move(address, lookup(add.map(), key)));
        LirBlock missing = out.block();
        LirBlock present = out.block();
        LirBlock done = out.block();
        out.branchImm(JmpOp.JEQ, Width.W64, address, 0, missing, present);
        out.place(present);
        StateLowering.increase(out, add.size(), !add.perCpu(), address, delta);
        out.jump(done);
        out.aside(missing, () -> {
            Place value = inFrame(valueRooms, add.size().bytes());
            out.add(new Lir.Store(add.size(), Lir.FRAME, value.offset, delta));
            insert(add.map(), key, value, address, present, done);
        });
        out.place(done);
    }

    /** Gives a key that had no value its first one, and is done; if another CPU was faster, goes on with that one's. */
    void insert(String map, Place key, Place first, int address, LirBlock present, LirBlock done) {
        LirBlock faster = out.block();
        out.branchImm(JmpOp.JEQ, Width.W32, update(map, key, first, NOEXIST), 0, done, faster);
        out.place(faster);
        again(map, key, address, present, done);
    }

    /** Goes on with the value that a key has by now, this CPU's or another one's; it has none if there is no room, which is counted. */
    void again(String map, Place key, int address, LirBlock present, LirBlock done) {
        LirBlock lost = out.block();
        out.add(new Lir.Move(address, lookup(map, key)));
        out.branchImm(JmpOp.JNE, Width.W64, address, 0, present, lost);
        out.place(lost);
        out.count(Account.ENTRIES_LOST);
        out.jump(done);
    }

    private int copy(Value value) {
        int register = out.register();
        values.moveTo(register, value);
        return register;
    }
}
