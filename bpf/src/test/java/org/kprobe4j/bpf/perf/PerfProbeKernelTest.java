package org.kprobe4j.bpf.perf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.AttachType;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.BpfLink;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.BpfProgram;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.Insns;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.MappedArray;
import org.kprobe4j.bpf.OpenDescriptors;
import org.kprobe4j.bpf.ProgramSpec;
import org.kprobe4j.bpf.ProgramType;
import org.kprobe4j.bpf.features.Features;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.SystemCalls;
import org.kprobe4j.bpf.symbols.Kallsyms;
import org.kprobe4j.bpf.symbols.KprobesList;
import org.kprobe4j.bpf.symbols.PlantedProbe;

/** Probes by the perf PMU on the running kernel. */
@Tag("kernel")
class PerfProbeKernelTest {
    /** What the kernel says of a place inside an instruction: on Arm, where they are all of one length, it does not decode them. */
    private static final int NO_BOUNDARY = System.getProperty("os.arch").equals("amd64") ? Errno.EILSEQ : Errno.EINVAL;

    private static final int IOC_DISABLE = 0x2401;
    private static final int CALLS = 2000;

    private BpfMap hits;
    private MappedArray counter;
    private BpfProgram program;

    @BeforeEach
    void load() {
        hits = BpfMap.create(MapType.ARRAY, "hits", 4, 8, 1, BpfMap.MMAPABLE);
        counter = hits.mmap();
        program = BpfProgram.load(ProgramSpec.builder(ProgramType.KPROBE, "count", Insns.counting(hits))
                .kernVersion(KernelVersion.running().code())
                .build());
    }

    @AfterEach
    void close() {
        program.close();
        counter.close();
        hits.close();
        assertThat(OpenDescriptors.list()).isEmpty();
        assertThat(KprobesList.read()).isEmpty();
    }

    static String getuid() {
        return switch (SystemCalls.linux().abi()) {
            case X86_64 -> "__x64_sys_getuid";
            case ARM64 -> "__arm64_sys_getuid";
            case ARM -> "sys_getuid";
        };
    }

    private static void callGetuid(int times) {
        for (int i = 0; i < times; i++) {
            SystemCalls.linux().getuid();
        }
    }

    @Test
    void kprobeHitsOnEveryCpu() throws InterruptedException {
        try (PerfProbe probe = PerfProbe.openKprobe(getuid(), 0, false)) {
            probe.attach(program);
            List<Thread> callers = List.of(
                    Thread.ofPlatform().start(() -> callGetuid(CALLS)),
                    Thread.ofPlatform().start(() -> callGetuid(CALLS)),
                    Thread.ofPlatform().start(() -> callGetuid(CALLS)));
            for (Thread caller : callers) {
                caller.join();
            }
            assertThat(counter.getLong(0, 0)).isBetween(3L * CALLS, 3L * CALLS + 50);
            assertThat(program.info().recursionMisses()).isIn(0L, -1L);
        }
    }

    @Test
    void locationIsWhereTheKernelPutIt() {
        try (PerfProbe probe = PerfProbe.openKprobe("kernel_clone", 0, false)) {
            ProbeLocation early = probe.location();
            probe.attach(program);
            ProbeLocation location = probe.location();
            PlantedProbe planted = KprobesList.read().getFirst();
            System.out.printf("location before %s after %s planted %s%n", early, location, planted);
            assertThat(location.confirmed()).isTrue();
            assertThat(location.addr()).isEqualTo(planted.address()).isEqualTo(early.addr());
            assertThat(location.symbol()).isEqualTo("kernel_clone");
            long base = Kallsyms.running().addressesOf("kernel_clone")[0];
            assertThat(location.offset()).isEqualTo(location.addr() - base);
            assertThat(probe.missed()).isIn(0L, -1L);
        }
    }

    @Test
    void probeByAddressIsNamed() {
        long address = Kallsyms.running().addressesOf("vfs_read")[0];
        try (PerfProbe probe = PerfProbe.openKprobe(null, address, false)) {
            probe.attach(program);
            System.out.println(probe.location());
            assertThat(probe.symbol()).isEqualTo("vfs_read");
            assertThat(probe.addr()).isBetween(address, address + 16);
        }
    }

    @Test
    void kretprobeHits() {
        try (PerfProbe probe = PerfProbe.openKprobe(getuid(), 0, true)) {
            probe.attach(program);
            callGetuid(CALLS);
            System.out.println(probe.location() + " missed " + probe.missed() + " list " + KprobesList.read());
            assertThat(counter.getLong(0, 0)).isBetween((long) CALLS, CALLS + 50L);
            assertThat(probe.location().confirmed()).isTrue();
        }
    }

    @Test
    void programOfADisabledEventStillRuns() {
        try (PerfProbe probe = PerfProbe.openKprobe(getuid(), 0, false)) {
            probe.attach(program);
            assertThat(SystemCalls.linux().ioctl(probe.fd(), IOC_DISABLE, 0)).isZero();
            callGetuid(100);
            assertThat(counter.getLong(0, 0)).isGreaterThanOrEqualTo(100);
        }
    }

    @Test
    void programBySetBpfRunsTheSame() {
        try (PerfProbe probe = PerfProbe.openKprobe(getuid(), 0, false)) {
            assertThat(SystemCalls.linux().ioctl(probe.fd(), Linux.PERF_EVENT_IOC_SET_BPF, program.fd()))
                    .isZero();
            callGetuid(100);
            assertThat(counter.getLong(0, 0)).isGreaterThanOrEqualTo(100);
        }
    }

    @Test
    void errnoIsExact() {
        assertErrno("vfs_raed", 0, false, Errno.ENOENT, "attach kprobe vfs_raed: no such symbol (ENOENT)");
        assertErrno(
                "vfs_read",
                1,
                false,
                NO_BOUNDARY,
                "attach kprobe vfs_read+0x1: not an instruction boundary (%s)".formatted(Errno.name(NO_BOUNDARY)));
        assertErrno(
                "vfs_read",
                5,
                true,
                Errno.EINVAL,
                "attach kretprobe vfs_read+0x5: a return probe must be at a function's entry (EINVAL)");
        assertErrno("x".repeat(600), 0, false, 0, null);
        assertErrno("", 0, false, 0, null);
        String blacklisted = "notify_die";
        assertErrno(blacklisted, 0, false, Errno.EINVAL, null);
        assertThat(KprobesList.forbidden(blacklisted, 0)).isNotNull();
        assertThat(KprobesList.forbidden("vfs_read", 0)).isNull();
        assertErrno(null, 4096, false, 0, null);
        assertErrno(null, 0, false, 0, null);
    }

    private void assertErrno(
            @Nullable String symbol, long offset, boolean isReturn, int errno, @Nullable String message) {
        try (PerfProbe probe = PerfProbe.openKprobe(symbol, offset, isReturn)) {
            throw new AssertionError("planted " + probe.location());
        } catch (BpfException e) {
            System.out.println(e);
            assertThat(e.errno()).isPositive();
            if (errno != 0) {
                assertThat(e.errno()).isEqualTo(errno);
            }
            if (message != null) {
                assertThat(e).hasMessage(message);
            }
        }
    }

    @Test
    void wrongProgramTypeIsRefused() {
        byte[] nothing = new Insns().mov(0, 0).exit();
        try (PerfProbe probe = PerfProbe.openKprobe("vfs_read", 0, false);
                BpfProgram filter = BpfProgram.load(ProgramSpec.builder(ProgramType.SOCKET_FILTER, "filter", nothing)
                        .build())) {
            assertThatThrownBy(() -> probe.attach(filter))
                    .isInstanceOf(AttachException.class)
                    .hasMessageContaining("EINVAL");
        }
    }

    @Test
    void closedProbeHitsNoMore() {
        PerfProbe probe = PerfProbe.openKprobe(getuid(), 0, false);
        probe.attach(program);
        callGetuid(10);
        probe.close();
        probe.close();
        long before = counter.getLong(0, 0);
        callGetuid(10);
        assertThat(counter.getLong(0, 0)).isEqualTo(before);
        assertThatThrownBy(probe::fd).hasMessageContaining("is closed");
    }

    /** Many functions at once where the feature probe says so; else the kernel refuses. */
    @Test
    void kprobeMultiHitsEntryAndReturn() {
        long[] address = Kallsyms.running().addressesOf(getuid());
        for (boolean isReturn : new boolean[] {false, true}) {
            ProgramSpec spec = ProgramSpec.builder(ProgramType.KPROBE, "multi", Insns.counting(hits))
                    .expectedAttachType(AttachType.TRACE_KPROBE_MULTI)
                    .build();
            long before = counter.getLong(0, 0);
            try (BpfProgram multi = BpfProgram.load(spec)) {
                if (!Features.running().kprobeMulti().isYes()) {
                    assertThatThrownBy(() -> BpfLink.kprobeMulti(multi, isReturn, address, new long[0]))
                            .isInstanceOf(BpfException.class);
                    continue;
                }
                try (BpfLink link = BpfLink.kprobeMulti(multi, isReturn, address, new long[] {5})) {
                    callGetuid(100);
                    assertThat(counter.getLong(0, 0) - before).isGreaterThanOrEqualTo(100);
                    assertThat(link.missed()).isEqualTo(KernelVersion.running().atLeast(6, 7) ? 0 : -1);
                }
            }
        }
    }

    /** A name that several functions have: refused from 6.7 on (and by those to which that was ported back). */
    @Test
    void ambiguousNameIsRefusedOrTheFirst() {
        Set<String> seen = new HashSet<>();
        List<String> twice = new ArrayList<>();
        Kallsyms.running().forEachFunction((bytes, from, to) -> {
            String name = new String(bytes, from, to - from, StandardCharsets.US_ASCII);
            if (!seen.add(name) && !name.contains(".")) {
                twice.add(name);
            }
            return twice.size() < 40;
        });
        int ambiguous = 0;
        for (String name : twice) {
            try (PerfProbe probe = PerfProbe.openKprobe(name, 0, false)) {
                assertThat(probe.symbol()).isNotEmpty();
            } catch (AttachException e) {
                ambiguous += e.errno() == Errno.EADDRNOTAVAIL ? 1 : 0;
            }
        }
        System.out.println(twice.size() + " names that are not unique, refused as such: " + ambiguous);
        if (KernelVersion.running().atLeast(6, 7)) {
            assertThat(ambiguous).isPositive();
        }
    }

    @Test
    void cookieNeedsALink() {
        try (PerfProbe probe = PerfProbe.openKprobe(getuid(), 0, false)) {
            if (KernelVersion.running().atLeast(5, 15)) {
                probe.attach(program, 77);
                callGetuid(10);
                assertThat(counter.getLong(0, 0)).isGreaterThanOrEqualTo(10);
            } else {
                assertThatThrownBy(() -> probe.attach(program, 77)).hasMessageContaining("cookie");
            }
        }
    }

    /** Plants and removes while the function is being called on all CPUs. */
    @Test
    void plantingAtFullRateIsSafe() throws InterruptedException {
        AtomicBoolean stop = new AtomicBoolean();
        Thread caller = Thread.ofPlatform().start(() -> {
            while (!stop.get()) {
                callGetuid(10);
            }
        });
        for (int i = 0; i < 20; i++) {
            try (PerfProbe probe = PerfProbe.openKprobe(getuid(), 0, i % 2 == 0)) {
                probe.attach(program);
                callGetuid(10);
            }
        }
        stop.set(true);
        caller.join();
        assertThat(counter.getLong(0, 0)).isGreaterThanOrEqualTo(200);
    }
}
