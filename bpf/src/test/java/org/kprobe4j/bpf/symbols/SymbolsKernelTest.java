package org.kprobe4j.bpf.symbols;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Symbols of the running kernel. */
@Tag("kernel")
class SymbolsKernelTest {
    private static <T> T timed(String what, java.util.function.Supplier<T> work) {
        long start = System.nanoTime();
        T result = work.get();
        System.out.println(what + ": " + (System.nanoTime() - start) / 1000 + " us");
        return result;
    }

    @Test
    void namesAndAddressesAgree() {
        Kallsyms kallsyms = Kallsyms.running();
        for (int i = 0; i < 3; i++) {
            long[] found = timed("addressesOf", () -> kallsyms.addressesOf("vfs_read"));
            assertThat(found).hasSize(1);
            Symbol symbol = timed("symbolize 1", () -> kallsyms.symbolize(found[0] + 8));
            assertThat(symbol.name()).isEqualTo("vfs_read");
            assertThat(symbol.offset()).isEqualTo(8);
            assertThat(symbol.sizeBytes()).isPositive();
            System.out.println(symbol);
        }
        assertThat(kallsyms.addressesOf("no_such_function_at_all")).isEmpty();
        assertThat(timed("nearest", () -> kallsyms.nearest("vfs_raed", 3))).startsWith("vfs_read");
        System.out.println(kallsyms.nearest("do_sys_opnat2", 5));
    }

    @Test
    void kprobesFolderIsReadable() {
        assertThat(KprobesList.enabled()).isTrue();
        assertThat(KprobesList.forbidden(null, 1)).isNull();
    }
}
