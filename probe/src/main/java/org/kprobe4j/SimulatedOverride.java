package org.kprobe4j;

import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.CompiledProgram;

/** What a pre handler in the JVM has its function return: as in the kernel, the last wish of a handler that came to its end. */
final class SimulatedOverride {
    private @Nullable PtRegs registers;
    private @Nullable SimulatedFault wished;
    private long value;
    private OptionalLong carriedOut = OptionalLong.empty();

    /** Before a pre handler. */
    void begin(PtRegs regs) {
        registers = regs;
        wished = null;
        carriedOut = OptionalLong.empty();
    }

    void wish(PtRegs regs, long returned) {
        if (registers == null) {
            throw new UsageException(
                    "Kernel.overrideReturn works in a kprobe's pre handler only: there the function has not begun to run");
        } else if (!registers.equals(regs)) {
            throw new UsageException("Kernel.overrideReturn takes the handler's own registers");
        }
        value = returned;
        // Made here: its stack tells the line.
        wished = new SimulatedFault(CompiledProgram.OVERRIDDEN);
    }

    /** After a pre handler; gives what is to be counted. */
    @Nullable
    SimulatedFault end(boolean stopped) {
        registers = null;
        if (stopped || wished == null) {
            return null;
        }
        carriedOut = OptionalLong.of(value);
        return wished;
    }

    OptionalLong carriedOut() {
        return carriedOut;
    }
}
