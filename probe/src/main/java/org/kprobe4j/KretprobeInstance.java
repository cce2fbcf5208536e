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
        } else if (entry == null) {
            throw new UsageException(
                    "this call of %s was not entered; enter it with SimulatedKernel.runEntry, or enter without an entry handler"
                            .formatted(symbolName));
        }
        return kernel.arguments(entry, type);
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
