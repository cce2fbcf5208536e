package org.kprobe4j.compiler;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What lies in a ring buffer: records of one class, each as its {@link RecordLayout} says; or records of the several classes that a
 * sealed interface permits, each behind the number of its class in {@link #variants()}:
 *
 * <pre>
 *   0                 8
 *   +-----------------+-----------------
 *   |     number      | record ...
 *   +-----------------+-----------------
 * </pre>
 *
 * @param variants the classes of records, at least one
 * @param numbered whether the number of its class is in front of each record
 */
public record EventLayout(List<Variant> variants, boolean numbered) {
    /** Bytes of a class's number: with it a record's parts stay aligned. */
    public static final int NUMBER_BYTES = Long.BYTES;

    /** Copies the list. */
    public EventLayout {
        variants = List.copyOf(variants);
    }

    /**
     * A class of records.
     *
     * @param type the class
     * @param layout of its components
     */
    public record Variant(Class<? extends Record> type, RecordLayout layout) {}

    /**
     * The layout for a Java type.
     *
     * @param type a record, or a sealed interface that permits records, or sealed interfaces of records, and nothing else
     * @return its layout
     * @throws IllegalArgumentException for any other type, or if a component of a record cannot be laid out
     */
    public static EventLayout of(Class<?> type) {
        if (type.isRecord()) {
            return new EventLayout(List.of(variant(type)), false);
        } else if (!type.isInterface() || !type.isSealed()) {
            throw new IllegalArgumentException(
                    "an event is a record, or a sealed interface of records; %s is neither: %s"
                            .formatted(type.getSimpleName(), remedy(type)));
        }
        var records = new LinkedHashSet<Class<?>>();
        collect(type, type, records);
        return new EventLayout(records.stream().map(EventLayout::variant).toList(), true);
    }

    private static String remedy(Class<?> type) {
        return type.isInterface()
                ? "seal it (sealed interface %s) and let records implement it".formatted(type.getSimpleName())
                : "put what is to be sent into a record";
    }

    private static Variant variant(Class<?> type) {
        Class<? extends Record> record = type.asSubclass(Record.class);
        return new Variant(record, RecordLayout.of(record));
    }

    private static void collect(Class<?> top, Class<?> sealed, Set<Class<?>> records) {
        for (Class<?> permitted : sealed.getPermittedSubclasses()) {
            if (permitted.isRecord()) {
                records.add(permitted);
            } else if (permitted.isInterface() && permitted.isSealed()) {
                collect(top, permitted, records);
            } else {
                throw new IllegalArgumentException(
                        "the sealed interface %s permits %s, which is no record: a ring buffer takes records only"
                                .formatted(top.getSimpleName(), permitted.getSimpleName()));
            }
        }
    }

    /**
     * Where a record begins.
     *
     * @return bytes from the beginning of what is in the ring
     */
    public int offset() {
        return numbered ? NUMBER_BYTES : 0;
    }

    /**
     * How much a record of a class takes, with its number.
     *
     * @param number of the class
     * @return size in bytes, a multiple of eight
     */
    public int sizeBytes(int number) {
        return offset() + variants.get(number).layout().sizeBytes();
    }

    /**
     * The number of a class.
     *
     * @param internalName of the class, with slashes
     * @return index in {@link #variants()}; nothing if the class is not among them
     */
    public Optional<Integer> number(String internalName) {
        var names = new ArrayList<String>();
        variants.forEach(variant -> names.add(variant.type().getName().replace('.', '/')));
        int index = names.indexOf(internalName);
        return index < 0 ? Optional.empty() : Optional.of(index);
    }

    /**
     * Its classes, for messages.
     *
     * @return for example {@code Opened, Closed}
     */
    public String javaNames() {
        return String.join(
                ", ",
                variants.stream().map(variant -> variant.type().getSimpleName()).toList());
    }
}
