package org.kprobe4j;

/**
 * A structure of the kernel. Extend it with an interface that names the fields that a handler reads:
 *
 * <pre>{@code
 * interface TaskStruct extends KernelStruct { MmStruct mm(); int pid(); long startTime(); }
 * interface MmStruct extends KernelStruct {}
 * }</pre>
 *
 * <p>The interface {@code TaskStruct} stands for {@code struct task_struct}, the method {@code startTime()} for the field {@code
 * start_time}; {@link Name} gives a name that Java cannot spell. Offsets come from the running kernel's BTF when the handler is
 * compiled. A field may stand in an anonymous structure or union inside. Where the kernel declares a structure without a name, or
 * has none of the interface's name, the interface stands for what the kernel declares there; an interface with {@link Name} is
 * read as the structure of that name, whatever is declared. A method's type is
 *
 * <ul>
 *   <li>a primitive at least as wide as the field, also of a bit field; a {@code boolean} is whether it is not 0;
 *   <li>an interface for a structure or union, or a pointer to one;
 *   <li>an array ({@code int[]}, {@code Page[]}) of a field that is an array of known length: {@code length}, {@code a[i]} and the
 *       for statement mean what they do in Java; it cannot be written;
 *   <li>String for an array of char or a {@code char *} ({@link MaxBytes}, {@link UserMemory});
 *   <li>a Java enum whose constants have the names of the kernel's: {@code ==}, {@code switch} and printing with {@code %s}.
 * </ul>
 *
 * <p>A method with one parameter of type int or long gives one element of an array or of what a pointer leads to: {@code File
 * fd(int index)} for {@code struct file **fd}. Where the kernel does not tell the length, there is no check of it.
 *
 * <p>Every read is safe: one that faults stops the handler and is counted, as an exception would end Java code; {@link OnFault}
 * makes it go on. A pointer to memory of a process needs {@link UserMemory}.
 *
 * <p>Since kernel: 5.5 with CONFIG_DEBUG_INFO_BTF.
 */
public interface KernelStruct {
    /**
     * Whether this is the null pointer.
     *
     * @return true for address 0
     */
    boolean isNull();

    /**
     * Where it is.
     *
     * @return kernel address
     */
    long address();
}
