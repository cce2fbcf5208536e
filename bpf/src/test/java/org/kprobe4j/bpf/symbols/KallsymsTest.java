package org.kprobe4j.bpf.symbols;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kprobe4j.bpf.UnsupportedException;
import org.kprobe4j.bpf.internal.Abi;
import org.kprobe4j.bpf.internal.FakeKernel;

class KallsymsTest {
    private static final String LINES = """
            0000000000000000 A fixed_percpu_data
            ffffffff81000000 T _stext
            ffffffff81000100 T vfs_read
            ffffffff81000100 T vfs_read_alias
            ffffffff81000300 t vfs_read.cold
            ffffffff81000400 T vfs_write
            ffffffff81000500 t dup
            ffffffff82000000 D vfs_data
            ffffffffc0002000 t mod_b\t[beta]
            ffffffffc0001000 t mod_a\t[alpha]
            ffffffffc0001080 t dup\t[alpha]
            """;

    private final FakeKernel kernel = new FakeKernel().file("/proc/kallsyms", LINES);
    private final Kallsyms kallsyms = Kallsyms.of(kernel);

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 30, 31, 32, 4096})
    void piecesMayEndAnywhere(int readBytes) {
        kernel.readBytes = readBytes;
        assertThat(kallsyms.addressesOf("vfs_read")).containsExactly(0xffffffff81000100L);
        assertThat(kallsyms.addressesOf("dup")).containsExactly(0xffffffff81000500L, 0xffffffffc0001080L);
        assertThat(kallsyms.addressesOf("vfs")).isEmpty();
        assertThat(kallsyms.addressesOf("vfs_data")).isEmpty();
        assertThat(kernel.openNow()).isEmpty();
    }

    @Test
    void addressesAreNamedAsTheKernelPrintsThem() {
        List<Symbol> symbols = kallsyms.symbolize(
                0xffffffffc0001010L,
                0xffffffff81000100L,
                0xffffffff810003ffL,
                0xffffffffc0002004L,
                16,
                0xffffffff81000100L);
        assertThat(symbols)
                .extracting(Symbol::toString)
                .containsExactly(
                        "mod_a+0x10/0x80 [alpha]",
                        "vfs_read+0x0/0x200",
                        "vfs_read.cold+0xff/0x100",
                        "mod_b+0x4/0x0 [beta]",
                        "0x10",
                        "vfs_read+0x0/0x200");
        assertThat(kallsyms.symbolize(16)).isNull();
    }

    @Test
    void nearestNamesAreFunctions() {
        assertThat(kallsyms.nearest("vfs_raed", 2)).containsExactly("vfs_read");
        assertThat(kallsyms.nearest("vfs_wrte", 5)).startsWith("vfs_write");
        assertThat(kallsyms.nearest("zzzzzzzzzzzz", 5)).isEmpty();
    }

    @Test
    void variablesAreFoundInOnePass() {
        FakeKernel with = new FakeKernel().file("/proc/kallsyms", LINES + """
                ffffffff82000010 d state
                ffffffffc0003000 d state\t[alpha]
                ffffffff82000020 b twice
                ffffffff82000030 b twice
                ffffffffc0003010 D mod_data\t[beta]
                ffffffff82000040 T init_task
                ffffffff82000050 T state
                """);
        Kallsyms symbols = Kallsyms.of(with);
        assertThat(symbols.variables(
                        Set.of("fixed_percpu_data", "vfs_data", "vfs_dat", "init_task", "state", "twice", "mod_data")))
                .containsOnly(
                        Map.entry("fixed_percpu_data", List.of(0L)),
                        Map.entry("vfs_data", List.of(0xffffffff82000000L)),
                        // Marked as code, as Linux 7.2 does.
                        Map.entry("init_task", List.of(0xffffffff82000040L)),
                        Map.entry("state", List.of(0xffffffff82000010L)),
                        Map.entry("twice", List.of(0xffffffff82000020L, 0xffffffff82000030L)),
                        Map.entry("mod_data", List.of(0xffffffffc0003010L)));
        assertThat(symbols.nearestVariables("vfs_dta", 3)).containsExactly("vfs_data");
        assertThat(symbols.nearestVariables("vfs_raed", 3)).isEmpty();
    }

    @Test
    void visitorSeesNamesAndMayStop() {
        List<String> names = new ArrayList<>();
        kallsyms.forEachFunction((bytes, from, to) -> {
            names.add(new String(bytes, from, to - from, java.nio.charset.StandardCharsets.US_ASCII));
            return names.size() < 7;
        });
        assertThat(names)
                .containsExactly("_stext", "vfs_read", "vfs_read_alias", "vfs_read.cold", "vfs_write", "dup", "mod_b");
    }

    @Test
    void narrowAddressesHaveEightDigits() {
        kernel.abi = Abi.ARM;
        kernel.file("/proc/kallsyms", "80100000 T vfs_read\nbf000000 t m\t[mod]\n");
        assertThat(kallsyms.addressesOf("vfs_read")).containsExactly(0x80100000L);
        assertThat(kallsyms.symbolize(0xbf000010L)).hasToString("m+0x10/0x0 [mod]");
    }

    @Test
    void hiddenAddressesAreSaidWithTheRemedy() {
        kernel.file("/proc/kallsyms", "0000000000000000 T vfs_read\n0000000000000000 T vfs_write\n")
                .file("/proc/self/status", "CapEff:\t000000c000000000\n")
                .file("/proc/sys/kernel/kptr_restrict", "1\n");
        assertThatThrownBy(() -> kallsyms.addressesOf("vfs_read"))
                .isInstanceOf(UnsupportedException.class)
                .hasMessage("read /proc/kallsyms: the kernel shows every address as 0: CAP_SYSLOG is missing; "
                        + "run as root, or give it CAP_SYSLOG, too");
        assertThatThrownBy(() -> kallsyms.symbolize(5)).isInstanceOf(UnsupportedException.class);
        assertThat(kallsyms.nearest("vfs_raed", 1)).containsExactly("vfs_read");
    }

    @Test
    void missingFileIsSaid() {
        kernel.files.clear();
        assertThatThrownBy(() -> kallsyms.addressesOf("x"))
                .hasMessage("read /proc/kallsyms: no such file or directory (ENOENT); "
                        + "the kernel needs CONFIG_KALLSYMS, and /proc mounted");
    }

    /** Against the obvious quadratic way, on symbols in any order. */
    @Property
    void symbolizeAgreesWithTheObviousWay(
            @ForAll @Size(max = 40) List<@IntRange(min = 1, max = 500) Integer> symbols,
            @ForAll @Size(min = 1, max = 20) List<@IntRange(max = 520) Integer> addresses) {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < symbols.size(); i++) {
            lines.append("%016x t s%d%n".formatted(symbols.get(i), i));
        }
        FakeKernel other = new FakeKernel().file("/proc/kallsyms", lines + "ffffffffffffff00 T end\n");
        List<Symbol> found = Kallsyms.of(other)
                .symbolize(addresses.stream().mapToLong(Integer::longValue).toArray());
        for (int i = 0; i < addresses.size(); i++) {
            assertThat(found.get(i)).isEqualTo(obvious(symbols, addresses.get(i)));
        }
    }

    private static Symbol obvious(List<Integer> symbols, int address) {
        int best = -1;
        long next = 0xffffffffffffff00L;
        for (int i = 0; i < symbols.size(); i++) {
            int symbol = symbols.get(i);
            if (symbol <= address && (best < 0 || symbol > symbols.get(best))) {
                best = i;
            }
            if (symbol > address && Long.compareUnsigned(symbol, next) < 0) {
                next = symbol;
            }
        }
        return best < 0
                ? new Symbol(address, null, 0, 0, null)
                : new Symbol(address, "s" + best, address - symbols.get(best), next - symbols.get(best), null);
    }
}
