package org.kprobe4j.btf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Makes BTF: for the kernel, a program's functions with their types and its source lines. Each method that adds a type gives its id;
 * a type that is there already is not added again. It refuses names that the kernel refuses. Not safe for use by several threads.
 *
 * <p>Source: Documentation/bpf/btf.rst; kernel/bpf/btf.c.
 */
public final class BtfWriter {
    /** Bytes of a name, at most, that every kernel takes ({@code KSYM_NAME_LEN} less the NUL). */
    public static final int MAX_NAME_BYTES = 127;

    private static final int HEADER_BYTES = 24;
    private static final int MAGIC = 0xeb9f;
    private static final int MAX_ITEMS = 0xffff;

    private final int firstString;
    private final ByteArrayOutputStream strings = new ByteArrayOutputStream();
    private final Map<String, Integer> stringOffsets = new HashMap<>();
    private final List<int[]> types = new ArrayList<>();
    private final Map<List<Integer>, Integer> ids = new HashMap<>();
    private final int firstId;

    /** For BTF that stands alone. */
    public BtfWriter() {
        firstString = 0;
        firstId = 1;
        string("");
    }

    /**
     * For BTF that continues another, as a module's does.
     *
     * @param base what it continues
     */
    public BtfWriter(Btf base) {
        firstString = base.stringsEnd();
        firstId = base.endId();
        stringOffsets.put("", 0);
    }

    /**
     * A name that the kernel takes, made of any other: what C does not allow becomes {@code _}, and a too long end is cut off.
     *
     * @param name such as {@code lambda$main$0}
     * @return such as {@code lambda_main_0}
     */
    public static String identifier(String name) {
        var text = new StringBuilder(name.isEmpty() || isDigit(name.charAt(0)) ? "_" : "");
        for (int i = 0; i < name.length() && text.length() < MAX_NAME_BYTES; i++) {
            char c = name.charAt(i);
            text.append(isLetter(c) || isDigit(c) ? c : '_');
        }
        return text.toString();
    }

    /**
     * Adds a string, such as a file's name or a source line.
     *
     * @param text without NUL
     * @return its offset in the string section
     */
    public int string(String text) {
        Integer known = stringOffsets.get(text);
        if (known != null) {
            return known;
        }
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("a BTF string cannot contain a NUL");
        }
        int offset = firstString + strings.size();
        strings.writeBytes(text.getBytes(StandardCharsets.UTF_8));
        strings.write(0);
        stringOffsets.put(text, offset);
        return offset;
    }

    /**
     * Adds an integer.
     *
     * @param name such as {@code int}
     * @param sizeBytes 1, 2, 4, 8 or 16
     * @param signed whether it has a sign
     * @return the type's id
     */
    public int integer(String name, int sizeBytes, boolean signed) {
        return integer(name, sizeBytes, signed ? 1 : 0);
    }

    /**
     * Adds a boolean of one byte.
     *
     * @param name such as {@code _Bool}
     * @return the type's id
     */
    public int bool(String name) {
        return integer(name, 1, 4);
    }

    private int integer(String name, int sizeBytes, int encoding) {
        if (Integer.bitCount(sizeBytes) != 1 || sizeBytes > 16) {
            throw new IllegalArgumentException("integer " + name + " of " + sizeBytes + " bytes");
        }
        if (name.isEmpty()) {
            throw new IllegalArgumentException("an integer needs a name");
        }
        return add(BtfKind.INT, string(name), 0, false, sizeBytes, encoding << 24 | sizeBytes * 8);
    }

    /**
     * Adds a floating-point number.
     *
     * @param name such as {@code double}
     * @param sizeBytes what it takes
     * @return the type's id
     */
    public int floatingPoint(String name, int sizeBytes) {
        return add(BtfKind.FLOAT, string(name), 0, false, sizeBytes);
    }

    /**
     * Adds a pointer.
     *
     * @param target what it points to, 0 for {@code void}
     * @return the type's id
     */
    public int pointer(int target) {
        return add(BtfKind.PTR, 0, 0, false, target);
    }

    /**
     * Adds a modifier: {@code VOLATILE}, {@code CONST} or {@code RESTRICT}.
     *
     * @param kind one of the three
     * @param target the type without it
     * @return the type's id
     */
    public int modifier(BtfKind kind, int target) {
        if (kind != BtfKind.VOLATILE && kind != BtfKind.CONST && kind != BtfKind.RESTRICT) {
            throw new IllegalArgumentException(kind + " is not a modifier");
        }
        return add(kind, 0, 0, false, target);
    }

    /**
     * Adds another name of a type.
     *
     * @param name the new name
     * @param target the type it names
     * @return the type's id
     */
    public int typedef(String name, int target) {
        return add(BtfKind.TYPEDEF, checked(name), 0, false, target);
    }

    /**
     * Adds an attribute of a type.
     *
     * @param name the attribute
     * @param target the type without it
     * @return the type's id
     */
    public int typeTag(String name, int target) {
        return add(BtfKind.TYPE_TAG, string(name), 0, false, target);
    }

    /**
     * Adds an attribute of a declaration.
     *
     * @param name the attribute
     * @param target the declaration's type
     * @param component which member or parameter, -1 for the declaration itself
     * @return the type's id
     */
    public int declTag(String name, int target, int component) {
        return add(BtfKind.DECL_TAG, string(name), 0, false, target, component);
    }

    /**
     * Adds an array.
     *
     * @param element type of an element
     * @param index type of an index, an integer
     * @param length number of elements
     * @return the type's id
     */
    public int array(int element, int index, int length) {
        return add(BtfKind.ARRAY, 0, 0, false, 0, element, index, length);
    }

    /**
     * Adds a struct.
     *
     * @param name the tag, empty if anonymous
     * @param sizeBytes what a variable of it takes
     * @param members in order of their offsets
     * @return the type's id
     */
    public int struct(String name, int sizeBytes, List<BtfType.Member> members) {
        return composite(BtfKind.STRUCT, name, sizeBytes, members);
    }

    /**
     * Adds a union.
     *
     * @param name the tag, empty if anonymous
     * @param sizeBytes what a variable of it takes
     * @param members in any order
     * @return the type's id
     */
    public int union(String name, int sizeBytes, List<BtfType.Member> members) {
        return composite(BtfKind.UNION, name, sizeBytes, members);
    }

    private int composite(BtfKind kind, String name, int sizeBytes, List<BtfType.Member> members) {
        boolean bitFields = members.stream().anyMatch(member -> member.bitSize() != 0);
        var words = IntStream.builder();
        int last = 0;
        for (var member : members) {
            int offset = member.bitOffset();
            if (offset < (kind == BtfKind.STRUCT ? last : 0)
                    || offset > sizeBytes * 8L
                    || (bitFields && offset > 0xff_ffff)) {
                throw new IllegalArgumentException("member " + member.name() + " of " + name + " at bit " + offset);
            }
            last = offset;
            words.add(anonymous(member.name())).add(member.type()).add(member.bitSize() << 24 | offset);
        }
        return add(
                kind,
                anonymous(name),
                members.size(),
                bitFields,
                sizeBytes,
                words.build().toArray());
    }

    /**
     * Adds a struct or union that is declared only.
     *
     * @param name the tag
     * @param union a union, else a struct
     * @return the type's id
     */
    public int forward(String name, boolean union) {
        return add(BtfKind.FWD, checked(name), 0, union, 0);
    }

    /**
     * Adds an enumeration of up to 32 bits.
     *
     * @param name the tag, empty if anonymous
     * @param sizeBytes 1, 2 or 4
     * @param enumerators at least one, for the kernel
     * @return the type's id
     */
    public int enumeration(String name, int sizeBytes, List<BtfType.Enumerator> enumerators) {
        var words = enumerators.stream().flatMapToInt(e -> IntStream.of(checked(e.name()), (int) e.value()));
        boolean signed = enumerators.stream().anyMatch(e -> e.value() < 0);
        return add(BtfKind.ENUM, anonymous(name), enumerators.size(), signed, sizeBytes, words.toArray());
    }

    /**
     * Adds an enumeration of up to 64 bits. Since kernel: 6.0.
     *
     * @param name the tag, empty if anonymous
     * @param signed whether values have a sign
     * @param enumerators at least one, for the kernel
     * @return the type's id
     */
    public int enumeration64(String name, boolean signed, List<BtfType.Enumerator> enumerators) {
        var words = enumerators.stream()
                .flatMapToInt(e -> IntStream.of(checked(e.name()), (int) e.value(), (int) (e.value() >> 32)));
        return add(BtfKind.ENUM64, anonymous(name), enumerators.size(), signed, Long.BYTES, words.toArray());
    }

    /**
     * Adds a function's parameters and result.
     *
     * @param result the returned type, 0 for {@code void}
     * @param params the parameters; those of a {@link #function} need names
     * @param variadic whether more arguments may follow
     * @return the type's id
     */
    public int functionProto(int result, List<BtfType.Param> params, boolean variadic) {
        var words = params.stream().flatMapToInt(p -> IntStream.of(anonymous(p.name()), p.type()));
        var all = variadic ? IntStream.concat(words, IntStream.of(0, 0)) : words;
        return add(BtfKind.FUNC_PROTO, 0, params.size() + (variadic ? 1 : 0), false, result, all.toArray());
    }

    /**
     * Adds a function. A kernel before 5.6 knows only {@link Linkage#STATIC}.
     *
     * @param name an {@linkplain #identifier identifier}
     * @param proto its {@link #functionProto}
     * @param linkage who can see it
     * @return the type's id
     */
    public int function(String name, int proto, Linkage linkage) {
        return add(BtfKind.FUNC, checked(name), code(linkage), false, proto);
    }

    /**
     * Adds a variable.
     *
     * @param name an {@linkplain #identifier identifier}
     * @param type its type
     * @param linkage who can see it
     * @return the type's id
     */
    public int variable(String name, int type, Linkage linkage) {
        return add(BtfKind.VAR, checked(name), 0, false, type, code(linkage));
    }

    /**
     * Adds a section of variables.
     *
     * @param name such as {@code .maps}
     * @param sizeBytes of the whole section
     * @param variables what lies in it, in order
     * @return the type's id
     */
    public int dataSection(String name, int sizeBytes, List<BtfType.SectionVariable> variables) {
        var words = variables.stream().flatMapToInt(v -> IntStream.of(v.type(), v.offset(), v.sizeBytes()));
        return add(BtfKind.DATASEC, string(name), variables.size(), false, sizeBytes, words.toArray());
    }

    /**
     * The BTF of a little-endian machine.
     *
     * @return what {@code BPF_BTF_LOAD} takes
     */
    public byte[] toBytes() {
        return toBytes(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * The BTF.
     *
     * @param order the kernel's byte order
     * @return what {@code BPF_BTF_LOAD} takes
     */
    public byte[] toBytes(ByteOrder order) {
        int typeBytes = types.stream().mapToInt(words -> words.length).sum() * Integer.BYTES;
        var bytes =
                ByteBuffer.allocate(HEADER_BYTES + typeBytes + strings.size()).order(order);
        bytes.putShort((short) MAGIC).put((byte) 1).put((byte) 0).putInt(HEADER_BYTES);
        bytes.putInt(0).putInt(typeBytes).putInt(typeBytes).putInt(strings.size());
        types.forEach(words -> Arrays.stream(words).forEach(bytes::putInt));
        bytes.put(strings.toByteArray());
        return bytes.array();
    }

    private int add(BtfKind kind, int name, int vlen, boolean flag, int sizeOrType, int... extra) {
        if (vlen > MAX_ITEMS) {
            throw new IllegalArgumentException(kind + " of " + vlen + " items: the most is " + MAX_ITEMS);
        }
        int info = (flag ? 1 << 31 : 0) | kind.code() << 24 | vlen;
        var words = IntStream.concat(IntStream.of(name, info, sizeOrType), IntStream.of(extra))
                .toArray();
        return ids.computeIfAbsent(Arrays.stream(words).boxed().toList(), _ -> {
            types.add(words);
            return firstId + types.size() - 1;
        });
    }

    private static int code(Linkage linkage) {
        return switch (linkage) {
            case STATIC -> 0;
            case GLOBAL -> 1;
            case EXTERN -> 2;
        };
    }

    private int anonymous(String name) {
        return name.isEmpty() ? 0 : checked(name);
    }

    /** The kernel refuses the whole BTF ("Invalid name") for one name that C would not take. */
    private int checked(String name) {
        if (name.length() > MAX_NAME_BYTES || !name.equals(identifier(name))) {
            throw new IllegalArgumentException("the kernel does not take the name \"" + name + "\" in BTF");
        }
        return string(name);
    }

    private static boolean isLetter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
