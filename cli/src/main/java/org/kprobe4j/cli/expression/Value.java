package org.kprobe4j.cli.expression;

import org.kprobe4j.Kernel;

/**
 * A number of 64 bits that is computed at a hit. Captured by a handler, it is compiled into it: each part is a record whose fields are
 * constants of the program. Unsigned numbers of fewer bits are zero-extended, signed ones sign-extended.
 */
public sealed interface Value {
    /** The number now. */
    long value(Moment moment);

    /** A number that is known. */
    record Constant(long number) implements Value {
        @Override
        public long value(Moment moment) {
            return number;
        }
    }

    /** An argument of the function, by its register's number. */
    record Argument(int register, int bytes, boolean signed) implements Value {
        @Override
        public long value(Moment moment) {
            return cut(moment.arg(register), bytes, signed);
        }
    }

    /** What the function returned. */
    record Returned(int bytes, boolean signed) implements Value {
        @Override
        public long value(Moment moment) {
            return cut(moment.returned(), bytes, signed);
        }
    }

    /** Something of the hit or of the task that runs. */
    record Context(Item item) implements Value {
        /** What it is. */
        public enum Item {
            /** Nanoseconds since the function was entered. */
            DURATION,
            /** The process's number. */
            PID,
            /** The thread's number. */
            TID,
            /** The user's number. */
            UID,
            /** The group's number. */
            GID,
            /** The processor's number. */
            CPU,
            /** The number of the task's control group (version 2). */
            CGROUP,
            /** Nanoseconds since the machine was started, of the monotonic clock. */
            KTIME,
            /** The address of the place that was hit. */
            PLACE
        }

        @Override
        public long value(Moment moment) {
            return switch (item) {
                case DURATION -> moment.duration();
                case PID -> Kernel.pid();
                case TID -> Kernel.tid();
                case UID -> Kernel.uid() & 0xffff_ffffL;
                case GID -> Kernel.gid() & 0xffff_ffffL;
                case CPU -> Kernel.cpu();
                case CGROUP -> Kernel.cgroupId();
                case KTIME -> Kernel.ktimeNs();
                case PLACE -> moment.place();
            };
        }
    }

    /** A number in the kernel's memory, or in the process's. A read that faults ends the handler and is counted. */
    record Memory(Value address, int bytes, boolean signed, boolean user) implements Value {
        @Override
        public long value(Moment moment) {
            long at = address.value(moment);
            return cut(user ? readUser(at) : read(at), bytes, signed);
        }

        private long read(long at) {
            return switch (bytes) {
                case 1 -> Kernel.readByte(at);
                case 2 -> Kernel.readShort(at);
                case 4 -> Kernel.readInt(at);
                default -> Kernel.readLong(at);
            };
        }

        private long readUser(long at) {
            return switch (bytes) {
                case 1 -> Kernel.readUserByte(at);
                case 2 -> Kernel.readUserShort(at);
                case 4 -> Kernel.readUserInt(at);
                default -> Kernel.readUserLong(at);
            };
        }
    }

    /** A bit field of a number. */
    record Bits(Value word, int shift, int width, boolean signed) implements Value {
        @Override
        public long value(Moment moment) {
            long left = word.value(moment) << (Long.SIZE - shift - width);
            return signed ? left >> (Long.SIZE - width) : left >>> (Long.SIZE - width);
        }
    }

    /** A number made as narrow as a type is. */
    record Cast(Value of, int bytes, boolean signed) implements Value {
        @Override
        public long value(Moment moment) {
            return cut(of.value(moment), bytes, signed);
        }
    }

    /** {@code -x}, {@code ~x}, {@code !x}. */
    record Unary(char operator, Value of) implements Value {
        @Override
        public long value(Moment moment) {
            long number = of.value(moment);
            return switch (operator) {
                case '-' -> -number;
                case '~' -> ~number;
                default -> number == 0 ? 1 : 0;
            };
        }
    }

    /** Arithmetic and comparisons. */
    record Binary(Operator operator, Value left, Value right) implements Value {
        @Override
        public long value(Moment moment) {
            long a = left.value(moment);
            long b = right.value(moment);
            return switch (operator) {
                case ADD -> a + b;
                case SUBTRACT -> a - b;
                case MULTIPLY -> a * b;
                case DIVIDE -> a / b;
                case DIVIDE_UNSIGNED -> Long.divideUnsigned(a, b);
                case REMAINDER -> a % b;
                case REMAINDER_UNSIGNED -> Long.remainderUnsigned(a, b);
                case AND -> a & b;
                case OR -> a | b;
                case XOR -> a ^ b;
                case SHIFT_LEFT -> a << b;
                case SHIFT_RIGHT -> a >> b;
                case SHIFT_RIGHT_UNSIGNED -> a >>> b;
                case EQUAL -> a == b ? 1 : 0;
                case NOT_EQUAL -> a != b ? 1 : 0;
                case LESS -> a < b ? 1 : 0;
                case LESS_UNSIGNED -> Long.compareUnsigned(a, b) < 0 ? 1 : 0;
                case LESS_OR_EQUAL -> a <= b ? 1 : 0;
                case LESS_OR_EQUAL_UNSIGNED -> Long.compareUnsigned(a, b) <= 0 ? 1 : 0;
            };
        }
    }

    /** {@code a && b}; the right side is computed only where it decides. */
    record Both(Value left, Value right) implements Value {
        @Override
        public long value(Moment moment) {
            return left.value(moment) != 0 && right.value(moment) != 0 ? 1 : 0;
        }
    }

    /** {@code a || b}; the right side is computed only where it decides. */
    record Either(Value left, Value right) implements Value {
        @Override
        public long value(Moment moment) {
            return left.value(moment) != 0 || right.value(moment) != 0 ? 1 : 0;
        }
    }

    /** {@code a ? b : c}. */
    record Choice(Value condition, Value yes, Value no) implements Value {
        @Override
        public long value(Moment moment) {
            return condition.value(moment) != 0 ? yes.value(moment) : no.value(moment);
        }
    }

    /** Whether a text is, begins with, ends with or contains another. */
    record Matches(Text text, Match match, String other) implements Value {
        /** How texts are compared. */
        public enum Match {
            /** All of it. */
            EQUALS,
            /** Its beginning. */
            STARTS,
            /** Its end. */
            ENDS,
            /** Anywhere in it. */
            CONTAINS
        }

        @Override
        public long value(Moment moment) {
            String found = text.text(moment);
            boolean matches = switch (match) {
                case EQUALS -> found.equals(other);
                case STARTS -> found.startsWith(other);
                case ENDS -> found.endsWith(other);
                case CONTAINS -> found.contains(other);
            };
            return matches ? 1 : 0;
        }
    }

    /** What a word says when only some of its bytes count. */
    private static long cut(long word, int bytes, boolean signed) {
        return switch (bytes) {
            case 1 -> signed ? (byte) word : word & 0xff;
            case 2 -> signed ? (short) word : word & 0xffff;
            case 4 -> signed ? (int) word : word & 0xffff_ffffL;
            default -> word;
        };
    }
}
