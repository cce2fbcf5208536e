/**
 * Kernel probes whose handlers are written in Java.
 *
 * <p>A handler is a lambda or a method reference. When its probe is registered its bytecode is compiled to eBPF, checked by the
 * kernel's verifier and planted; from then on it runs in the kernel, not in the JVM.
 *
 * <pre>{@code
 * void main(String[] args) {
 *     var run = Args.of(args, "symbol");
 *     try (var kp = Kprobe.at(run.get("symbol", "kernel_clone"))
 *             .preHandler((p, regs) -> {
 *                 Kernel.printf("%s called by %s", p.symbolName(), Kernel.comm());
 *                 return 0;
 *             })
 *             .register()) {
 *         run.await();
 *     }
 * }
 * }</pre>
 *
 * <ul>
 *   <li>{@link org.kprobe4j.Kprobe} and {@link org.kprobe4j.Kretprobe} plant probes,
 *   <li>{@link org.kprobe4j.Kernel} is what a handler can ask the kernel, {@link org.kprobe4j.PtRegs} the registers,
 *       {@link org.kprobe4j.KernelStruct} the way to its structures,
 *   <li>{@link org.kprobe4j.RingBuffer} brings records out, {@link org.kprobe4j.Log} takes printed lines,
 *   <li>{@link org.kprobe4j.Args} makes a program of it: parameters, a command to run, Ctrl-C.
 * </ul>
 */
package org.kprobe4j;
