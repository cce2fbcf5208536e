package org.kprobe4j.compiler;

import java.util.Optional;

/**
 * All that a program depends on.
 *
 * @param handler its bytecode and captures
 * @param host the Java program around it
 * @param architecture of the machine that will run it
 * @param btf the types of the kernel that will run it
 * @param shape where it will be attached
 * @param planted where the probe is planted
 * @param dataClass internal name of the private data's class, if there is one
 * @param firstFormatId id of its first printed line
 */
public record CompileRequest(
        HandlerCode handler,
        HostProgram host,
        Architecture architecture,
        KernelBtf btf,
        ProgramShape shape,
        Planted planted,
        Optional<String> dataClass,
        int firstFormatId) {}
