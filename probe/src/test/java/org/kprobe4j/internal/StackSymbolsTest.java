package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.Failure;
import org.kprobe4j.bpf.UnsupportedException;
import org.kprobe4j.bpf.symbols.Symbol;
import org.kprobe4j.bpf.usersymbols.UserSymbol;
import org.kprobe4j.bpf.usersymbols.UserSymbols;
import org.kprobe4j.internal.StackSymbols.Stack;

class StackSymbolsTest {
    private final List<String> asked = new ArrayList<>();

    /** Functions of 0x100 bytes; those from 0xffffffffc0000000 on are a module's, the ones below 0x1000 have no name. */
    private List<Symbol> kernel(long... addresses) {
        asked.add(Arrays.toString(addresses));
        return Arrays.stream(addresses)
                .mapToObj(address -> address < 0x1000 && address >= 0
                        ? new Symbol(address, null, 0, 0, null)
                        : new Symbol(
                                address,
                                "fn_%x".formatted(address >>> 8 & 0xff),
                                address & 0xff,
                                0x100,
                                address >= 0xffffffffc0000000L ? "nfs" : null))
                .toList();
    }

    private static List<UserSymbol> user(int pid, long... addresses) {
        return Arrays.stream(addresses)
                .mapToObj(address -> new UserSymbol(address, pid == 7 ? "work" : null, 4, "/bin/x", 0x1000))
                .toList();
    }

    private final StackSymbols symbols = new StackSymbols(this::kernel, StackSymbolsTest::user);

    @Test
    void returnAddressBehindALastCallBelongsToTheCaller() {
        MemorySegment record = MemorySegment.ofArray(
                new long[] {99, 32, 0xffffffff81000100L, 0xffffffff81000300L, 0xffffffffc0000405L, 0x10, 0x20});
        assertThat(symbols.kernel(StackSymbols.read(record, 8, 5)))
                .containsExactly("fn_1+0x0/0x100", "fn_2+0x100/0x100", "fn_4+0x5/0x100 [nfs]", "0x10");
    }

    @Test
    void eachAddressIsLookedUpOnce() {
        symbols.kernel(new Stack(List.of(0x2001L, 0x2001L, 0x3001L, 0x3001L), 0));
        symbols.kernel(new Stack(List.of(0x2001L, 0x3001L, 0x4001L), 0));
        assertThat(asked).containsExactly("[8193, 8192, 12288]", "[16384]");
    }

    @Test
    void userFrames() {
        Stack stack = new Stack(List.of(0x5000L, 0x6000L), 0);
        assertThat(symbols.user(7, stack)).containsExactly("work+0x4 (/bin/x)", "work+0x5 (/bin/x)");
        assertThat(symbols.user(8, stack)).containsExactly("0x5000 (/bin/x+0x1000)", "0x6000 (/bin/x+0x1001)");
    }

    @Test
    @SuppressWarnings("restricted")
    void framesOfThisProcess() {
        long qsort = Linker.nativeLinker().defaultLookup().findOrThrow("qsort").address();
        StackSymbols real = new StackSymbols(this::kernel, UserSymbols.running()::symbolize);
        int pid = (int) ProcessHandle.current().pid();
        assertThat(real.user(pid, new Stack(List.of(qsort + 2, qsort + 5), 0)))
                .satisfiesExactly(
                        first -> assertThat(first).startsWith("qsort+0x2 (").contains("libc"),
                        second -> assertThat(second).startsWith("qsort+0x5 (").contains("libc"));
    }

    @Test
    void absenceIsSaid() {
        assertThat(symbols.kernel(StackSymbols.read(MemorySegment.ofArray(new long[] {-14}), 0, 3)))
                .containsExactly("<no stack: the task has none (EFAULT)>");
        assertThat(symbols.user(7, new Stack(List.of(), 17)))
                .containsExactly("<stack lost: another one has its place in the map (EEXIST)>");
        assertThat(symbols.user(7, new Stack(List.of(), 12))).containsExactly("<stack lost: the map is full (ENOMEM)>");
        assertThat(symbols.user(7, new Stack(List.of(), 2)))
                .containsExactly("<stack gone: it was taken out of the map (ENOENT)>");
        assertThat(symbols.user(7, new Stack(List.of(), 95))).containsExactly("<no stack: EOPNOTSUPP>");
        assertThat(symbols.user(7, new Stack(List.of(), 0))).containsExactly("<no frames>");
    }

    @Test
    void valueOfAStackTraceMapEndsAtAZero() {
        ByteBuffer value = ByteBuffer.allocate(40).order(ByteOrder.nativeOrder());
        value.putLong(0x5000).putLong(0x6000);
        assertThat(StackSymbols.read(value.array()).addresses()).containsExactly(0x5000L, 0x6000L);
    }

    @Test
    void hiddenKernelAddressesStayNumbers() {
        StackSymbols hidden = new StackSymbols(
                _ -> {
                    throw new UnsupportedException(new Failure("read", "/proc/kallsyms", 0, "hidden", null));
                },
                StackSymbolsTest::user);
        assertThat(hidden.kernel(new Stack(List.of(0xffffffff81000100L, 0xffffffff81000200L), 0)))
                .containsExactly("0xffffffff81000100", "0xffffffff81000200");
    }
}
