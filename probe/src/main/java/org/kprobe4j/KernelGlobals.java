package org.kprobe4j;

/**
 * Variables of the kernel, by their symbols. Extend it with an interface that names those that a handler reads:
 *
 * <pre>{@code
 * interface Vm extends KernelGlobals {
 *     long jiffies();
 *     TaskStruct initTask();
 *     @PerCpu Rq runqueues();
 *     @PerCpu Rq runqueues(int cpu);
 * }
 *
 * Kernel.globals(Vm.class).jiffies()
 * }</pre>
 *
 * <p>The method {@code initTask()} stands for the variable {@code init_task}; {@link Name} gives a name that Java cannot spell.
 * A primitive type is as wide as the variable, unless the kernel's BTF tells the variable's own type, as it does of each CPU's
 * own ({@link PerCpu}) and, since kernel 6.15, may do of all. An interface of type {@link KernelStruct} means that the variable
 * itself is the structure; of a pointer read the {@code long} and use {@link Kernel#struct}. Addresses are those of
 * /proc/kallsyms when the handler is compiled. Every read is safe.
 */
public interface KernelGlobals {}
