package org.kprobe4j.compiler.internal.ir;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A scalar in static single assignment form: a constant, a phi or the result of an operation. */
public sealed interface Value {
    /** Its width. */
    Kind kind();

    /** A known value; an INT is kept sign-extended, as Java's int. */
    record Constant(Kind kind, long value) implements Value {
        // Written out: a record's own are linked at run time, which a JVM that has just started feels.
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Constant constant && constant.value == value && constant.kind == kind;
        }

        @Override
        public int hashCode() {
            return Long.hashCode(value);
        }

        @Override
        public String toString() {
            return Long.toString(value) + (kind == Kind.LONG ? "L" : "");
        }
    }

    /** Joins one value for each predecessor of its block, in the order of the predecessors. */
    final class Phi implements Value {
        private final Kind kind;
        private final Block block;
        private Value[] inputs = {};

        Phi(Kind kind, Block block) {
            this.kind = kind;
            this.block = block;
        }

        @Override
        public Kind kind() {
            return kind;
        }

        /** The block that it opens. */
        public Block block() {
            return block;
        }

        /** One input for each predecessor. */
        public Value[] inputs() {
            return inputs;
        }

        /** Appends the input for the predecessor that was added last. */
        public void add(Value value) {
            inputs = Arrays.copyOf(inputs, inputs.length + 1);
            inputs[inputs.length - 1] = Objects.requireNonNull(value);
        }

        void remove(int index) {
            var fewer = new Value[inputs.length - 1];
            System.arraycopy(inputs, 0, fewer, 0, index);
            System.arraycopy(inputs, index + 1, fewer, index, fewer.length - index);
            inputs = fewer;
        }

        @Override
        public String toString() {
            return "phi@" + block;
        }
    }

    /** An operation at its place in a block; also those that have only an effect. */
    final class Operation implements Value {
        private final Kind kind;
        private final Opcode opcode;
        private final Value[] arguments;
        private final Position position;

        Operation(Kind kind, Opcode opcode, Value[] arguments, Position position) {
            this.kind = kind;
            this.opcode = opcode;
            this.arguments = arguments;
            this.position = position;
        }

        @Override
        public Kind kind() {
            return kind;
        }

        /** What it does. */
        public Opcode opcode() {
            return opcode;
        }

        /** Its operands; a pass may replace them in place. */
        public Value[] arguments() {
            return arguments;
        }

        /** One operand. */
        public Value argument(int index) {
            return arguments[index];
        }

        /** The place in the source that it stems from. */
        public Position position() {
            return position;
        }

        @Override
        public String toString() {
            return opcode.toString() + Arrays.toString(arguments);
        }
    }
}
