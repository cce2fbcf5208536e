package org.kprobe4j.compiler.internal.front;

import java.lang.constant.ClassDesc;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.compiler.StackKind;
import org.kprobe4j.compiler.internal.ir.TextSource;
import org.kprobe4j.compiler.internal.ir.Value;

/** What a local variable or a place on the operand stack holds while a method is followed. */
sealed interface Operand {
    /** Whether it is Java's null for certain. */
    default boolean isNull() {
        return this instanceof Host(Object object) && object == null;
    }

    /** A number. */
    record Scalar(Value value) implements Operand {
        // Written out: a record's own are linked at run time, which a JVM that has just started feels.
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Scalar scalar && scalar.value.equals(value);
        }

        @Override
        public int hashCode() {
            return value.hashCode();
        }
    }

    /** A number in its box, as varargs calls make it; {@code type} is the primitive. */
    record Boxed(Value value, Class<?> type) implements Operand {}

    /** An object of the host program, known when the handler is compiled; null stands for Java's null. */
    record Host(@Nullable Object object) implements Operand {
        /** Identity, as a reference has it; only constants are compared by what they say. The object's own equals is not run. */
        @Override
        @SuppressWarnings("ReferenceEquality")
        public boolean equals(@Nullable Object other) {
            return other instanceof Host(Object theirs)
                    && (object == theirs
                            || ((object instanceof String || object instanceof ClassDesc) && object.equals(theirs)));
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(object instanceof String ? null : object);
        }
    }

    /**
     * A map's value, or null: {@code present} is a LONG that is zero just for null. The content of null is never looked at, it is
     * there for the values to be joined.
     */
    record Maybe(Value present, Operand content) implements Operand {}

    /** Text that a map holds, NUL-padded, eight bytes in each LONG; {@code bytes} is the most that it may have. */
    record Text(List<Value> words, int bytes) implements Operand {}

    /** The registers at the probe. */
    record Registers() implements Operand {}

    /** The names of the flags in a number, a LONG; {@code registerSet} says whose they are. Made into text in user space. */
    record FlagNames(Value flags, String registerSet) implements Operand {}

    /** The probe itself: its name and address are known. */
    record Probe() implements Operand {}

    /** The kretprobe's instance. */
    record Instance() implements Operand {}

    /** The instance's private data. */
    record PrivateData() implements Operand {}

    /**
     * The address of a structure, read through an interface of that internal name.
     *
     * @param user whether it lies in memory of the current process, else in the kernel's
     * @param declared what the kernel declares it as; null if that is not known
     */
    record Struct(
            Value address,
            String type,
            boolean user,
            @Nullable StructType declared) implements Operand {
        Struct(Value address, String type) {
            this(address, type, false, null);
        }

        /** The same kind of structure elsewhere. */
        Struct at(Value elsewhere) {
            return new Struct(elsewhere, type, user, declared);
        }

        /** The same structure, read through another interface. */
        Struct as(String other) {
            return new Struct(address, other, user, other.equals(type) ? declared : null);
        }
    }

    /** An array of the kernel: the address of its first element, and what it consists of. */
    record KernelArray(Value address, KernelArrays.Elements elements) implements Operand {}

    /** A constant of an enumeration of the kernel, read through a Java enum of that internal name. */
    record KernelEnum(Value value, String type, BtfType.Enumeration kernel) implements Operand {}

    /**
     * What a switch over such a constant selects by.
     *
     * @param cases javac's table from ordinals to cases; null where the ordinal itself is the case
     */
    record EnumSelector(KernelEnum constant, @Nullable List<Integer> cases) implements Operand {}

    /** The probed function's arguments, by an interface of that internal name; {@code kept} from the entry, or in registers. */
    record Arguments(String type, boolean kept) implements Operand {}

    /** Variables of the kernel, by an interface of that internal name. */
    record Globals(String type) implements Operand {}

    /** A record or an argument array made by the handler; its content is in the state, so that it can be built step by step. */
    record Made(int id) implements Operand {}

    /** The current task's comm, read when it is sent. */
    record Comm() implements Operand {}

    /**
     * A text in memory, NUL-ended, of at most {@code bytes} bytes with its NUL; read when something asks for it. {@code array}: it
     * may also end with the array that it lies in, of {@code bytes - 1} bytes. {@code made}: it lies in a room of the handler's own.
     * {@code orEmpty}: a read that faults is counted and gives the empty string, where it stops the handler otherwise.
     */
    record KernelString(TextSource source, Value address, int bytes, boolean array, boolean made, boolean orEmpty)
            implements Operand {
        KernelString(TextSource source, Value address, int bytes, boolean array, boolean made) {
            this(source, address, bytes, array, made, false);
        }

        /** A text of the same kind elsewhere. */
        KernelString at(Value elsewhere) {
            return new KernelString(source, elsewhere, bytes, array, made, orEmpty);
        }

        /** Whether a text at address 0 is Java's null. */
        boolean isNullable() {
            return !made && !orEmpty;
        }
    }

    /** What hashCode() of a text is asked for in a switch, never computed; {@code of} is what a variable holds of it. */
    record TextHash(Operand of, KernelString text) implements Operand {}

    /** An array of numbers that the handler made: the offset of its room, the descriptor of its elements. */
    record LocalArray(Value room, char element, int length) implements Operand {}

    /** An IPv4 address as an INT, its bytes in memory in the network's order. */
    record Ipv4(Value word) implements Operand {}

    /** An IPv6 address, 16 bytes at an address. */
    record Ipv6(Value address) implements Operand {}

    /** A call stack, walked when it is sent. */
    record StackTrace(StackKind kind) implements Operand {}

    /** An exception that the JDK's own code is about to throw. */
    record Thrown(String type) implements Operand {}

    /** The table by which javac translates a switch over an enum of another file: from ordinals to cases. */
    record EnumSwitch(List<Integer> cases) implements Operand {}

    /** A slot whose content differs between the ways that lead here, and that nothing may read; {@code reason} says so. */
    record Unusable(String reason) implements Operand {
        Unusable() {
            this(
                    "a variable that holds different objects on different paths cannot be read; use one variable for each");
        }
    }

    /** What comes of an instruction that was refused. Using it is refused silently: the reason was given already. */
    record Refused() implements Operand {}
}
