package org.kprobe4j.compiler.internal.front;

import java.util.Optional;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.btf.Field;
import org.kprobe4j.btf.NearestNames;

/** A structure or union and the types that it belongs to: those of the kernel or of a module. */
record StructType(Btf btf, BtfType.Composite composite) {
    /** A member by the name that Java gives it or the kernel's spelling of that; also in anonymous structures inside. */
    Optional<Field> find(String name) {
        return btf.field(composite, name).or(() -> btf.field(composite, KernelTypes.snakeCase(name)));
    }

    Field field(String name) {
        return find(name).orElseThrow(() -> {
            String wanted = KernelTypes.snakeCase(name);
            return new Refusal("%s has no field %s%s"
                    .formatted(
                            this,
                            wanted,
                            KernelTypes.suggestion(
                                    NearestNames.nearest(wanted, btf.fieldNames(composite).stream(), 3))));
        });
    }

    KernelType typeOf(Field field) {
        return new KernelType(btf, field.typeId());
    }

    /** The structure that a member is; nothing for any other type. */
    Optional<StructType> inside(Field field) {
        return typeOf(field).target() instanceof BtfType.Composite inner
                ? Optional.of(new StructType(btf, inner))
                : Optional.empty();
    }

    boolean isAnonymous() {
        return composite.name().isEmpty();
    }

    @Override
    public String toString() {
        String kind = composite instanceof BtfType.Union ? "union" : "struct";
        return isAnonymous() ? "the anonymous " + kind : kind + " " + composite.name();
    }
}
