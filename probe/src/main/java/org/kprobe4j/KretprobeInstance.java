package org.kprobe4j;

import org.jspecify.annotations.Nullable;

/**
 * One call in flight of a function that a kretprobe watches. Its private data is zero when the entry handler starts and is
 * kept for the return handler of the same call, also when the function recurses. In the JVM, {@link SimulatedKernel#call} makes one.
 *
 * @param <D> class of the private data: fields of type boolean, byte, short, char, int, long
 */
public final class KretprobeInstance<D> {
    private final String symbolName;
    private final long addr;
    private final @Nullable D data;
    private boolean followed = true;
    private @Nullable PtRegs entry;
    private @Nullable PtRegs returned;

    KretprobeInstance(String symbolName, long addr, @Nullable D data) {
        this.symbolName = symbolName;
        this.addr = addr;
        this.data = data;
    }

    /** Whether the entry handler, if there was one, wants the return handler to run. */
    boolean isFollowed() {
        return followed;
    }

    void entered(PtRegs regs) {
        entry = regs;
    }

    void returned(PtRegs regs) {
        returned = regs;
    }

    void followed(boolean wanted) {
        followed = wanted;
    }

    /**
     * The private data of this instance; its fields are read and written in the kernel.
     *
     * @return the data
     */
    public D data() {
        if (data == null) {
            throw new UsageException(
                    "this probe has no private data; name its class: Kretprobe.at(symbol, MyData.class)");
        }
        return data;
    }

    /**
     * The arguments of this call by their names: in the entry handler as the registers hold them, in the return handler as they
     * were at the entry. Those that the return handler reads are kept for it, behind the private data.
     *
     * @param type an interface that names the parameters to read
     * @param <T> that interface
     * @return the arguments
     */
    public <T extends FunctionArguments> T args(Class<T> type) {
        SimulatedKernel kernel = SimulatedKernel.current();
        if (kernel == null) {
            throw SimulatedKernel.outside("args(" + type.getSimpleName() + ".class)");
        }
        return kernel.arguments(atEntry(), type);
    }

    /**
     * An argument register of this call: in the entry handler as it is, in the return handler as it was at the entry, kept behind the
     * private data. Bits above a narrow parameter mean nothing; {@link #args} knows the types.
     *
     * @param n 0 for the first; a constant
     * @return the register; on a 32-bit machine sign-extended
     */
    public long arg(int n) {
        if (SimulatedKernel.current() == null) {
            throw SimulatedKernel.outside("arg(" + n + ")");
        }
        return atEntry().arg(n);
    }

    private PtRegs atEntry() {
        if (entry == null) {
            throw new UsageException(
                    "this call of %s was not entered; enter it with SimulatedKernel.runEntry, or enter without an entry handler"
                            .formatted(symbolName));
        }
        return entry;
    }

    /**
     * What the function returned, as the kernel's BTF declares its type: the lower bits of the register that belong to it, sign- or
     * zero-extended; of a {@code bool} 0 or 1, of a pointer its address, of an enumeration its number. {@link PtRegs#returnValue()} is
     * the whole register, in which the bits above an {@code int} mean nothing. A handler is refused where the function returns nothing,
     * or where BTF does not have it: static functions that the compiler changed ({@code .isra.0}, {@code .constprop.0}). In a
     * {@link SimulatedKernel} it is what the test put into the register.
     *
     * @return the value
     */
    public long returnValue() {
        return atReturn("returnValue()").returnValue();
    }

    /**
     * The structure that the function returned a pointer to. Of a pointer that holds an error (ERR_PTR) reading a field is a fault, as of
     * any address that is not mapped; {@link #returnValue()} is between -4095 and -1 then.
     *
     * @param type an interface that names the structure's fields; refused if the function does not return a pointer to that structure
     * @param <T> that interface
     * @return the structure; {@link KernelStruct#isNull()} if the pointer was null
     */
    public <T extends KernelStruct> T returnValue(Class<T> type) {
        PtRegs regs = atReturn("returnValue(" + type.getSimpleName() + ".class)");
        return Kernel.struct(regs.returnValue(), type);
    }

    private PtRegs atReturn(String call) {
        if (SimulatedKernel.current() == null) {
            throw SimulatedKernel.outside(call);
        } else if (returned == null) {
            throw new UsageException("this call of %s has not returned yet; use ri.%s in the return handler"
                    .formatted(symbolName, call));
        }
        return returned;
    }

    /**
     * What the probe was asked for.
     *
     * @return the function's name
     */
    public String symbolName() {
        return symbolName;
    }

    /**
     * Where the probe is planted.
     *
     * @return kernel address
     */
    public long addr() {
        return addr;
    }
}
