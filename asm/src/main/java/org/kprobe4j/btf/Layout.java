package org.kprobe4j.btf;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where the members of a struct or union lie, and what lies between them. Offsets count from the start of the outermost struct.
 *
 * @param declaration such as {@code struct file}, or {@code struct} alone if it has no name
 * @param sizeBytes what a variable of it takes
 * @param parts members and holes in the order in which they are declared
 * @param paddingBits unused bits behind the last member
 */
public record Layout(String declaration, long sizeBytes, List<Part> parts, long paddingBits) {
    private static final int MAX_DEPTH = 32;
    private static final int MAX_PARTS = 1 << 16;

    /** Copies the list. */
    public Layout {
        parts = List.copyOf(parts);
    }

    /** A member, or nothing. */
    public sealed interface Part {
        /**
         * Where it begins.
         *
         * @return bits from the start of the outermost struct
         */
        long bitOffset();

        /**
         * What it takes.
         *
         * @return bits; 0 for a flexible array
         */
        long bits();
    }

    /**
     * A member.
     *
     * @param name empty for an anonymous struct or union
     * @param type as C, such as {@code struct file *}; of a struct or union without a name {@code struct {...}}
     * @param declaration as C, with the name; where {@code inner} is written out, what stands behind its closing brace
     * @param bitOffset from the start of the outermost struct
     * @param bits what it takes
     * @param bitField whether it is a bit field
     * @param inner the layout of a struct or union without a name, of an array of such ones that of the first; null for all other types
     */
    public record Member(
            String name,
            String type,
            String declaration,
            long bitOffset,
            long bits,
            boolean bitField,
            @Nullable Layout inner)
            implements Part {}

    /**
     * Bits that no member has.
     *
     * @param bitOffset from the start of the outermost struct
     * @param bits how many
     */
    public record Hole(long bitOffset, long bits) implements Part {}

    /**
     * Lays a struct or union out.
     *
     * @param btf its types
     * @param composite the struct or union
     * @return the layout
     * @throws BtfException on damage
     */
    public static Layout of(Btf btf, BtfType.Composite composite) {
        return new Maker(btf).layout(composite, 0, 0);
    }

    /**
     * How many members it has itself.
     *
     * @return the number, an anonymous struct or union counted as one
     */
    public int members() {
        return (int) parts.stream().filter(part -> part instanceof Member).count();
    }

    /**
     * What lies between its own members.
     *
     * @return the holes
     */
    public List<Hole> holes() {
        return parts.stream()
                .filter(part -> part instanceof Hole)
                .map(part -> (Hole) part)
                .toList();
    }

    /** Damaged types may contain one another, so depth and number are bounded. */
    private static final class Maker {
        private final Btf btf;
        private int made;

        Maker(Btf btf) {
            this.btf = btf;
        }

        Layout layout(BtfType.Composite composite, long start, int depth) {
            if (depth > MAX_DEPTH) {
                throw new BtfException("type " + composite.id() + " is nested too deep to be laid out");
            }
            boolean union = composite instanceof BtfType.Union;
            var parts = new ArrayList<Part>();
            long end = start;
            for (BtfType.Member member : composite.members()) {
                if (++made > MAX_PARTS) {
                    throw new BtfException("type " + composite.id() + " has too many members to be laid out");
                }
                Member placed = member(member, start, depth);
                if (!union && placed.bitOffset() > end) {
                    parts.add(new Hole(end, placed.bitOffset() - end));
                }
                parts.add(placed);
                end = Math.max(end, placed.bitOffset() + placed.bits());
            }
            String keyword = union ? "union" : "struct";
            return new Layout(
                    composite.name().isEmpty() ? keyword : keyword + " " + composite.name(),
                    composite.sizeBytes(),
                    parts,
                    Math.max(0, start + 8L * composite.sizeBytes() - end));
        }

        private Member member(BtfType.Member member, long start, int depth) {
            Field field = btf.placed(member, member.bitOffset());
            long at = start + (field.bitOffset() & 0xffff_ffffL);
            long bits = field.isBitField() ? field.bitSize() : 8 * btf.sizeOf(member.type());
            BtfType.@Nullable Composite unnamed = unnamed(member.type());
            return new Member(
                    member.name(),
                    btf.nameOf(member.type()),
                    unnamed == null
                            ? new CDeclaration(btf).reference(member.type(), member.name())
                            : member.name() + lengths(member.type()),
                    at,
                    bits,
                    field.isBitField(),
                    unnamed == null ? null : layout(unnamed, at, depth + 1));
        }

        /** The struct or union without a name that a member is, or is an array of. */
        private BtfType.@Nullable Composite unnamed(int id) {
            BtfType type = btf.type(id);
            for (int depth = 0; type instanceof BtfType.Array array && depth < MAX_DEPTH; depth++) {
                type = btf.type(array.element());
            }
            return type instanceof BtfType.Composite composite
                            && composite.name().isEmpty()
                    ? composite
                    : null;
        }

        private String lengths(int id) {
            var text = new StringBuilder();
            BtfType type = btf.type(id);
            while (type instanceof BtfType.Array array && text.length() < MAX_DEPTH * MAX_DEPTH) {
                text.append('[').append(array.length()).append(']');
                type = btf.type(array.element());
            }
            return text.toString();
        }
    }
}
