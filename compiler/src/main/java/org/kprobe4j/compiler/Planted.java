package org.kprobe4j.compiler;

import java.util.Optional;

/** Where the probe is planted that a program belongs to. */
public sealed interface Planted {
    /**
     * What the probe was asked for, for messages.
     *
     * @return a symbol, or a pattern of several
     */
    String symbolName();

    /**
     * One place: name and address are constants.
     *
     * @param symbolName what the probe was asked for
     * @param addr where it was planted
     * @param moves whether the probe follows its module, which is loaded elsewhere each time: then the address is not known
     */
    record One(String symbolName, long addr, boolean moves) implements Planted {
        /**
         * A place that stays where it is.
         *
         * @param symbolName what the probe was asked for
         * @param addr where it was planted
         */
        public One(String symbolName, long addr) {
            this(symbolName, addr, false);
        }

        /**
         * A place that moves with its module.
         *
         * @param symbolName what the probe was asked for
         * @return the place
         */
        public static One moving(String symbolName) {
            return new One(symbolName, 0, true);
        }
    }

    /**
     * Several places, one program; their names and addresses are in the tables that {@link Places} describes.
     *
     * @param symbolName what the probe was asked for, for example {@code vfs_*}
     * @param count of places, numbered from 0
     * @param nameBytes length of a name's field in the table, a multiple of 8, the closing NUL included
     * @param numbering how the program learns which place it is at
     * @param typesOf a function whose BTF prototype stands for all, if all have the same
     */
    record Many(String symbolName, int count, int nameBytes, Numbering numbering, Optional<String> typesOf)
            implements Planted {
        /** Checks the numbers. */
        public Many {
            if (count < 1) {
                throw new IllegalArgumentException("%d places of %s".formatted(count, symbolName));
            }
            if (nameBytes < Long.BYTES || nameBytes % Long.BYTES != 0) {
                throw new IllegalArgumentException(
                        "a name's field has %d bytes, which is no multiple of %d".formatted(nameBytes, Long.BYTES));
            }
        }
    }

    /** How a program of several places learns the number of the one it is at. */
    enum Numbering {
        /** By bpf_get_attach_cookie(): each place is attached with its number. Since kernel: 5.15. */
        COOKIE,
        /** Each place has its own copy of the program, linked with its number. */
        LINKED
    }
}
