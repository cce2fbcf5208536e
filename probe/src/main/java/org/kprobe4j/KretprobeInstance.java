package org.kprobe4j;

/**
 * One call in flight of a function that a kretprobe watches. Its private data is zero when the entry handler starts and is
 * kept for the return handler of the same call, also when the function recurses.
 *
 * @param <D> class of the private data: fields of type boolean, byte, short, char, int, long
 */
public final class KretprobeInstance<D> {
    private KretprobeInstance() {}

    private static IllegalStateException outside() {
        return new IllegalStateException(
                "a kretprobe's instance has a meaning only inside a handler, which runs in the kernel");
    }

    /**
     * The private data of this instance; its fields are read and written in the kernel.
     *
     * @return the data
     */
    public D data() {
        throw outside();
    }

    /**
     * What the probe was asked for.
     *
     * @return the function's name
     */
    public String symbolName() {
        throw outside();
    }

    /**
     * Where the probe is planted.
     *
     * @return kernel address
     */
    public long addr() {
        throw outside();
    }
}
