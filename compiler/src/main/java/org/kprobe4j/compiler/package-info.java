/**
 * From a handler's JVM bytecode to an eBPF program. {@link org.kprobe4j.compiler.Compiler#compile} takes all that a program
 * depends on, a {@link org.kprobe4j.compiler.CompileRequest}, and gives a {@link org.kprobe4j.compiler.CompiledProgram}, or a
 * {@link org.kprobe4j.compiler.CompileException} with every reason why the handler cannot run in the kernel, each with file
 * and line. The same request gives the same program, on any machine and without rights.
 *
 * <p>What the compiler must know of its surroundings it asks through two types: {@link org.kprobe4j.compiler.HostProgram} for the
 * Java program (class files, values of final fields, ring buffers), {@link org.kprobe4j.compiler.Architecture} for the machine.
 *
 * <p>What user space must know to read a program's output comes with it: {@link org.kprobe4j.compiler.PrintFormat} for printed
 * lines, {@link org.kprobe4j.compiler.RecordLayout} for events, {@link org.kprobe4j.compiler.Account} for what became of the hits.
 *
 * <p>All types here are immutable or without state, so safe for use by several threads, as far as the {@code HostProgram} is.
 */
package org.kprobe4j.compiler;
