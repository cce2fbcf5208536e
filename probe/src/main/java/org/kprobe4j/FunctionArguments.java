package org.kprobe4j;

/**
 * The arguments of the probed function, by the names of its parameters. Extend it with an interface that names those that a
 * handler reads:
 *
 * <pre>{@code
 * // ssize_t vfs_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
 * interface VfsRead extends FunctionArguments { File file(); long count(); long pos(int index); }
 *
 * regs.args(VfsRead.class).count()
 * }</pre>
 *
 * <p>Names and types are those of the function's prototype in the kernel's BTF when the handler is compiled; {@link Name} gives
 * a name that Java cannot spell. A method's type is a primitive at least as wide as the parameter, a Java enum, or a {@link
 * KernelStruct} for a pointer to a structure; a method with one parameter of type int or long gives an element of what a
 * pointer leads to. What the calling convention leaves undefined above an argument's own bits is cut off.
 *
 * <p>{@link PtRegs#args} reads the registers, so it is for the function's first instruction; {@link KretprobeInstance#args}
 * keeps the values for the return handler. Since kernel: 5.5 with CONFIG_DEBUG_INFO_BTF, modules since 5.11.
 */
public interface FunctionArguments {}
