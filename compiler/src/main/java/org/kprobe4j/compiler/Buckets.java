package org.kprobe4j.compiler;

/** Which values a histogram counts together: slots in the order of their values, each with its bounds. */
public sealed interface Buckets {
    /**
     * How many slots there are.
     *
     * @return at least one
     */
    int slots();

    /**
     * Slot that counts a value.
     *
     * @param value any
     * @return from 0 to slots less one
     */
    int slotOf(long value);

    /**
     * The smallest value that a slot counts.
     *
     * @param slot its index
     * @return the value
     */
    long from(int slot);

    /**
     * The largest value that a slot counts.
     *
     * @param slot its index
     * @return the value
     */
    long to(int slot);

    /**
     * Slots as the kernel has them: so many that a mask keeps every index inside.
     *
     * @return a power of two, at least {@link #slots()}
     */
    default int room() {
        return Integer.highestOneBit(slots() * 2 - 1);
    }

    /**
     * Powers of two. Slot 0 counts zero, slot n the values from 2^(n-1) to 2^n - 1, the last one the negative values; so a value's
     * slot is {@code 64 - Long.numberOfLeadingZeros(value)}.
     */
    record Log2() implements Buckets {
        private static final int NEGATIVE = Long.SIZE;

        @Override
        public int slots() {
            return NEGATIVE + 1;
        }

        @Override
        public int slotOf(long value) {
            return Long.SIZE - Long.numberOfLeadingZeros(value);
        }

        @Override
        public long from(int slot) {
            return slot == 0 ? 0 : 1L << (slot - 1);
        }

        @Override
        public long to(int slot) {
            return slot == NEGATIVE ? -1 : (1L << slot) - 1;
        }
    }

    /**
     * Steps of one width. Slot 0 counts what is below {@code min}, the last one what is {@code max} or more.
     *
     * @param min the first step's smallest value
     * @param max the end of the last step, which may be cut short by it
     * @param step width of a step
     */
    record Linear(long min, long max, long step) implements Buckets {
        /** The most steps. */
        public static final int MAX_STEPS = 4094;

        /** Checks that there is a step, and that there are not too many. */
        public Linear {
            if (step <= 0 || max <= min || max - min < 0) {
                throw new IllegalArgumentException(
                        "a linear histogram from %d to %d in steps of %d: min must be below max, and step above 0"
                                .formatted(min, max, step));
            }
            if ((max - min - 1) / step >= MAX_STEPS) {
                throw new IllegalArgumentException(
                        "a linear histogram from %d to %d in steps of %d has more than %d steps; make them wider"
                                .formatted(min, max, step, MAX_STEPS));
            }
        }

        /**
         * How many steps lie between min and max.
         *
         * @return at least one
         */
        public int steps() {
            return (int) ((max - min - 1) / step) + 1;
        }

        @Override
        public int slots() {
            return steps() + 2;
        }

        @Override
        public int slotOf(long value) {
            return value < min ? 0 : value >= max ? steps() + 1 : (int) ((value - min) / step) + 1;
        }

        @Override
        public long from(int slot) {
            return slot == 0 ? Long.MIN_VALUE : slot > steps() ? max : min + (slot - 1) * step;
        }

        @Override
        public long to(int slot) {
            if (slot == 0) {
                return min - 1;
            }
            return slot > steps() ? Long.MAX_VALUE : slot == steps() ? max - 1 : min + slot * step - 1;
        }
    }
}
