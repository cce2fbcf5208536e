package org.kprobe4j;

/** Ends a handler in the JVM where in the kernel a read of memory faults. */
final class SimulatedFault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** {@code what} is what the account says of it. */
    SimulatedFault(String what) {
        super(what);
    }
}
