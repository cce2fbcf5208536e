package org.kprobe4j.compiler.internal.front;

import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;

/** A handler that has the probed function return without having run. */
final class ErrorInjection {
    private ErrorInjection() {}

    static Operand overrideReturn(CallSite site) {
        if (!(site.translation().request().shape() instanceof ProgramShape.Pre pre)) {
            throw new Refusal(
                    "Kernel.overrideReturn works in a kprobe's pre handler only: there the function has not begun to run");
        }
        if (!pre.injectsErrors()) {
            throw new Refusal(
                    "Kernel.overrideReturn changes what the kernel does, so the probe must allow it: Kprobe.at(…).allowErrorInjection()");
        }
        if (!(site.argument(0) instanceof Operand.Registers)) {
            throw new Refusal("Kernel.overrideReturn takes the handler's own registers");
        }
        int counted = site.translation().faultSite(CompiledProgram.OVERRIDDEN, false);
        site.builder().append(Kind.INT, new Opcode.OverrideReturn(counted), site.scalar(1));
        return CallSite.NOTHING;
    }
}
