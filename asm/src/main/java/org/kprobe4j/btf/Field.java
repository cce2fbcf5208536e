package org.kprobe4j.btf;

/**
 * A member of a struct or union, found directly in it or in an anonymous struct or union inside it.
 *
 * @param name the member's name
 * @param typeId its type
 * @param bitOffset bits from the start of the struct that was asked
 * @param bitSize the width of a bit field, 0 if it is none
 */
public record Field(String name, int typeId, int bitOffset, int bitSize) {
    /**
     * Bytes from the start of the struct that was asked, rounded down for a bit field.
     *
     * @return the offset
     */
    public int byteOffset() {
        return bitOffset >>> 3;
    }

    /**
     * Whether the member is a bit field.
     *
     * @return true if its width is given in bits
     */
    public boolean isBitField() {
        return bitSize != 0;
    }
}
