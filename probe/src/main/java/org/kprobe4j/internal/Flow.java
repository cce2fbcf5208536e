package org.kprobe4j.internal;

import java.util.Map;
import org.kprobe4j.compiler.RegisterValue;

/** What follows an instruction, as far as its bytes tell. */
sealed interface Flow {
    /**
     * The next instruction in memory.
     *
     * @param stackPointer what the stack pointer is then
     * @param repeated a string instruction with a repeat prefix
     */
    record Next(RegisterValue stackPointer, boolean repeated) implements Flow {}

    /**
     * A transfer of control, a move from one register to another, a no-op: all that it does to the registers is known before.
     *
     * @param what in words
     * @param changes the registers that hold another value then
     */
    record Transfer(String what, Map<String, RegisterValue> changes) implements Flow {}

    /** Anything else, in words. */
    record Refused(String what) implements Flow {}
}
