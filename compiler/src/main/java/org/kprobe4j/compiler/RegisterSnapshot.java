package org.kprobe4j.compiler;

import java.util.Arrays;
import java.util.List;

/**
 * How a component of type {@code PtRegs} lies in an event. Whose registers they are is only known when the event is made (a handler
 * may run in a JVM on another machine's registers), so the number of the register set comes first, and there is room for the largest:
 *
 * <pre>
 *   0                8
 *   +----------------+----------------+----------------+--
 *   |  number of set | register       | ...            | zeros
 *   +----------------+----------------+----------------+--
 * </pre>
 *
 * A component of one set's own type, such as {@code PtRegs.X86}, is a record like any other and has no more than its registers.
 */
public final class RegisterSnapshot {
    /** Bytes of the set's number. */
    public static final int NUMBER_BYTES = Long.BYTES;

    private static final String TYPE = "org.kprobe4j.PtRegs";

    private RegisterSnapshot() {}

    /**
     * Whether a type stands for the registers of any machine.
     *
     * @param type any
     * @return true for {@code PtRegs} itself
     */
    public static boolean is(Class<?> type) {
        return type.getName().equals(TYPE);
    }

    /**
     * The register sets, by their numbers.
     *
     * @param type {@code PtRegs}
     * @return records
     */
    public static List<Class<? extends Record>> sets(Class<?> type) {
        return Arrays.stream(type.getPermittedSubclasses())
                .<Class<? extends Record>>map(set -> set.asSubclass(Record.class))
                .toList();
    }

    /**
     * Size in an event.
     *
     * @param type {@code PtRegs}
     * @return in bytes
     */
    public static int sizeBytes(Class<?> type) {
        return NUMBER_BYTES
                + sets(type).stream()
                        .mapToInt(set -> RecordLayout.of(set).sizeBytes())
                        .max()
                        .orElseThrow();
    }
}
