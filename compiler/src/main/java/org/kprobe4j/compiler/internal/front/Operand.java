package org.kprobe4j.compiler.internal.front;

import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.internal.ir.Value;

/** What a local variable or a place on the operand stack holds while a method is followed. */
sealed interface Operand {
    /** A number. */
    record Scalar(Value value) implements Operand {}

    /** A number in its box, as varargs calls make it; {@code type} is the primitive. */
    record Boxed(Value value, Class<?> type) implements Operand {}

    /** An object of the host program, known when the handler is compiled; null stands for Java's null. */
    record Host(@Nullable Object object) implements Operand {}

    /** The registers at the probe. */
    record Registers() implements Operand {}

    /** The probe itself: its name and address are known. */
    record Probe() implements Operand {}

    /** The kretprobe's instance. */
    record Instance() implements Operand {}

    /** The instance's private data. */
    record PrivateData() implements Operand {}

    /** The address of a kernel structure, read through an interface of that internal name. */
    record Struct(Value address, String type) implements Operand {}

    /** A record or an argument array made by the handler; its content is in the state, so that it can be built step by step. */
    record Made(int id) implements Operand {}

    /** The current task's comm, read when it is sent. */
    record Comm() implements Operand {}

    /** The kernel stack, walked when it is sent. */
    record StackTrace() implements Operand {}

    /** A slot whose content differs between the ways that lead here, and that nothing may read. */
    record Unusable() implements Operand {}
}
