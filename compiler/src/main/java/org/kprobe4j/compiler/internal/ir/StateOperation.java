package org.kprobe4j.compiler.internal.ir;

import java.util.List;
import org.kprobe4j.asm.Size;
import org.kprobe4j.compiler.CellLayout;

/** What is done with arrays, queues and values of tasks. Arguments are those of the operation, in the order given here. */
public sealed interface StateOperation {
    /** The values that it builds, or has room for. */
    default List<Opcode.Room> rooms() {
        return List.of();
    }

    /** The address, a LONG, of the element whose index is the argument, in this CPU's row. */
    record CellAddress(String map, CellLayout cells) implements StateOperation {}

    /** Writes a value at the address in the argument of that index; the numbers in the value come before it. */
    record CellSet(Opcode.Room value, int address) implements StateOperation {
        @Override
        public List<Opcode.Room> rooms() {
            return List.of(value);
        }
    }

    /** Adds to the number at an address, the first argument, the second one. */
    record CellIncrease(Size size, boolean atomic) implements StateOperation {}

    /** Appends a value. As an INT: zero, or else it found no room, which is counted. */
    record QueuePush(String map, Opcode.Room value) implements StateOperation {
        @Override
        public List<Opcode.Room> rooms() {
            return List.of(value);
        }
    }

    /** Copies the first value into a room, and removes it if that is wanted. As an INT: zero, or else there is none. */
    record QueueHead(String map, Opcode.Room into, boolean remove) implements StateOperation {
        @Override
        public List<Opcode.Room> rooms() {
            return List.of(into);
        }
    }

    /** The address, a LONG, of the room that {@link QueueHead} has filled. */
    record HeadAddress(Opcode.Room room) implements StateOperation {
        @Override
        public List<Opcode.Room> rooms() {
            return List.of(room);
        }
    }

    /** The address, a LONG, of the current task's value, or zero. */
    record TaskValue(String map) implements StateOperation {}

    /** Sets the current task's value; that there is no memory for it is counted. */
    record TaskSet(String map, Opcode.Room value) implements StateOperation {
        @Override
        public List<Opcode.Room> rooms() {
            return List.of(value);
        }
    }

    /** Removes the current task's value. As an INT: zero, or else there was none. */
    record TaskRemove(String map) implements StateOperation {}
}
