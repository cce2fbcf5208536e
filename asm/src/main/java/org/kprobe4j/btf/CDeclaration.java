package org.kprobe4j.btf;

import java.util.List;
import java.util.stream.Collectors;

/** Writes types as C. Damaged types may refer to each other in circles, so depth and length are bounded. */
final class CDeclaration {
    private static final int MAX_DEPTH = 32;
    private static final int MAX_LENGTH = 1 << 20;

    private final Btf btf;
    private final StringBuilder text = new StringBuilder();
    private int depth;

    CDeclaration(Btf btf) {
        this.btf = btf;
    }

    String declare(BtfType type) {
        return switch (type) {
            case BtfType.Function f -> reference(f.proto(), f.name());
            case BtfType.Typedef t -> "typedef " + reference(t.target(), t.name());
            case BtfType.Var v -> reference(v.type(), v.name());
            case BtfType.Composite c -> {
                body(c, "", 0);
                yield text.toString();
            }
            case BtfType.Enumeration e -> enumeration(e);
            case BtfType.DataSection d -> section(d);
            case BtfType.DeclTag t -> "__attribute__((btf_decl_tag(\"" + t.name() + "\")))";
            default -> reference(type.id(), "");
        };
    }

    /** The declaration of a name of a type, or with no name the type itself. */
    String reference(int id, String declarator) {
        if (++depth > MAX_DEPTH || declarator.length() > MAX_LENGTH) {
            throw new BtfException("type " + id + " is nested more than " + MAX_DEPTH + " deep");
        }
        try {
            return reference(btf.type(id), declarator);
        } finally {
            depth--;
        }
    }

    private String reference(BtfType type, String declarator) {
        return switch (type) {
            case BtfType.Void _ -> before("void", declarator);
            case BtfType.Pointer p -> reference(p.target(), "*" + declarator);
            case BtfType.Array a -> reference(a.element(), grouped(declarator) + "[" + a.length() + "]");
            case BtfType.FunctionProto p -> reference(p.result(), grouped(declarator) + parameters(p));
            case BtfType.Volatile v -> qualified("volatile", v.target(), declarator);
            case BtfType.Const c -> qualified("const", c.target(), declarator);
            case BtfType.Restrict r -> qualified("restrict", r.target(), declarator);
            case BtfType.TypeTag t -> qualified("__" + t.name(), t.target(), declarator);
            case BtfType.Struct s -> before(tag("struct", s.name()), declarator);
            case BtfType.Union u -> before(tag("union", u.name()), declarator);
            case BtfType.Enumeration e -> before(tag("enum", e.name()), declarator);
            case BtfType.Fwd f -> before(tag(f.union() ? "union" : "struct", f.name()), declarator);
            case BtfType.Function f -> reference(f.proto(), f.name());
            case BtfType.Var v -> reference(v.type(), v.name());
            default -> before(type.name().isEmpty() ? "<type " + type.id() + ">" : type.name(), declarator);
        };
    }

    /** {@code const} stands after the star that it qualifies, but before any other type. */
    private String qualified(String qualifier, int target, String declarator) {
        boolean pointer =
                btf.resolve(target) instanceof BtfType.Pointer && !(btf.type(target) instanceof BtfType.Typedef);
        return pointer
                ? reference(target, before(qualifier, declarator))
                : qualifier + " " + reference(target, declarator);
    }

    private static String grouped(String declarator) {
        return declarator.startsWith("*") ? "(" + declarator + ")" : declarator;
    }

    private String parameters(BtfType.FunctionProto proto) {
        if (proto.params().isEmpty()) {
            return proto.variadic() ? "(...)" : "(void)";
        }
        return proto.params().stream()
                .map(param -> reference(param.type(), param.name()))
                .collect(Collectors.joining(", ", "(", proto.variadic() ? ", ...)" : ")"));
    }

    private static String tag(String keyword, String name) {
        return name.isEmpty() ? keyword + " {...}" : keyword + " " + name;
    }

    private static String before(String type, String declarator) {
        if (declarator.isEmpty()) {
            return type;
        }
        return declarator.startsWith("[") || declarator.startsWith("(void")
                ? type + declarator
                : type + " " + declarator;
    }

    private void body(BtfType.Composite composite, String indent, long bitOffset) {
        if (++depth > MAX_DEPTH || text.length() > MAX_LENGTH) {
            throw new BtfException("type " + composite.id() + " is nested too deep or too large to be written");
        }
        text.append(composite instanceof BtfType.Union ? "union" : "struct");
        text.append(composite.name().isEmpty() ? " {" : " " + composite.name() + " {")
                .append('\n');
        for (var member : composite.members()) {
            member(member, indent + "    ", bitOffset + member.bitOffset());
        }
        text.append(indent).append("}");
        if (indent.isEmpty()) {
            text.append("; /* size ").append(composite.sizeBytes()).append(" */");
        }
        depth--;
    }

    private void member(BtfType.Member member, String indent, long bitOffset) {
        text.append(indent);
        if (btf.type(member.type()) instanceof BtfType.Composite inner
                && inner.name().isEmpty()) {
            body(inner, indent, bitOffset);
            text.append(member.name().isEmpty() ? "" : " " + member.name());
        } else {
            text.append(reference(member.type(), member.name()));
        }
        if (member.bitSize() != 0) {
            text.append(" : ").append(member.bitSize());
        }
        text.append("; /* ").append(bitOffset / 8);
        if (member.bitSize() != 0) {
            text.append(" bit ").append(bitOffset % 8);
        }
        text.append(" */\n");
        if (text.length() > MAX_LENGTH) {
            throw new BtfException("type " + member.type() + " is too large to be written");
        }
    }

    private static String enumeration(BtfType.Enumeration type) {
        List<String> constants = type.enumerators().stream()
                .map(constant -> "    " + constant.name() + " = " + constant.value() + ",\n")
                .toList();
        return (type.name().isEmpty() ? "enum {" : "enum " + type.name() + " {") + "\n" + String.join("", constants)
                + "};";
    }

    private String section(BtfType.DataSection section) {
        for (var variable : section.variables()) {
            text.append(reference(variable.type(), ""))
                    .append("; /* ")
                    .append(section.name())
                    .append("+0x")
                    .append(Integer.toHexString(variable.offset()))
                    .append(" */\n");
            if (text.length() > MAX_LENGTH) {
                throw new BtfException("section " + section.name() + " is too large to be written");
            }
        }
        return text.toString();
    }
}
