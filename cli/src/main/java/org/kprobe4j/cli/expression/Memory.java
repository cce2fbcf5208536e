package org.kprobe4j.cli.expression;

import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfKind;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.btf.Field;
import org.kprobe4j.cli.expression.Type.Numeric;
import org.kprobe4j.cli.expression.Type.Numeric.Meaning;
import org.kprobe4j.cli.expression.Value.Constant;

/** What lies where: types of the kernel, and how what is of them is read. */
final class Memory {
    /** So many bytes of a text are read, with its end. */
    static final int TEXT_BYTES = 128;

    static final Set<BtfKind> COMPOSITES = EnumSet.of(BtfKind.STRUCT, BtfKind.UNION);

    private static final Map<String, Integer> SHORT_TYPES = Map.ofEntries(
            Map.entry("u8", 1),
            Map.entry("s8", 1),
            Map.entry("char", 1),
            Map.entry("signed char", 1),
            Map.entry("unsigned char", 1),
            Map.entry("bool", 1),
            Map.entry("u16", 2),
            Map.entry("s16", 2),
            Map.entry("short", 2),
            Map.entry("unsigned short", 2),
            Map.entry("u32", 4),
            Map.entry("s32", 4),
            Map.entry("int", 4),
            Map.entry("unsigned", 4),
            Map.entry("unsigned int", 4),
            Map.entry("u64", 8),
            Map.entry("s64", 8),
            Map.entry("long", 8),
            Map.entry("unsigned long", 8),
            Map.entry("long long", 8),
            Map.entry("unsigned long long", 8),
            Map.entry("size_t", 8),
            Map.entry("ssize_t", 8));

    /** The bytes of a C integer type; 0 if it is none. */
    static int bytesOf(String type) {
        return SHORT_TYPES.getOrDefault(type, 0);
    }

    static boolean isSigned(String type) {
        return !type.startsWith("u") && !type.equals("size_t") && !type.equals("bool");
    }

    /** How a number of so many bytes is had. */
    @FunctionalInterface
    interface Reader {
        Value read(int bytes, boolean signed);
    }

    /** A value of a type, which is a number or a pointer. */
    Typed typed(Btf btf, int type, Reader reader) {
        return switch (btf.resolve(type)) {
            case BtfType.Int number -> {
                Meaning meaning = number.bool()
                        ? Meaning.BOOL
                        : number.character() || btf.nameOf(type).equals("char") ? Meaning.CHARACTER : Meaning.PLAIN;
                int bytes = Math.min(number.sizeBytes(), Long.BYTES);
                boolean signed = number.signed() && !number.bool();
                yield Typed.number(new Numeric(bytes, signed, meaning), reader.read(bytes, signed), false);
            }
            case BtfType.Enumeration constants ->
                Typed.number(
                        new Type.Constants(btf, constants),
                        reader.read(constants.sizeBytes(), isSigned(constants)),
                        false);
            case BtfType.Pointer pointer -> {
                boolean user = isUser(btf, pointer.target());
                var known = new Type.Pointer(btf, btf.resolveId(pointer.target()), user);
                yield Typed.number(known, reader.read(btf.pointerSize(), false), false);
            }
            // Returned in a register, or by its address: what the register holds.
            case BtfType.Composite _ ->
                Typed.number(new Numeric(Long.BYTES, false, Meaning.PLAIN), reader.read(Long.BYTES, false), false);
            default -> throw new IllegalArgumentException(btf.nameOf(type));
        };
    }

    /** By its constants: older BTF does not say. */
    private static boolean isSigned(BtfType.Enumeration constants) {
        return constants.enumerators().stream().anyMatch(constant -> constant.value() < 0);
    }

    /** Whether a type tag says that it lies in the process's memory. */
    private static boolean isUser(Btf btf, int type) {
        int at = type;
        while (true) {
            switch (btf.type(at)) {
                case BtfType.TypeTag tag -> {
                    if (tag.name().equals("user")) {
                        return true;
                    }
                    at = tag.target();
                }
                case BtfType.Const modifier -> at = modifier.target();
                case BtfType.Volatile modifier -> at = modifier.target();
                default -> {
                    return false;
                }
            }
        }
    }

    /** What lies at an address. */
    private Typed at(Btf btf, int type, Value address, boolean user) {
        return switch (btf.resolve(type)) {
            case BtfType.Composite composite -> Typed.number(new Type.Structure(btf, composite, user), address, false);
            case BtfType.Array array ->
                Typed.number(new Type.Elements(btf, array.element(), array.length(), user), address, false);
            case BtfType.Int _, BtfType.Enumeration _, BtfType.Pointer _ ->
                typed(btf, type, (bytes, signed) -> new Value.Memory(address, bytes, signed, user));
            // A function, or what is declared and not defined: its address.
            default -> Typed.number(new Numeric(Long.BYTES, false, Meaning.ADDRESS), address, false);
        };
    }

    /** A field of a structure at an address. */
    Typed field(Btf btf, Field field, Value structure, boolean user) {
        if (!field.isBitField()) {
            return at(btf, field.typeId(), plus(structure, field.byteOffset()), user);
        }
        int bytes = (int) btf.sizeOf(field.typeId());
        int start = field.bitOffset() / (bytes * Byte.SIZE) * bytes;
        int shift = field.bitOffset() - start * Byte.SIZE;
        int read = shift + field.bitSize() > bytes * Byte.SIZE ? Long.BYTES : bytes;
        return typed(
                btf,
                field.typeId(),
                (_, signed) -> new Value.Bits(
                        new Value.Memory(plus(structure, start), read, false, user), shift, field.bitSize(), signed));
    }

    /** An element of what an address leads to. */
    Typed element(Btf btf, int type, Value first, Value index, boolean user) {
        long bytes = btf.sizeOf(type);
        Value offset = index instanceof Constant(long number)
                ? new Constant(number * bytes)
                : new Value.Binary(Operator.MULTIPLY, index, new Constant(bytes));
        Value address = offset instanceof Constant(long known)
                ? plus(first, known)
                : new Value.Binary(Operator.ADD, first, offset);
        return at(btf, type, address, user);
    }

    private static Value plus(Value address, long offset) {
        return offset == 0 ? address : new Value.Binary(Operator.ADD, address, new Constant(offset));
    }

    /** A type by its C name without stars. */
    Optional<Integer> named(Btf btf, String name) {
        String last = name.substring(name.lastIndexOf(' ') + 1);
        if (name.startsWith("struct ") || name.startsWith("union ")) {
            return btf.struct(last)
                    .map(BtfType::id)
                    .or(() -> btf.find(last, COMPOSITES).map(BtfType::id));
        }
        if (name.startsWith("enum ")) {
            return btf.enumeration(last).map(BtfType::id);
        }
        int bytes = bytesOf(name);
        return bytes == 0
                ? btf.typedef(name).map(BtfType::id)
                : btf.find(C_NAMES.getOrDefault(name, name), EnumSet.of(BtfKind.INT))
                        .map(BtfType::id);
    }

    private static final Map<String, String> C_NAMES = Map.ofEntries(
            Map.entry("u8", "unsigned char"),
            Map.entry("s8", "signed char"),
            Map.entry("u16", "short unsigned int"),
            Map.entry("s16", "short int"),
            Map.entry("short", "short int"),
            Map.entry("u32", "unsigned int"),
            Map.entry("unsigned", "unsigned int"),
            Map.entry("s32", "int"),
            Map.entry("u64", "long long unsigned int"),
            Map.entry("s64", "long long int"),
            Map.entry("long", "long int"),
            Map.entry("unsigned long", "long unsigned int"),
            Map.entry("size_t", "long unsigned int"),
            Map.entry("ssize_t", "long int"),
            Map.entry("bool", "_Bool"));

    /** The text that something is or leads to. */
    Optional<Text> text(Typed typed) {
        Value value = typed.value();
        if (typed.text() != null) {
            return Optional.of(typed.text());
        }
        return switch (typed.type()) {
            case Type.Pointer(Btf btf, int target, boolean user)
            when value != null && isByte(btf, target) ->
                Optional.of(user ? new Text.InProcess(value, TEXT_BYTES) : new Text.InKernel(value, TEXT_BYTES));
            case Type.Elements(Btf btf, int element, int length, boolean user)
            when value != null && isByte(btf, element) -> {
                int bytes = length == 0 ? TEXT_BYTES : Math.min(length + 1, TEXT_BYTES);
                yield Optional.of(user ? new Text.InProcess(value, bytes) : new Text.InKernel(value, bytes));
            }
            default -> Optional.empty();
        };
    }

    /** Whether a type is one of bytes, which a text may consist of: names of files are unsigned. */
    private static boolean isByte(Btf btf, int type) {
        return type != 0
                && btf.resolve(type) instanceof BtfType.Int number
                && number.sizeBytes() == 1
                && !number.bool();
    }

    /** The name of the file that something stands for. */
    Optional<Text> path(Typed typed) {
        Value value = typed.value();
        BtfType.Composite of = switch (typed.type()) {
            case Type.Structure structure -> structure.of();
            case Type.Pointer(Btf btf, int target, boolean user)
            when target != 0 && btf.resolve(target) instanceof BtfType.Composite c -> c;
            default -> null;
        };
        if (of == null || value == null) {
            return Optional.empty();
        }
        String name = of instanceof BtfType.Struct struct ? struct.name() : "";
        return switch (name) {
            case "file" -> Optional.of(new Text.FilePath(value));
            case "path" -> Optional.of(new Text.PathName(value));
            case "dentry" -> Optional.of(new Text.DentryPath(value));
            default -> Optional.empty();
        };
    }
}
