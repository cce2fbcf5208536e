package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.features.Features;

/** One probe at many places. */
@Tag("kernel")
@SuppressWarnings("try") // closes early to read the final account
class ManyPlacesKernelTest {
    private static final Path NULL = Path.of("/dev/null");

    private record Hit(@MaxBytes(64) String name, long addr, int pid) {}

    private static void writeAndRead(int times) throws IOException {
        try (var channel = FileChannel.open(Path.of("/dev/zero"), StandardOpenOption.READ);
                var sink = FileChannel.open(NULL, StandardOpenOption.WRITE)) {
            var bytes = ByteBuffer.allocateDirect(1);
            for (int i = 0; i < times; i++) {
                channel.read(bytes.clear());
                sink.write(bytes.clear());
            }
        }
    }

    @Test
    void countsByPlaceWhatTheProcessItselfDid() throws Exception {
        int pid = (int) ProcessHandle.current().pid();
        try (var counts = KernelMap.of(Long.class, Long.class, 1024);
                var kp = Kprobe.at("vfs_*,!vfs_iocb*")
                        .preHandler((p, regs) -> {
                            if (Kernel.pid() == pid) {
                                counts.add(p.addr(), 1);
                            }
                            return 0;
                        })
                        .register()) {
            assertThat(kp.places().size()).isGreaterThan(20);
            assertThat(kp.symbolName()).isEqualTo("vfs_*,!vfs_iocb*");
            writeAndRead(1000);
            Map<String, Long> byName = kp.places().stream()
                    .filter(place -> counts.containsKey(place.addr()))
                    .collect(Collectors.toMap(ProbePlace::symbolName, place -> counts.get(place.addr())));
            assertThat(byName.get("vfs_read")).isBetween(1000L, 1200L);
            assertThat(byName.get("vfs_write")).isBetween(1000L, 1200L);
            Map<String, Long> hits = kp.hits().entrySet().stream()
                    .collect(Collectors.toMap(entry -> entry.getKey().symbolName(), Map.Entry::getValue));
            assertThat(hits.get("vfs_read")).isGreaterThanOrEqualTo(byName.get("vfs_read"));
            kp.close();
            long sum = kp.hits().values().stream().mapToLong(n -> n).sum();
            ProbeAccount account = kp.account();
            assertThat(sum + account.missed() + account.recursion()).isEqualTo(account.hits());
        }
    }

    @Test
    void tellsWhichPlaceWasHit() throws Exception {
        int pid = (int) ProcessHandle.current().pid();
        try (var ring = RingBuffer.of(Hit.class);
                var kp = Kprobe.at("vfs_read,vfs_write,vfs_fsync_range")
                        .preHandler((p, regs) -> {
                            if (Kernel.pid() == pid) {
                                ring.emit(new Hit(p.symbolName(), p.addr(), Kernel.pid()));
                            }
                            return 0;
                        })
                        .register()) {
            writeAndRead(10);
            kp.close();
            Map<String, Long> addresses =
                    kp.places().stream().collect(Collectors.toMap(ProbePlace::symbolName, ProbePlace::addr));
            var hits = new ArrayList<Hit>();
            ring.drainTo(hits);
            assertThat(hits).hasSizeGreaterThanOrEqualTo(20);
            assertThat(hits)
                    .allSatisfy(hit -> assertThat(addresses.get(hit.name())).isEqualTo(hit.addr()));
            assertThat(hits.stream().filter(hit -> hit.name().equals("vfs_write")))
                    .hasSizeGreaterThanOrEqualTo(10);
        }
    }

    /** Names are planted as a pattern would be that matches them. */
    @Test
    void namesGetOneLinkAsPatternsDo() throws Exception {
        Mechanism link = Features.running().kprobeMulti().isYes() ? Mechanism.KPROBE_MULTI : Mechanism.PERF_KPROBE;
        try (var named = Kprobe.at("vfs_read,vfs_write")
                        .preHandler((p, regs) -> 0)
                        .register();
                var matched = Kprobe.at("/^vfs_(read|write)$/")
                        .preHandler((p, regs) -> 0)
                        .register();
                var inside = Kprobe.at("vfs_read,vfs_write," + insideAFunction())
                        .preHandler((p, regs) -> 0)
                        .register()) {
            writeAndRead(20);
            assertThat(named.plan().chosen())
                    .isEqualTo(link)
                    .isEqualTo(matched.plan().chosen());
            assertThat(named.hits().values())
                    .allSatisfy(hits -> assertThat(hits).isGreaterThanOrEqualTo(20));
            assertThat(inside.plan().chosen()).isEqualTo(Mechanism.PERF_KPROBE);
        }
    }

    /** A place that no link can hold, wherever the next instructions begin on this kernel. */
    private static String insideAFunction() {
        for (int offset = 5; offset < 32; offset++) {
            try (var probe = Kprobe.at("vfs_fsync_range+" + offset)
                    .preHandler((p, regs) -> 0)
                    .register()) {
                return "vfs_fsync_range+" + offset;
            } catch (RegistrationException e) {
                // On Arm every odd offset is an invalid argument.
                assertThat(e.errno()).isIn(Errno.EILSEQ, Errno.EINVAL);
            }
        }
        throw new AssertionError("no instruction of vfs_fsync_range can be probed");
    }

    @Test
    void returnsOfManyFunctionsKnowTheirEntries() throws Exception {
        int pid = (int) ProcessHandle.current().pid();
        try (var counts = KernelMap.of(Long.class, Long.class, 1024);
                var wrong = Counter.of();
                var rp = Kretprobe.at("vfs_read,vfs_write", Entered.class)
                        .entryHandler((ri, regs) -> {
                            ri.data().addr = ri.addr();
                            ri.data().bytes = regs.arg(2);
                            return Kernel.pid() == pid ? 0 : 1;
                        })
                        .handler((ri, regs) -> {
                            if (ri.data().addr != ri.addr() || regs.returnValue() > ri.data().bytes) {
                                wrong.increment();
                            }
                            counts.add(ri.addr(), 1);
                            return 0;
                        })
                        .register()) {
            writeAndRead(200);
            rp.close();
            assertThat(wrong.sum()).isZero();
            Map<String, Long> byName = rp.places().stream()
                    .collect(Collectors.toMap(ProbePlace::symbolName, place -> counts.get(place.addr())));
            assertThat(byName.get("vfs_read")).isGreaterThanOrEqualTo(200);
            assertThat(byName.get("vfs_write")).isGreaterThanOrEqualTo(200);
            ProbeAccount account = rp.account();
            assertThat(account.hits())
                    .isEqualTo(account.delivered()
                            + account.filtered()
                            + account.inFlight()
                            + account.missed()
                            + account.recursion()
                            + account.mapFull()
                            + account.faulted());
        }
    }

    @Test
    void returnsWithoutEntryOfMany() throws Exception {
        int pid = (int) ProcessHandle.current().pid();
        try (var counts = KernelMap.of(Long.class, Long.class, 1024);
                var rp = Kretprobe.at("vfs_read*,vfs_write*")
                        .handler((ri, regs) -> {
                            if (Kernel.pid() == pid && regs.returnValue() == 1) {
                                counts.add(ri.addr(), 1);
                            }
                            return 0;
                        })
                        .register()) {
            writeAndRead(200);
            Map<String, Long> byName = rp.places().stream()
                    .filter(place -> counts.containsKey(place.addr()))
                    .collect(Collectors.toMap(ProbePlace::symbolName, place -> counts.get(place.addr())));
            assertThat(byName.get("vfs_read")).isGreaterThanOrEqualTo(200);
            assertThat(byName.get("vfs_write")).isGreaterThanOrEqualTo(200);
        }
    }

    @Test
    void skipsWhatCannotBeProbedAndSaysWhy() {
        try (var kp = Kprobe.at("kprobe_*,vfs_read").preHandler((p, regs) -> 0).register()) {
            assertThat(kp.places()).extracting(ProbePlace::symbolName).contains("vfs_read");
            assertThat(kp.skipped())
                    .isNotEmpty()
                    .allSatisfy(place -> assertThat(place.reason()).isNotEmpty());
        }
        assertThatThrownBy(() -> Kprobe.at("vfs_read,vfs_raed")
                        .preHandler((p, regs) -> 0)
                        .register())
                .isInstanceOf(RegistrationException.class)
                .hasMessage(
                        "register_kprobe failed, returned -2 (ENOENT): vfs_raed: no such function; nearest: vfs_read, vcs_read, vfs_readv");
    }

    @Test
    void namesFromAFile(@TempDir Path folder) throws Exception {
        Path names = Files.write(folder.resolve("names.txt"), List.of("# two of them", "vfs_read", "vfs_write"));
        try (var kp = Kprobe.at("@" + names).preHandler((p, regs) -> 0).register()) {
            assertThat(kp.places())
                    .extracting(ProbePlace::symbolName)
                    .containsExactlyInAnyOrder("vfs_read", "vfs_write");
        }
    }

    @Test
    void aNameOfSeveralFunctionsIsProbedAtEach() {
        try (var kp = Kprobe.at("c_start").preHandler((p, regs) -> 0).register()) {
            assertThat(kp.places().size()).isGreaterThan(1);
            assertThat(kp.places()).allSatisfy(place -> {
                assertThat(place.symbolName()).isEqualTo("c_start");
                assertThat(place.note())
                        .contains("of " + (kp.places().size() + kp.skipped().size()));
            });
        }
    }

    @Test
    void ofANameThatFewOfItsFunctionsCanBeProbedAtTheOthersAreSkipped() {
        try (var kp = Kprobe.at("t_start").preHandler((p, regs) -> 0).register()) {
            assertThat(kp.places()).isNotEmpty();
            assertThat(kp.places().size() + kp.skipped().size()).isGreaterThan(3);
            assertThat(kp.skipped())
                    .allSatisfy(place -> assertThat(place.reason()).isNotEmpty());
        }
    }

    @Test
    void returnsOfHundredsOfFunctionsWithTheirEntries() throws Exception {
        int pid = (int) ProcessHandle.current().pid();
        try (var nested = Counter.of();
                var rp = Kretprobe.at("vfs_*,security_file_*,rw_verify_area", Entered.class)
                        .entryHandler((ri, regs) -> {
                            ri.data().addr = ri.addr();
                            return Kernel.pid() == pid ? 0 : 1;
                        })
                        .handler((ri, regs) -> {
                            if (ri.data().addr != ri.addr()) {
                                nested.increment();
                            }
                            return 0;
                        })
                        .register()) {
            writeAndRead(500);
            rp.close();
            assertThat(nested.sum()).isZero();
            System.err.printf("%d functions, returns: %s%n", rp.places().size(), rp.account());
            assertThat(rp.account().delivered()).isGreaterThan(1500);
            // Calls of the JVM's other threads, when the probe was removed: each may be in some of these functions at
            // once.
            assertThat(rp.account().inFlight()).isLessThan(5 * tasks());
            ProbeAccount account = rp.account();
            assertThat(account.hits())
                    .isEqualTo(account.delivered()
                            + account.filtered()
                            + account.inFlight()
                            + account.endedInside()
                            + account.missed()
                            + account.recursion()
                            + account.mapFull()
                            + account.faulted());
        }
    }

    private static long tasks() throws IOException {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            return tasks.count();
        }
    }

    @Test
    void aThousandFunctions() {
        long before = System.nanoTime();
        try (var kp = Kprobe.at("tcp_*,ip*,ext4_*,__x64_sys_*")
                .preHandler((p, regs) -> 0)
                .register()) {
            long planted = System.nanoTime();
            System.err.printf(
                    "%d places, %d skipped in %d ms%n",
                    kp.places().size(), kp.skipped().size(), (planted - before) / 1_000_000);
            before = System.nanoTime();
        }
        System.err.printf("removed in %d ms%n", (System.nanoTime() - before) / 1_000_000);
    }

    static final class Entered {
        long addr;
        long bytes;
    }
}
