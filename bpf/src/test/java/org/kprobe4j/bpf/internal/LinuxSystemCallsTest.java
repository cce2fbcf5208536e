package org.kprobe4j.bpf.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@SuppressWarnings("restricted")
class LinuxSystemCallsTest {
    private final List<Long> arguments = new ArrayList<>();
    private byte[] epollEvent = new byte[0];

    private SystemCalls on(Abi abi) {
        return new LinuxSystemCalls(abi, (number, a1, a2, a3, a4, a5, a6) -> {
            arguments.addAll(List.of((long) number, a1, a2, a3, a4, a5, a6));
            if (number == Call.EPOLL_CTL.number(abi)) {
                epollEvent = MemorySegment.ofAddress(a4)
                        .reinterpret(abi.epollEventBytes())
                        .toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
            }
            return 7;
        });
    }

    /** The numbers that strace and the kernel's tables show, one line per architecture. */
    @ParameterizedTest
    @CsvSource({
        "X86_64, 321, 298, 9, 11, 291, 233, 232, 16, 3, 0, 1, 257, 290, 302",
        "ARM64, 280, 241, 222, 215, 20, 21, 22, 29, 57, 63, 64, 56, 19, 261",
        "ARM, 386, 364, 192, 91, 357, 251, 252, 54, 6, 3, 4, 322, 356, 369"
    })
    void numbersAreTheArchitectures(
            Abi abi,
            int bpf,
            int perf,
            int mmap,
            int munmap,
            int create,
            int control,
            int wait,
            int ioctl,
            int close,
            int read,
            int write,
            int openat,
            int eventfd,
            int prlimit) {
        Call[] calls = {
            Call.BPF, Call.PERF_EVENT_OPEN, Call.MMAP, Call.MUNMAP, Call.EPOLL_CREATE1, Call.EPOLL_CTL, Call.EPOLL_WAIT,
            Call.IOCTL, Call.CLOSE, Call.READ, Call.WRITE, Call.OPENAT, Call.EVENTFD2, Call.PRLIMIT64
        };
        int[] numbers = {
            bpf, perf, mmap, munmap, create, control, wait, ioctl, close, read, write, openat, eventfd, prlimit
        };
        for (int i = 0; i < calls.length; i++) {
            assertThat(calls[i].number(abi)).as(calls[i].name()).isEqualTo(numbers[i]);
        }
    }

    @Test
    void noNumberIsUsedTwice() {
        for (Abi abi : Abi.values()) {
            assertThat(java.util.Arrays.stream(Call.values()).map(call -> call.number(abi)))
                    .doesNotHaveDuplicates();
        }
    }

    @Test
    void armCountsMappingOffsetsInUnitsOf4096() {
        on(Abi.ARM).mmap(8192, Linux.PROT_READ, Linux.MAP_SHARED, 5, 3 * 4096);
        assertThat(arguments).containsExactly(192L, 0L, 8192L, 1L, 1L, 5L, 3L);
    }

    @Test
    void otherArchitecturesCountMappingOffsetsInBytes() {
        on(Abi.ARM64).mmap(65536, Linux.PROT_READ, Linux.MAP_SHARED, 5, 65536);
        assertThat(arguments).containsExactly(222L, 0L, 65536L, 1L, 1L, 5L, 65536L);
    }

    @Test
    void epollEventIsPackedOnX86Only() {
        boolean little = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
        on(Abi.X86_64).epollAdd(3, 9);
        assertThat(epollEvent).hasSize(12);
        assertThat(epollEvent[little ? 4 : 11]).isEqualTo((byte) 9);
        on(Abi.ARM).epollAdd(3, 9);
        assertThat(epollEvent).hasSize(16);
        assertThat(epollEvent[little ? 8 : 15]).isEqualTo((byte) 9);
    }

    @Test
    void ioctlRequestIsNotSignExtended() {
        on(Abi.X86_64).ioctl(3, 0x80042407, 1);
        assertThat(arguments).startsWith(16L, 3L, 0x80042407L, 1L);
    }

    @Test
    void unknownArchitectureIsNamed() {
        assertThat(Abi.of("aarch64")).isEqualTo(Abi.ARM64);
        assertThatThrownBy(() -> Abi.of("riscv64"))
                .hasMessage("kprobe4j has no system-call table for os.arch riscv64; it knows amd64, aarch64 and arm");
    }
}
