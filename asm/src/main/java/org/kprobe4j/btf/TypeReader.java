package org.kprobe4j.btf;

import java.util.ArrayList;
import java.util.List;

/** Makes the record of a type from its words. */
final class TypeReader {
    private final Btf names;
    private final TypeSection types;
    private final int id;
    private final int at;
    private final int info;

    TypeReader(Btf names, TypeSection types, int id) {
        this.names = names;
        this.types = types;
        this.id = id;
        this.at = types.start(id);
        this.info = types.word(at + 1);
    }

    BtfType read() {
        int target = types.word(at + 2);
        return switch (types.kind(id)) {
            case INT -> integer();
            case PTR -> new BtfType.Pointer(id, target);
            case ARRAY -> new BtfType.Array(id, extra(0), extra(1), length());
            case STRUCT -> new BtfType.Struct(id, name(), size(), members());
            case UNION -> new BtfType.Union(id, name(), size(), members());
            case ENUM -> new BtfType.Enum(id, name(), size(), flag(), enumerators(2));
            case ENUM64 -> new BtfType.Enum64(id, name(), size(), flag(), enumerators(3));
            case FWD -> new BtfType.Fwd(id, name(), flag());
            case TYPEDEF -> new BtfType.Typedef(id, name(), target);
            case VOLATILE -> new BtfType.Volatile(id, target);
            case CONST -> new BtfType.Const(id, target);
            case RESTRICT -> new BtfType.Restrict(id, target);
            case FUNC -> new BtfType.Function(id, name(), target, Linkage.of(id, TypeSection.vlen(info)));
            case FUNC_PROTO -> prototype(target);
            case VAR -> new BtfType.Var(id, name(), target, Linkage.of(id, extra(0)));
            case DATASEC -> new BtfType.DataSection(id, name(), size(), variables());
            case FLOAT -> new BtfType.Float(id, name(), size());
            case DECL_TAG -> new BtfType.DeclTag(id, name(), target, extra(0));
            case TYPE_TAG -> new BtfType.TypeTag(id, name(), target);
            case UNKN -> throw new BtfException("type " + id + " is of no kind");
        };
    }

    private BtfType.Int integer() {
        int encoding = extra(0);
        int bits = encoding & 0xff;
        int offset = encoding >>> 16 & 0xff;
        if (size() > 16 || bits + offset > size() * 8) {
            throw new BtfException(
                    "type " + id + ": integer of " + size() + " bytes with " + bits + " bits from bit " + offset);
        }
        int how = encoding >>> 24 & 0xf;
        return new BtfType.Int(id, name(), size(), bits, offset, (how & 1) != 0, (how & 2) != 0, (how & 4) != 0);
    }

    private List<BtfType.Member> members() {
        int count = TypeSection.vlen(info);
        var members = new ArrayList<BtfType.Member>(count);
        for (int i = 0; i < count; i++) {
            int offset = extra(i * 3 + 2);
            // With the kind flag the upper byte is the width of a bit field.
            members.add(new BtfType.Member(
                    names.string(extra(i * 3)),
                    extra(i * 3 + 1),
                    nonNegative(flag() ? offset & 0xff_ffff : offset, "member offset"),
                    flag() ? offset >>> 24 : 0));
        }
        return List.copyOf(members);
    }

    private List<BtfType.Enumerator> enumerators(int words) {
        int count = TypeSection.vlen(info);
        var enumerators = new ArrayList<BtfType.Enumerator>(count);
        for (int i = 0; i < count; i++) {
            int low = extra(i * words + 1);
            long value = words == 2 ? low : (low & 0xffff_ffffL) | (long) extra(i * words + 2) << 32;
            enumerators.add(new BtfType.Enumerator(names.string(extra(i * words)), value));
        }
        return List.copyOf(enumerators);
    }

    private BtfType.FunctionProto prototype(int result) {
        int count = TypeSection.vlen(info);
        // The dots of a variadic function are a last parameter without name and type.
        boolean variadic = count > 0 && extra(count * 2 - 2) == 0 && extra(count * 2 - 1) == 0;
        var params = new ArrayList<BtfType.Param>(count);
        for (int i = 0; i < (variadic ? count - 1 : count); i++) {
            params.add(new BtfType.Param(names.string(extra(i * 2)), extra(i * 2 + 1)));
        }
        return new BtfType.FunctionProto(id, result, List.copyOf(params), variadic);
    }

    private List<BtfType.SectionVariable> variables() {
        int count = TypeSection.vlen(info);
        var variables = new ArrayList<BtfType.SectionVariable>(count);
        for (int i = 0; i < count; i++) {
            variables.add(new BtfType.SectionVariable(extra(i * 3), extra(i * 3 + 1), extra(i * 3 + 2)));
        }
        return List.copyOf(variables);
    }

    private String name() {
        return names.string(types.word(at));
    }

    private int size() {
        return nonNegative(types.word(at + 2), "size");
    }

    private int length() {
        return nonNegative(extra(2), "array length");
    }

    private boolean flag() {
        return TypeSection.kindFlag(info);
    }

    private int extra(int word) {
        return types.word(at + 3 + word);
    }

    private int nonNegative(int value, String what) {
        if (value < 0) {
            throw new BtfException(
                    "type " + id + ": " + what + " " + Integer.toUnsignedString(value) + " is too large");
        }
        return value;
    }
}
