package org.kprobe4j.btf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The types of a kernel, a module or a program, read lazily: the bytes stay where they are, a lookup by name is one pass over the
 * names and over the types, and only types that are asked for become objects. Immutable to its users, so safe for use by several threads. Every method throws
 * {@link BtfException} if it meets damage.
 *
 * <p>Source: Documentation/bpf/btf.rst; kernel/bpf/btf.c.
 */
public final class Btf {
    private static final int MAGIC = 0xeb9f;
    private static final int HEADER_BYTES = 24;
    /** The kernel follows no longer chains of modifiers and typedefs ({@code MAX_RESOLVE_DEPTH}). */
    private static final int MAX_DEPTH = 32;

    private static final Set<BtfKind> MODIFIERS =
            EnumSet.of(BtfKind.TYPEDEF, BtfKind.VOLATILE, BtfKind.CONST, BtfKind.RESTRICT, BtfKind.TYPE_TAG);

    private final @Nullable Btf base;
    private final ByteOrder order;
    private final StringSection strings;
    private final TypeSection types;
    private volatile int pointerSize;

    private Btf(@Nullable Btf base, ByteOrder order, StringSection strings, TypeSection types) {
        this.base = base;
        this.order = order;
        this.strings = strings;
        this.types = types;
    }

    /**
     * Reads BTF that stands alone, such as /sys/kernel/btf/vmlinux, of either byte order.
     *
     * @param raw the file from position to limit; kept and read in place, so not to be changed
     * @return its types
     * @throws BtfException if the header is damaged
     */
    public static Btf parse(ByteBuffer raw) {
        return parse(raw, null);
    }

    /**
     * Reads BTF that continues another, such as a module's that continues vmlinux's. Lookups by name search it first and then its
     * base. Since kernel: 5.11.
     *
     * @param raw the file from position to limit; kept and read in place, so not to be changed
     * @param base what it continues
     * @return the types of both
     * @throws BtfException if the header is damaged
     */
    public static Btf parseSplit(ByteBuffer raw, Btf base) {
        return parse(raw, base);
    }

    private static Btf parse(ByteBuffer raw, @Nullable Btf base) {
        var bytes = raw.slice().order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.limit() < HEADER_BYTES) {
            throw new BtfException(bytes.limit() + " bytes are too few for a BTF header");
        }
        int magic = bytes.getShort(0) & 0xffff;
        if (magic == (Short.reverseBytes((short) MAGIC) & 0xffff)) {
            bytes.order(ByteOrder.BIG_ENDIAN);
        } else if (magic != MAGIC) {
            throw new BtfException("not BTF: it starts with 0x%04x".formatted(magic));
        }
        if (bytes.get(2) != 1) {
            throw new BtfException("BTF version " + bytes.get(2) + " is unknown");
        }
        long header = bytes.getInt(4) & 0xffff_ffffL;
        if (header < HEADER_BYTES) {
            throw new BtfException("a BTF header of " + header + " bytes is too short");
        }
        var typeBytes = section(bytes, header, 8, "type");
        if (typeBytes.limit() % Integer.BYTES != 0) {
            throw new BtfException("the type section's " + typeBytes.limit() + " bytes are not whole words");
        }
        var stringBytes = section(bytes, header, 16, "string");
        return new Btf(
                base,
                bytes.order(),
                new StringSection(stringBytes, base == null ? 0 : base.strings.end()),
                new TypeSection(typeBytes.asIntBuffer(), base == null ? 1 : base.types.endId()));
    }

    private static ByteBuffer section(ByteBuffer bytes, long header, int at, String name) {
        long offset = header + (bytes.getInt(at) & 0xffff_ffffL);
        long length = bytes.getInt(at + 4) & 0xffff_ffffL;
        if (offset + length > bytes.limit()) {
            throw new BtfException("the %s section of %d bytes at %d does not lie within the %d bytes of the file"
                    .formatted(name, length, offset, bytes.limit()));
        }
        return bytes.slice((int) offset, (int) length).order(bytes.order());
    }

    /**
     * The byte order of the machine that the types describe.
     *
     * @return the order
     */
    public ByteOrder order() {
        return order;
    }

    /**
     * One more than the last type's id, those of the base included.
     *
     * @return at least 1
     */
    public int endId() {
        return types.endId();
    }

    int stringsEnd() {
        return strings.end();
    }

    /**
     * The type of an id.
     *
     * @param id from 0, which is {@code void}
     * @return the type
     * @throws BtfException if there is no such type or it is damaged
     */
    public BtfType type(int id) {
        return id == 0 ? new BtfType.Void() : new TypeReader(this, section(id), id).read();
    }

    /**
     * The type behind typedefs, {@code const}, {@code volatile}, {@code restrict} and type tags.
     *
     * @param id where to start
     * @return the first type that is none of these
     * @throws BtfException if there is no such type or the chain does not end
     */
    public BtfType resolve(int id) {
        return type(resolveId(id));
    }

    /**
     * The id of the type behind typedefs, {@code const}, {@code volatile}, {@code restrict} and type tags.
     *
     * @param id where to start
     * @return the id of the first type that is none of these
     * @throws BtfException if there is no such type or the chain does not end
     */
    public int resolveId(int id) {
        int at = id;
        for (int depth = 0; depth < MAX_DEPTH; depth++) {
            if (at == 0) {
                return 0;
            }
            var section = section(at);
            if (!MODIFIERS.contains(section.kind(at))) {
                return at;
            }
            at = section.sizeOrType(at);
        }
        throw new BtfException("type " + id + " leads through more than " + MAX_DEPTH + " modifiers and typedefs");
    }

    /**
     * The function of a name.
     *
     * @param name as in the symbol table
     * @return empty if there is none
     */
    public Optional<BtfType.Function> function(String name) {
        return find(name, EnumSet.of(BtfKind.FUNC)).map(BtfType.Function.class::cast);
    }

    /**
     * A function's parameters and result.
     *
     * @param function of this BTF
     * @return its prototype
     */
    public BtfType.FunctionProto prototype(BtfType.Function function) {
        if (type(function.proto()) instanceof BtfType.FunctionProto proto) {
            return proto;
        }
        throw new BtfException("type " + function.proto() + " of function " + function.name() + " is not a prototype");
    }

    /**
     * The struct or union of a name.
     *
     * @param name the tag, without {@code struct}
     * @return empty if there is none
     */
    public Optional<BtfType.Composite> struct(String name) {
        return find(name, EnumSet.of(BtfKind.STRUCT, BtfKind.UNION)).map(BtfType.Composite.class::cast);
    }

    /**
     * The typedef of a name.
     *
     * @param name such as {@code size_t}
     * @return empty if there is none
     */
    public Optional<BtfType.Typedef> typedef(String name) {
        return find(name, EnumSet.of(BtfKind.TYPEDEF)).map(BtfType.Typedef.class::cast);
    }

    /**
     * The enumeration of a name.
     *
     * @param name the tag, without {@code enum}
     * @return empty if there is none
     */
    public Optional<BtfType.Enumeration> enumeration(String name) {
        return find(name, EnumSet.of(BtfKind.ENUM, BtfKind.ENUM64)).map(BtfType.Enumeration.class::cast);
    }

    /**
     * The variable of a name; the kernel's BTF has the per-CPU variables only, until Linux 6.15.
     *
     * @param name as in the symbol table
     * @return empty if there is none
     */
    public Optional<BtfType.Var> variable(String name) {
        return find(name, EnumSet.of(BtfKind.VAR)).map(BtfType.Var.class::cast);
    }

    /**
     * The first type of a name.
     *
     * @param name not empty
     * @param kinds which kinds count
     * @return empty if there is none
     */
    public Optional<BtfType> find(String name, Set<BtfKind> kinds) {
        if (name.isEmpty() || name.indexOf('\0') >= 0) {
            return Optional.empty();
        }
        return find(offsets(name), kinds);
    }

    private Optional<BtfType> find(int[] offsets, Set<BtfKind> kinds) {
        int id = types.nextNamed(offsets, types.firstId());
        while (id >= 0 && !kinds.contains(types.kind(id))) {
            id = types.nextNamed(offsets, id + 1);
        }
        if (id >= 0) {
            return Optional.of(type(id));
        }
        return base == null ? Optional.empty() : base.find(offsets, kinds);
    }

    /** Where the name stands in the joint numbering of the base's and our strings, ascending. */
    private int[] offsets(String name) {
        int[] own = strings.find(name);
        return base == null
                ? own
                : IntStream.concat(IntStream.of(base.offsets(name)), IntStream.of(own))
                        .toArray();
    }

    /**
     * The names of all types of some kinds, for suggestions; made one by one as the stream is read.
     *
     * @param kinds which kinds count
     * @return names, not distinct, without the empty one
     */
    public Stream<String> names(Set<BtfKind> kinds) {
        var own = IntStream.range(types.firstId(), types.endId())
                .filter(id -> types.nameOffset(id) != 0 && kinds.contains(types.kind(id)))
                .mapToObj(id -> string(types.nameOffset(id)));
        return base == null ? own : Stream.concat(own, base.names(kinds));
    }

    /**
     * What a variable of a type takes.
     *
     * @param id the type
     * @return bytes
     * @throws BtfException if the type has no size, as {@code void}, functions and declared structs have none
     */
    public long sizeOf(int id) {
        long count = 1;
        int at = id;
        for (int depth = 0; depth < MAX_DEPTH; depth++) {
            var type = resolve(at);
            switch (type) {
                case BtfType.Array array -> {
                    count *= array.length();
                    at = array.element();
                    // Keeps the product of lengths and size, each below 2^31, within 64 bits.
                    if (count > Integer.MAX_VALUE) {
                        throw new BtfException("type " + id + ": the array is too large");
                    }
                }
                case BtfType.Var variable -> at = variable.type();
                default -> {
                    return count * sizeOf(type);
                }
            }
        }
        throw new BtfException("type " + id + " nests more than " + MAX_DEPTH + " arrays");
    }

    private long sizeOf(BtfType type) {
        return switch (type) {
            case BtfType.Int i -> i.sizeBytes();
            case BtfType.Float f -> f.sizeBytes();
            case BtfType.Composite c -> c.sizeBytes();
            case BtfType.Enumeration e -> e.sizeBytes();
            case BtfType.DataSection d -> d.sizeBytes();
            case BtfType.Pointer _ -> pointerSize();
            default -> throw new BtfException("type " + type.id() + " (" + declare(type.id()) + ") has no size");
        };
    }

    /**
     * What a pointer takes: as much as an {@code unsigned long}, in a kernel.
     *
     * @return 4 or 8 bytes; 8 if the types do not tell
     */
    public int pointerSize() {
        int size = pointerSize;
        if (size == 0) {
            size = Stream.of("long unsigned int", "unsigned long", "long int", "long")
                    .flatMap(name -> find(name, EnumSet.of(BtfKind.INT)).stream())
                    .map(type -> ((BtfType.Int) type).sizeBytes())
                    .filter(bytes -> bytes == 4 || bytes == 8)
                    .findFirst()
                    .orElse(8);
            pointerSize = size;
        }
        return size;
    }

    /**
     * A member by name, looked for also in anonymous structs and unions inside.
     *
     * @param composite a struct or union of this BTF
     * @param name the member's name
     * @return empty if there is none
     */
    public Optional<Field> field(BtfType.Composite composite, String name) {
        return name.isEmpty()
                ? Optional.empty()
                : Optional.ofNullable(field(composite, name, 0, new HashSet<>(List.of(composite.id()))));
    }

    /**
     * A member by name, looked for also in anonymous structs and unions inside.
     *
     * @param id a struct or union, perhaps behind typedefs and modifiers
     * @param name the member's name
     * @return empty if there is none or the type has no members
     */
    public Optional<Field> field(int id, String name) {
        return resolve(id) instanceof BtfType.Composite composite ? field(composite, name) : Optional.empty();
    }

    /** A composite that has been seen without the name cannot have it at another place: damaged BTF nests without end. */
    private @Nullable Field field(BtfType.Composite composite, String name, int bitOffset, Set<Integer> seen) {
        for (var member : composite.members()) {
            int at = bitOffset + member.bitOffset();
            if (at < 0) {
                throw new BtfException("type " + composite.id() + ": member offset is too large");
            }
            if (member.name().equals(name)) {
                return placed(member, at);
            }
            if (member.name().isEmpty()
                    && resolve(member.type()) instanceof BtfType.Composite inner
                    && seen.add(inner.id())) {
                var found = field(inner, name, at, seen);
                if (found != null) {
                    return found;
                }
            }
        }
        return null;
    }

    Field placed(BtfType.Member member, int at) {
        // Before the kind flag, the width and place of a bit field were its integer type's.
        if (member.bitSize() == 0
                && resolve(member.type()) instanceof BtfType.Int integer
                && integer.bits() != integer.sizeBytes() * 8) {
            return new Field(member.name(), member.type(), at + integer.bitOffset(), integer.bits());
        }
        return new Field(member.name(), member.type(), at, member.bitSize());
    }

    /**
     * The names of all members, those in anonymous structs and unions included, for suggestions.
     *
     * @param composite a struct or union of this BTF
     * @return in declaration order
     */
    public List<String> fieldNames(BtfType.Composite composite) {
        var names = new ArrayList<String>();
        collect(composite, names, new HashSet<>(List.of(composite.id())));
        return List.copyOf(names);
    }

    private void collect(BtfType.Composite composite, List<String> names, Set<Integer> seen) {
        for (var member : composite.members()) {
            if (!member.name().isEmpty()) {
                names.add(member.name());
            } else if (resolve(member.type()) instanceof BtfType.Composite inner && seen.add(inner.id())) {
                collect(inner, names, seen);
            }
        }
    }

    /**
     * A type as C: a function's prototype, a struct's members with their offsets, an enumeration's constants, a variable's
     * declaration; of all others the name.
     *
     * @param id the type
     * @return one or more lines without the last one's end
     */
    public String declare(int id) {
        return new CDeclaration(this).declare(type(id));
    }

    /**
     * A type's name as a C declaration uses it, such as {@code struct task_struct *}.
     *
     * @param id the type
     * @return its name
     */
    public String nameOf(int id) {
        return new CDeclaration(this).reference(id, "");
    }

    String string(int offset) {
        // Offsets are unsigned; a huge one is refused by the section.
        return strings(offset).at(offset);
    }

    /** The strings that an offset in the joint numbering lies in. */
    StringSection strings(int offset) {
        return base != null && Integer.compareUnsigned(offset, strings.start()) < 0 ? base.strings(offset) : strings;
    }

    /** The types of this BTF alone, without its base's. */
    TypeSection ownTypes() {
        return types;
    }

    TypeSection section(int id) {
        if (id < 1 || id >= types.endId()) {
            throw new BtfException(
                    "type " + Integer.toUnsignedString(id) + " does not exist: the last one is " + (types.endId() - 1));
        }
        return base != null && id < types.firstId() ? base.section(id) : types;
    }
}
