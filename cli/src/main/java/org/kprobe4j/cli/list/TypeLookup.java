package org.kprobe4j.cli.list;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfKind;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.btf.NearestNames;
import org.kprobe4j.internal.Machine;

/** Finds types by their names: in the kernel, else in its modules. */
final class TypeLookup {
    static final Set<BtfKind> COMPOSITES = EnumSet.of(BtfKind.STRUCT, BtfKind.UNION);
    static final Set<BtfKind> ENUMERATIONS = EnumSet.of(BtfKind.ENUM, BtfKind.ENUM64);
    private static final int SUGGESTIONS = 3;

    private final List<Types> all;

    /** The types of the kernel, whose name is empty, or of a module. */
    record Types(String module, Btf btf) {}

    /** A type, and where it is from. */
    record Found<T extends BtfType>(T type, Types types) {}

    TypeLookup(List<Types> all) {
        this.all = List.copyOf(all);
    }

    /** On the running kernel; nothing without BTF. */
    static Optional<TypeLookup> running() {
        return Machine.btf().map(kernel -> {
            var all = new ArrayList<Types>(List.of(new Types("", kernel)));
            for (String module : Machine.modulesWithTypes()) {
                Machine.moduleTypes(module).ifPresent(btf -> all.add(new Types(module, btf)));
            }
            return new TypeLookup(all);
        });
    }

    List<Types> all() {
        return all;
    }

    /** A struct or union by its tag, or by a typedef's name. */
    Optional<Found<BtfType.Composite>> composite(String name) {
        return find(name, COMPOSITES, BtfType.Composite.class);
    }

    /** An enumeration by its tag, by a typedef's name, or by one of its constants. */
    Optional<Found<BtfType.Enumeration>> enumeration(String name) {
        return find(name, ENUMERATIONS, BtfType.Enumeration.class).or(() -> withConstant(name));
    }

    private <T extends BtfType> Optional<Found<T>> find(String name, Set<BtfKind> kinds, Class<T> wanted) {
        for (Types types : all) {
            Optional<T> found = types.btf().find(name, kinds).map(wanted::cast);
            if (found.isEmpty()) {
                found = types.btf()
                        .typedef(name)
                        .map(typedef -> types.btf().resolve(typedef.id()))
                        .filter(wanted::isInstance)
                        .map(wanted::cast);
            }
            if (found.isPresent()) {
                return Optional.of(new Found<>(found.get(), types));
            }
        }
        return Optional.empty();
    }

    private Optional<Found<BtfType.Enumeration>> withConstant(String name) {
        for (Types types : all) {
            for (int id = 1; id < types.btf().endId(); id++) {
                if (types.btf().type(id) instanceof BtfType.Enumeration enumeration
                        && enumeration.enumerators().stream()
                                .anyMatch(constant -> constant.name().equals(name))) {
                    return Optional.of(new Found<>(enumeration, types));
                }
            }
        }
        return Optional.empty();
    }

    /** The names of all types of some kinds, once each. */
    Stream<String> names(Set<BtfKind> kinds) {
        // A module's names include the kernel's.
        return all.stream().flatMap(types -> types.btf().names(kinds)).distinct();
    }

    /** {@code ; nearest: file, files_struct}, or nothing. */
    String nearest(String name, Set<BtfKind> kinds) {
        Set<BtfKind> known = EnumSet.copyOf(kinds);
        known.add(BtfKind.TYPEDEF);
        List<String> names = NearestNames.nearest(name, names(known), SUGGESTIONS);
        return names.isEmpty() ? "" : "; nearest: " + String.join(", ", names);
    }
}
