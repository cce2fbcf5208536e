package org.kprobe4j.compiler.internal.front;

/** What is asked of the kernel: by which accessor, and what it is there, such as {@code the field pid}, for messages. */
record Wanted(Accessor accessor, String subject) {
    Refusal refuse(String reason) {
        return new Refusal("%s: %s %s".formatted(accessor.java(), subject, reason));
    }

    /** The same for what lies in user memory itself, be it a pointer or not. */
    Wanted inside() {
        return new Wanted(
                new Accessor(
                        accessor.java(),
                        accessor.method(),
                        accessor.name(),
                        accessor.signature(),
                        accessor.onFault(),
                        false,
                        accessor.perCpu(),
                        accessor.maxBytes()),
                subject);
    }

    /** What is counted where its read faults. */
    String fault() {
        return "read of %s at an address that is not mapped".formatted(accessor.method());
    }
}
