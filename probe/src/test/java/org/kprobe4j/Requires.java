package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.internal.Machine;

/** What some tests need and not every kernel has; each is asked for where it must be there. */
public final class Requires {
    private Requires() {}

    /** Whether the kernel has types; of the kernels that are tested, only Debian's for 32-bit Arm are built without. */
    public static boolean hasTypes() {
        boolean here = Machine.btf().isPresent();
        assertThat(here).isEqualTo(Machine.architecture() != Architecture.ARM);
        return here;
    }

    /** Skips the test where the kernel has no types. */
    public static void types() {
        assumeTrue(hasTypes(), "this kernel has no BTF (CONFIG_DEBUG_INFO_BTF)");
    }

    /** Skips a test of what only x86-64 has: its registers, the several names of its system calls. */
    public static void x86() {
        assumeTrue(
                Machine.architecture() == Architecture.X86_64, "it is about registers or names that only x86-64 has");
    }
}
