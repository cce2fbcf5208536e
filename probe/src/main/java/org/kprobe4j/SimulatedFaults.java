package org.kprobe4j;

import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the account of a probe would say of an exception. */
final class SimulatedFaults {
    private static final String DIVISION = "/ by zero";
    private static final Set<String> OURS = Set.of(
            "Kernel",
            "KernelMap",
            "Counter",
            "Histogram",
            "HistogramMap",
            "KeyedNumbers",
            "Summary",
            "SummaryMap",
            "PerCpuMap",
            "KernelArray",
            "PerCpuArray",
            "KernelQueue",
            "TaskLocal",
            "RingBuffer",
            "KretprobeInstance");

    private SimulatedFaults() {}

    /** The fault, at the handler's own line: what the JDK does within is said of the call. */
    static SimulatedKernel.Fault of(RuntimeException exception) {
        String what = what(exception, String.valueOf(exception.getMessage()));
        return Arrays.stream(exception.getStackTrace())
                .filter(frame -> isHandler(frame.getClassName()))
                .findFirst()
                .map(frame -> new SimulatedKernel.Fault(file(frame.getFileName()), frame.getLineNumber(), what))
                .orElseGet(() -> new SimulatedKernel.Fault("?", 0, what));
    }

    /** The kernel does not tell which index it was. */
    private static String what(RuntimeException exception, String message) {
        if (exception instanceof SimulatedFault || DIVISION.equals(message)) {
            return message;
        } else if (exception instanceof IndexOutOfBoundsException) {
            return message.replaceFirst("^(Index|Range) .*out of bounds", "$1 out of bounds");
        }
        return exception.getClass().getSimpleName();
    }

    private static String file(@Nullable String name) {
        return name == null ? "?" : name;
    }

    private static boolean isHandler(String type) {
        String api = SimulatedFaults.class.getPackageName() + ".";
        boolean ours = (type.startsWith(api + "Simulated") && !type.contains("Test"))
                || type.startsWith(api + "internal.")
                || (type.startsWith(api) && OURS.contains(type.substring(api.length())))
                || type.startsWith(api + "PtRegs");
        boolean jdk = type.startsWith("java.") || type.startsWith("jdk.") || type.startsWith("sun.");
        return !ours && !jdk && !type.contains(".$Proxy");
    }
}
