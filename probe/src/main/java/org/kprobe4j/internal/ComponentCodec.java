package org.kprobe4j.internal;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.PtRegs;
import org.kprobe4j.compiler.RecordLayout;
import org.kprobe4j.compiler.RegisterSnapshot;

/**
 * A component of a record that is no primitive, from and to the bytes at its place. A further type of component is one more record
 * here and its case in {@link #of}.
 */
interface ComponentCodec {
    /** What the bytes say. */
    @Nullable
    Object read(MemorySegment bytes, long offset);

    /**
     * Puts a value where zeros are.
     *
     * @throws IllegalArgumentException if the component does not hold the value
     */
    void write(MemorySegment bytes, long offset, @Nullable Object value);

    /**
     * For a component that is no primitive.
     *
     * @param stacks reads the stacks in it
     * @throws IllegalArgumentException if it is a record that is closed to reflection
     */
    static ComponentCodec of(RecordLayout.Component component, StackBytes stacks) {
        Class<?> type = component.type();
        if (component.parts().isPresent()) {
            return new Part(
                    component,
                    new RecordBytes<>(
                            type.asSubclass(Record.class), component.parts().get(), stacks));
        } else if (type.isEnum()) {
            return new Constant(component, type.getEnumConstants());
        } else if (InetAddress.class.isAssignableFrom(type)) {
            return new Address(component);
        } else if (type == String.class) {
            return new Text(component);
        } else if (StackBytes.isStack(type)) {
            return new Stack(component, stacks);
        } else if (RegisterSnapshot.is(type)) {
            return Registers.of(component);
        }
        throw new IllegalArgumentException(type + " has no layout");
    }

    /** What is not zero in a record has no null. */
    private static IllegalArgumentException missing(RecordLayout.Component component, String what) {
        return new IllegalArgumentException(
                "the component %s is null; a %s must be there".formatted(component.name(), what));
    }

    /** A record within a record. */
    record Part(RecordLayout.Component component, RecordBytes<?> record) implements ComponentCodec {
        @Override
        public Object read(MemorySegment bytes, long offset) {
            return record.read(bytes, offset);
        }

        @Override
        public void write(MemorySegment bytes, long offset, @Nullable Object value) {
            if (!(value instanceof Record part)) {
                throw missing(component, "record within a record");
            }
            record.write(bytes, offset, part);
        }
    }

    /** An enum's constant, by its number. */
    @SuppressWarnings("ArrayRecordComponent") // looked up, not compared
    record Constant(RecordLayout.Component component, Object[] constants) implements ComponentCodec {
        @Override
        public Object read(MemorySegment bytes, long offset) {
            return constants[
                    component.sizeBytes() == 1
                            ? bytes.get(ValueLayout.JAVA_BYTE, offset) & 0xff
                            : bytes.get(ValueLayout.JAVA_CHAR_UNALIGNED, offset)];
        }

        @Override
        @SuppressWarnings("EnumOrdinal") // the layout says: the number of the constant
        public void write(MemorySegment bytes, long offset, @Nullable Object value) {
            if (!(value instanceof Enum<?> constant)) {
                throw missing(component, component.type().getSimpleName());
            } else if (component.sizeBytes() == 1) {
                bytes.set(ValueLayout.JAVA_BYTE, offset, (byte) constant.ordinal());
            } else {
                bytes.set(ValueLayout.JAVA_CHAR_UNALIGNED, offset, (char) constant.ordinal());
            }
        }
    }

    /** An internet address of one family or of either. */
    record Address(RecordLayout.Component component) implements ComponentCodec {
        private boolean either() {
            return component.type() == InetAddress.class;
        }

        @Override
        public @Nullable Object read(MemorySegment bytes, long offset) {
            if (!either()) {
                return RecordBytes.address(bytes, offset, component.sizeBytes());
            }
            int length = bytes.get(ValueLayout.JAVA_INT_UNALIGNED, offset);
            return length == 0 ? null : RecordBytes.address(bytes, offset + Integer.BYTES, length);
        }

        @Override
        public void write(MemorySegment bytes, long offset, @Nullable Object value) {
            if (value instanceof InetAddress address) {
                byte[] content = address.getAddress();
                int prefix = either() ? Integer.BYTES : 0;
                if (either()) {
                    bytes.set(ValueLayout.JAVA_INT_UNALIGNED, offset, content.length);
                }
                MemorySegment.copy(content, 0, bytes, ValueLayout.JAVA_BYTE, offset + prefix, content.length);
            } else if (!either()) {
                throw missing(component, component.type().getSimpleName());
            }
        }
    }

    /** A text, padded with NULs; null is empty. */
    record Text(RecordLayout.Component component) implements ComponentCodec {
        @Override
        public Object read(MemorySegment bytes, long offset) {
            return LineFormatter.chars(bytes, offset, component.sizeBytes());
        }

        @Override
        public void write(MemorySegment bytes, long offset, @Nullable Object value) {
            byte[] text = value == null ? new byte[0] : value.toString().getBytes(StandardCharsets.UTF_8);
            if (text.length > component.sizeBytes() && !component.cut()) {
                throw new IllegalArgumentException("the string \"%s\" has %d bytes; the component %s holds %d"
                        .formatted(value, text.length, component.name(), component.sizeBytes()));
            }
            // The helper that reads a text of the kernel into a record ends what it cuts with a NUL.
            int kept = component.cut() ? Math.min(text.length, component.sizeBytes() - 1) : text.length;
            MemorySegment.copy(text, 0, bytes, ValueLayout.JAVA_BYTE, offset, kept);
        }
    }

    /** The registers of any machine, behind the number of their set. */
    record Registers(RecordLayout.Component component, List<Class<? extends Record>> types, List<RecordBytes<?>> sets)
            implements ComponentCodec {
        static Registers of(RecordLayout.Component component) {
            List<Class<? extends Record>> types = RegisterSnapshot.sets(component.type());
            return new Registers(
                    component,
                    types,
                    types.stream().<RecordBytes<?>>map(RegisterBytes::of).toList());
        }

        @Override
        public Object read(MemorySegment bytes, long offset) {
            int number = (int) bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
            return sets.get(number).read(bytes, offset + RegisterSnapshot.NUMBER_BYTES);
        }

        @Override
        public void write(MemorySegment bytes, long offset, @Nullable Object value) {
            if (!(value instanceof PtRegs regs)) {
                throw missing(component, "PtRegs");
            }
            int number = types.indexOf(regs.getClass());
            bytes.set(ValueLayout.JAVA_LONG_UNALIGNED, offset, (long) number);
            sets.get(number).write(bytes, offset + RegisterSnapshot.NUMBER_BYTES, (Record) regs);
        }
    }

    /** A call stack. */
    record Stack(RecordLayout.Component component, StackBytes stacks) implements ComponentCodec {
        @Override
        public Object read(MemorySegment bytes, long offset) {
            return stacks.read(bytes, component.type(), component.sizeBytes(), offset);
        }

        @Override
        public void write(MemorySegment bytes, long offset, @Nullable Object value) {
            if (!(value instanceof CallStack<?> stack)) {
                throw missing(component, component.type().getSimpleName());
            }
            stacks.write(bytes, component.type(), component.sizeBytes(), offset, stack);
        }
    }
}
