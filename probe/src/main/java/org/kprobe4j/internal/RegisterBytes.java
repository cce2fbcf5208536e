package org.kprobe4j.internal;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.kprobe4j.PtRegs;
import org.kprobe4j.compiler.RecordLayout;

/** Register sets from the bytes of records, by the names that the compiler gives them. Thread-safe. */
final class RegisterBytes {
    private static final Map<Class<?>, RecordBytes<?>> SETS = new ConcurrentHashMap<>();

    private RegisterBytes() {}

    /** Of a set's record. */
    static <T extends Record> RecordBytes<?> of(Class<T> set) {
        return SETS.computeIfAbsent(set, _ -> new RecordBytes<>(set, RecordLayout.of(set)));
    }

    private static Class<? extends Record> set(String name) {
        return List.<Class<? extends Record>>of(PtRegs.X86.class, PtRegs.Arm64.class, PtRegs.Arm.class).stream()
                .filter(set -> set.getSimpleName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** The dump of the registers of a set in a record. */
    static String dump(String registerSet, MemorySegment record, long offset) {
        return of(set(registerSet)).read(record, offset).toString();
    }

    /** The names of the flags in a number. */
    static String flagNames(String registerSet, long flags) {
        return switch (registerSet) {
            case "X86" -> PtRegs.X86.flagNames(flags);
            case "Arm64" -> PtRegs.Arm64.flagNames(flags);
            default -> PtRegs.Arm.flagNames(flags);
        };
    }
}
