package org.kprobe4j;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What the account of a probe would say of an exception. */
final class SimulatedFaults {
    private static final String DIVISION = "/ by zero";

    private SimulatedFaults() {}

    /** The fault, at the handler's own line: what the JDK does within is said of the call. */
    static SimulatedKernel.Fault of(RuntimeException exception) {
        String what = exception instanceof SimulatedFault || DIVISION.equals(exception.getMessage())
                ? String.valueOf(exception.getMessage())
                : exception.getClass().getSimpleName();
        return Arrays.stream(exception.getStackTrace())
                .filter(frame -> isHandler(frame.getClassName()))
                .findFirst()
                .map(frame -> new SimulatedKernel.Fault(file(frame.getFileName()), frame.getLineNumber(), what))
                .orElseGet(() -> new SimulatedKernel.Fault("?", 0, what));
    }

    private static String file(@Nullable String name) {
        return name == null ? "?" : name;
    }

    private static boolean isHandler(String type) {
        String api = SimulatedFaults.class.getPackageName() + ".";
        boolean ours = (type.startsWith(api + "Simulated") && !type.contains("Test"))
                || type.equals(api + "Kernel")
                || type.startsWith(api + "PtRegs");
        boolean jdk = type.startsWith("java.") || type.startsWith("jdk.") || type.startsWith("sun.");
        return !ours && !jdk && !type.contains(".$Proxy");
    }
}
