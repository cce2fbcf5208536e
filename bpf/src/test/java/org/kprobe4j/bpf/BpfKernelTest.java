package org.kprobe4j.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.features.Features;

/** Maps and programs on the running kernel. */
@Tag("kernel")
class BpfKernelTest {
    private int openBefore;

    @BeforeEach
    void countOpen() {
        openBefore = OpenDescriptors.list().size();
    }

    @AfterEach
    void nothingLeaks() {
        assertThat(OpenDescriptors.tracking()).isTrue();
        assertThat(OpenDescriptors.list()).hasSize(openBefore);
    }

    private static byte[] u32(int value) {
        return ByteBuffer.allocate(4)
                .order(ByteOrder.nativeOrder())
                .putInt(value)
                .array();
    }

    private static byte[] u64(long value) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.nativeOrder())
                .putLong(value)
                .array();
    }

    @Test
    void hashMapKeepsWhatItIsGiven() {
        try (BpfMap map = BpfMap.create(MapType.HASH, "numbers", 4, 8, 16, 0)) {
            assertThat(map.lookup(u32(7))).isNull();
            map.update(u32(7), u64(77));
            assertThat(map.lookup(u32(7))).isEqualTo(u64(77));
            assertThat(map.nextKey(null)).isEqualTo(u32(7));
            assertThat(map.nextKey(u32(7))).isNull();
            assertThat(map.delete(u32(7))).isTrue();
            assertThat(map.delete(u32(7))).isFalse();
        }
    }

    @Test
    void fullHashMapSaysE2big() {
        try (BpfMap map = BpfMap.create(MapType.HASH, "full", 4, 8, 1, 0)) {
            map.update(u32(1), u64(1));
            assertThatThrownBy(() -> map.update(u32(2), u64(2)))
                    .isInstanceOf(SystemCallException.class)
                    .hasMessage("update map full: argument list too long (E2BIG)");
        }
    }

    @Test
    void perCpuMapHasAValueForEachCpu() {
        try (BpfMap map = BpfMap.create(MapType.PERCPU_ARRAY, "percpu", 4, 4, 1, 0)) {
            byte[] values = map.lookup(u32(0));
            assertThat(values).hasSize(map.valueBytes());
            assertThat(map.valueBytes() % 8).isZero();
        }
    }

    @Test
    void mappedArrayIsTheMap() {
        try (BpfMap map = BpfMap.create(MapType.ARRAY, "mapped", 4, 12, 3, BpfMap.MMAPABLE);
                MappedArray array = map.mmap()) {
            array.putLong(2, 0, 42);
            assertThat(map.lookup(u32(2))).startsWith(u64(42));
            assertThat(array.strideBytes()).isEqualTo(16);
            assertThat(array.getLong(2, 0)).isEqualTo(42);
        }
    }

    @Test
    void frozenMapRefusesUpdates() {
        try (BpfMap map = BpfMap.create(MapType.ARRAY, "frozen", 4, 8, 1, BpfMap.RDONLY_PROG)) {
            map.freeze();
            assertThatThrownBy(() -> map.update(u32(0), u64(1))).hasMessageContaining("EPERM");
        }
    }

    @Test
    void impossibleMapSaysWhatWasAsked() {
        assertThatThrownBy(() -> BpfMap.create(MapType.HASH, "odd", 0, 8, 1, 0))
                .isInstanceOf(SystemCallException.class)
                .hasMessage("create HASH map odd: refused with key 0, value 8 bytes, 1 entries, flags 0x0 (EINVAL)");
    }

    @Test
    void programCountsAndTellsItsInfo() {
        try (BpfMap map = BpfMap.create(MapType.ARRAY, "hits", 4, 8, 1, 0);
                BpfProgram program = BpfProgram.load(
                        ProgramSpec.builder(ProgramType.RAW_TRACEPOINT, "count hits", Insns.counting(map))
                                .build());
                BpfStats _ = BpfStats.enable()) {
            program.testRunContext(new byte[0]);
            program.testRunContext(new byte[0]);
            assertThat(map.lookup(u32(0))).isEqualTo(u64(2));
            ProgramInfo info = program.info();
            assertThat(info.id()).isPositive();
            assertThat(info.translatedBytes()).isPositive();
        }
    }

    @Test
    void refusedProgramCarriesTheWholeLog() {
        byte[] insns = new Insns().mov(1, 0).insn(0x79, 0, 1, 0, 0).exit();
        LoadException refused = catchThrowableOfType(
                LoadException.class,
                () -> BpfProgram.load(ProgramSpec.builder(ProgramType.SOCKET_FILTER, "broken", insns)
                        .build()));
        assertThat(refused.errno()).isEqualTo(Errno.EACCES);
        assertThat(refused.verdict()).startsWith("R1 invalid mem access");
        assertThat(refused.faultInstruction()).isEqualTo(1);
        assertThat(refused.log()).contains("processed");
        assertThat(refused)
                .hasMessageMatching(
                        "load SOCKET_FILTER program broken: R1 invalid mem access '\\w+' at insn 1 \\(EACCES\\); \\d+ log lines, see log\\(\\)");
    }

    @Test
    void logLargerThanTheFirstBufferIsWhole() {
        Insns many = new Insns();
        for (int i = 0; i < 400; i++) {
            many.mov(0, i);
        }
        ProgramSpec spec = ProgramSpec.builder(ProgramType.SOCKET_FILTER, "talkative", many.exit())
                .logLevel(2)
                .build();
        try (BpfProgram program = BpfProgram.load(spec)) {
            assertThat(program.log()).contains("processed 401 insns");
        }
    }

    @Test
    void brokenBtfIsRefused() {
        assertThatThrownBy(() -> BpfBtf.load(new byte[24]))
                .isInstanceOf(LoadException.class)
                .hasMessageContaining("load BTF of 24 bytes");
    }

    @Test
    void unknownTracepointIsEnoent() {
        byte[] nothing = new Insns().mov(0, 0).exit();
        try (BpfProgram program = BpfProgram.load(ProgramSpec.builder(ProgramType.RAW_TRACEPOINT, "nothing", nothing)
                .build())) {
            assertThatThrownBy(() -> BpfLink.rawTracepoint(program, "no_such_tracepoint"))
                    .isInstanceOf(AttachException.class)
                    .hasMessageContaining("ENOENT");
        }
    }

    /** Kernels before 5.11 charge it to RLIMIT_MEMLOCK. */
    @Test
    void largeMapRaisesTheMemoryLimit() {
        try (BpfMap map = BpfMap.create(MapType.ARRAY, "large", 4, 4096, 8192, 0)) {
            assertThat(map.lookup(u32(8191))).hasSize(4096);
        }
    }

    @Test
    void sleepableProgramIsRunByUserSpace() {
        byte[] seven = new Insns().mov(0, 7).exit();
        ProgramSpec spec = ProgramSpec.builder(ProgramType.SYSCALL, "seven", seven)
                .flags(ProgramSpec.SLEEPABLE)
                .build();
        if (Features.running().programType(ProgramType.SYSCALL).isYes()) {
            try (BpfProgram program = BpfProgram.load(spec)) {
                assertThat(program.testRunContext(new byte[0]).returnValue()).isEqualTo(7);
            }
        } else {
            assertThatThrownBy(() -> BpfProgram.load(spec)).isInstanceOf(LoadException.class);
        }
    }

    @Test
    void socketFilterRunsOnAPacket() {
        byte[] seven = new Insns().mov(0, 7).exit();
        try (BpfProgram program = BpfProgram.load(
                ProgramSpec.builder(ProgramType.SOCKET_FILTER, "seven", seven).build())) {
            assertThat(program.testRun(new byte[64]).returnValue()).isEqualTo(7);
        }
    }
}
