package org.kprobe4j.btf;

import java.nio.IntBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The types of a BTF as the words that they are, left where they were read. One pass over them, on the first question, checks that each lies within the section
 * and notes where it starts; no objects are made.
 *
 * <pre>
 *   word 0   name offset
 *   word 1   kind_flag (bit 31), kind (24-28), vlen (0-15)
 *   word 2   size or type
 *   ...      what the kind demands
 * </pre>
 */
final class TypeSection {
    private static final int HEADER_WORDS = 3;
    private static final int WINDOW_WORDS = 1 << 9;

    /** By kind: the words of a type without its items; 0 if there is no such kind. */
    private static final byte[] WORDS = {
        0, // UNKN
        4, // INT
        3, // PTR
        6, // ARRAY
        3, // STRUCT
        3, // UNION
        3, // ENUM
        3, // FWD
        3, // TYPEDEF
        3, // VOLATILE
        3, // CONST
        3, // RESTRICT
        3, // FUNC
        3, // FUNC_PROTO
        4, // VAR
        3, // DATASEC
        3, // FLOAT
        4, // DECL_TAG
        3, // TYPE_TAG
        3, // ENUM64
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
    };

    /** By kind: the words of a member, parameter, constant or variable; 0 for FUNC, whose vlen is its linkage. */
    private static final byte[] WORDS_PER_ITEM = {
        0, 0, 0, 0, 3, 3, 2, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
    };

    private final IntBuffer words;
    private final int firstId;
    private volatile @Nullable Index index;

    /** Where each type starts, and, side by side for a quick search, its name. */
    private static final class Index {
        final int[] starts;
        final int[] names;

        Index(int[] starts, int[] names) {
            this.starts = starts;
            this.names = names;
        }
    }

    TypeSection(IntBuffer words, int firstId) {
        this.words = words;
        this.firstId = firstId;
    }

    int firstId() {
        return firstId;
    }

    /** One more than the last type's id. */
    int endId() {
        return firstId + index().starts.length;
    }

    /** The offset of a type's first word. */
    int start(int id) {
        return index().starts[id - firstId];
    }

    int word(int at) {
        return words.get(at);
    }

    int nameOffset(int id) {
        return index().names[id - firstId];
    }

    BtfKind kind(int id) {
        return BtfKind.of(kindCode(words.get(start(id) + 1)));
    }

    /** The word that is the size or the type. */
    int sizeOrType(int id) {
        return words.get(start(id) + 2);
    }

    static int kindCode(int info) {
        return info >>> 24 & 0x1f;
    }

    static int vlen(int info) {
        return info & 0xffff;
    }

    static boolean kindFlag(int info) {
        return info < 0;
    }

    /** The first id from {@code id} on whose name is at one of the offsets, which ascend; -1 if there is none. */
    int nextNamed(int[] offsets, int id) {
        if (offsets.length == 0) {
            return -1;
        }
        int[] names = index().names;
        int low = offsets[0];
        int high = offsets[offsets.length - 1];
        for (int i = Math.max(0, id - firstId); i < names.length; i++) {
            int name = names[i];
            if (name >= low && name <= high && Arrays.binarySearch(offsets, name) >= 0) {
                return i + firstId;
            }
        }
        return -1;
    }

    private Index index() {
        Index built = index;
        if (built == null) {
            built = buildIndex();
            index = built;
        }
        return built;
    }

    private Index buildIndex() {
        Indexer indexer = new Indexer(words.limit(), firstId);
        int[] window = new int[WINDOW_WORDS];
        for (int at = 0; at < words.limit(); ) {
            int count = Math.min(window.length, words.limit() - at);
            words.get(at, window, 0, count);
            at = indexer.window(window, count, at);
        }
        return indexer.index();
    }

    /** Works window by window, each a call of its own, so that the JVM soon compiles it: it runs once, in a JVM that has just started. */
    private static final class Indexer {
        private final int length;
        private final int firstId;
        private int[] starts;
        private int[] names;
        private int count;

        Indexer(int length, int firstId) {
            this.length = length;
            this.firstId = firstId;
            // A type takes six words on average in the kernel's BTF.
            this.starts = new int[length / 6 + 16];
            this.names = new int[starts.length];
        }

        /** Notes the types whose first words are in a window; gives the first word of the next one. */
        int window(int[] window, int end, int begin) {
            int i = 0;
            while (i < end - 1 || begin + i > length - HEADER_WORDS) {
                int at = begin + i;
                if (at >= length) {
                    return at;
                }
                if (at > length - HEADER_WORDS) {
                    throw new BtfException(
                            "type " + (firstId + count) + " is cut off within its first " + HEADER_WORDS + " words");
                }
                if (count == starts.length) {
                    grow();
                }
                starts[count] = at;
                names[count] = window[i];
                int info = window[i + 1];
                int kind = info >>> 24 & 0x1f;
                if (WORDS[kind] == 0) {
                    throw new BtfException("type " + (firstId + count) + " has the unknown kind " + kind);
                }
                i += WORDS[kind] + (info & 0xffff) * WORDS_PER_ITEM[kind];
                count++;
                if (begin + i > length) {
                    throw new BtfException(
                            "type " + (firstId + count - 1) + " of kind " + BtfKind.of(kind) + " is cut off");
                }
            }
            return begin + i;
        }

        private void grow() {
            starts = Arrays.copyOf(starts, count * 2);
            names = Arrays.copyOf(names, count * 2);
        }

        Index index() {
            return new Index(Arrays.copyOf(starts, count), Arrays.copyOf(names, count));
        }
    }
}
