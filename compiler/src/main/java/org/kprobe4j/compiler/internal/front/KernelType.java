package org.kprobe4j.compiler.internal.front;

import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType;

/** A type of the kernel, by its number in the types that it belongs to. */
record KernelType(Btf btf, int id) {
    /** What it is behind typedefs and qualifiers. */
    BtfType target() {
        return btf.resolve(id);
    }

    /** What it refers to: an array's elements, a pointer's target. */
    KernelType to(int other) {
        return new KernelType(btf, other);
    }

    int sizeBytes() {
        return Math.toIntExact(btf.sizeOf(id));
    }

    /** As C spells it. */
    String spelled() {
        return btf.nameOf(id);
    }
}
