package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.internal.Machine;

/** Calls that never return, overlap, nest, and come and go with the probe: each account is compared with what the workload did. */
@Tag("kernel")
@ExtendWith(LeftNothingBehind.class)
class KretprobeScenariosKernelTest {
    /** O_LARGEFILE. Source: include/uapi/asm-generic/fcntl.h, arch/arm64/include/uapi/asm/fcntl.h. */
    private static final int LARGE_FILE = Machine.architecture() == Architecture.X86_64 ? 0x8000 : 0x2_0000;

    private static final int WAITERS = 200;

    static final class Start {
        long stamp;
        long sp;
    }

    record Exec(long tidAtEntry, long tidAtReturn, long result) {}

    record Nested(long spDelta, long entered) {}

    @TempDir
    private Path folder;

    private static long sum(ProbeAccount account) {
        return account.delivered()
                + account.filtered()
                + account.inFlight()
                + account.endedInside()
                + account.missed()
                + account.recursion()
                + account.mapFull()
                + account.faulted();
    }

    // ---- more calls than instances, and other times than the probe's ----

    @ParameterizedTest
    @CsvSource({"1, 1", "20, 20", "4096, 200"})
    void calls_beyond_maxactive_are_missed_and_their_entry_handlers_not_run(int maxactive, int followed)
            throws InterruptedException {
        var entries = Counter.of();
        var rp = Kretprobe.at(Waiters.FUNCTION, Start.class)
                .maxactive(maxactive)
                .entryHandler((ri, regs) -> {
                    entries.increment();
                    ri.data().stamp = Kernel.ktimeNs();
                    return 0;
                })
                .handler((ri, regs) -> 0)
                .register();
        try (entries) {
            try (rp) {
                Waiters waiters = Waiters.start(WAITERS);
                assertThat(rp.account().inFlight()).isEqualTo(followed);
                waiters.wake();
            }
            assertThat(entries.sum()).isEqualTo(followed);
        }
        assertThat(rp.account().delivered()).isEqualTo(followed);
        assertThat(rp.nmissed()).isEqualTo(WAITERS - followed);
        assertThat(rp.account().hits()).isEqualTo(WAITERS).isEqualTo(sum(rp.account()));
    }

    @Test
    void calls_that_were_inside_when_the_probe_was_planted_are_not_seen() throws InterruptedException {
        Waiters before = Waiters.start(30);
        var rp = Kretprobe.at(Waiters.FUNCTION, Start.class)
                .maxactive(100)
                .entryHandler((ri, regs) -> 0)
                .handler((ri, regs) -> 0)
                .register();
        try (rp) {
            Waiters.call(5);
            before.wake();
        }
        assertThat(rp.account().hits()).isEqualTo(5);
        assertThat(rp.account().delivered()).isEqualTo(5);
    }

    @Test
    void calls_that_are_inside_when_the_probe_is_removed_are_in_flight() throws InterruptedException {
        var rp = Kretprobe.at(Waiters.FUNCTION, Start.class)
                .maxactive(100)
                .entryHandler((ri, regs) -> 0)
                .handler((ri, regs) -> 0)
                .register();
        Waiters waiters;
        try (rp) {
            Waiters.call(4);
            waiters = Waiters.start(7);
        }
        waiters.wake();
        assertThat(rp.account().delivered()).isEqualTo(4);
        assertThat(rp.account().inFlight()).isEqualTo(7);
        assertThat(rp.account().hits()).isEqualTo(11);
        assertThat(rp.account().toString()).startsWith("11 hits = 4 delivered + 7 in flight");
    }

    @Test
    void an_ignored_call_holds_its_instance_until_it_returns() throws InterruptedException {
        var rp = Kretprobe.at(Waiters.FUNCTION, Start.class)
                .maxactive(20)
                .entryHandler((ri, regs) -> 1)
                .handler((ri, regs) -> 0)
                .register();
        try (rp) {
            Waiters.call(50);
        }
        assertThat(rp.account().filtered()).isEqualTo(20);
        assertThat(rp.account().missed()).isEqualTo(30);
        assertThat(rp.account().hits()).isEqualTo(50);
        assertThat(rp.account().delivered()).isZero();
    }

    // ---- calls that never return ----

    /** A shell under a name of its own, so that its processes can be told from others. */
    private Path shell() throws IOException {
        return Files.copy(
                Path.of("/bin/sh").toRealPath(),
                folder.resolve("k4jshell"),
                StandardCopyOption.COPY_ATTRIBUTES,
                StandardCopyOption.REPLACE_EXISTING);
    }

    private static void run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor())
                .as("%s: %s", String.join(" ", command), output)
                .isZero();
    }

    @Test
    void processes_that_exit_end_inside() throws IOException, InterruptedException {
        int processes = 3000;
        String shell = shell().toString();
        var rp = Kretprobe.at("do_exit", Start.class)
                .maxactive(200)
                .entryHandler((ri, regs) -> Kernel.comm().equals("k4jshell") ? 0 : 1)
                .handler((ri, regs) -> 0)
                .register();
        try (rp) {
            run(shell, "-c", "i=0; while [ $i -lt %d ]; do (:); i=$((i+1)); done".formatted(processes));
        }
        // On a preemptible kernel an exit now and then meets kprobe4j looking into the map of calls, and is counted so.
        assertThat(rp.account().endedInside() + rp.account().recursion())
                .as(rp.account().toString())
                .isEqualTo(processes + 1);
        assertThat(rp.account().delivered()).isZero();
        assertThat(rp.account().inFlight()).isZero();
        assertThat(rp.account().mapFull()).isZero();
        assertThat(rp.account().missed()).isZero();
        assertThat(rp.account().hits()).isEqualTo(sum(rp.account()));
        assertThat(rp.account().toString()).contains("0 delivered", " ended inside (their tasks exited)");
    }

    @Test
    void threads_that_exit_end_inside() throws InterruptedException {
        int pid = (int) ProcessHandle.current().pid();
        var started = Counter.of();
        var rp = Kretprobe.at("do_exit", Start.class)
                .maxactive(200)
                .entryHandler((ri, regs) -> {
                    if (Kernel.pid() != pid) {
                        return 1;
                    }
                    started.increment();
                    return 0;
                })
                .handler((ri, regs) -> 0)
                .register();
        try (started) {
            try (rp) {
                for (int i = 0; i < 300; i++) {
                    Thread.ofPlatform().name("short-lived").start(() -> {}).join();
                }
                // A thread is joined before it exits.
                while (hasTask("short-lived")) {
                    Thread.sleep(10);
                }
            }
            assertThat(rp.account().endedInside()).isEqualTo(started.sum()).isGreaterThanOrEqualTo(300);
        }
        assertThat(rp.account().inFlight()).isZero();
        assertThat(rp.account().hits()).isEqualTo(sum(rp.account()));
    }

    private static boolean hasTask(String name) {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            return tasks.anyMatch(task -> name.equals(comm(task)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String comm(Path task) {
        try {
            return Files.readString(task.resolve("comm")).strip();
        } catch (IOException e) {
            return "gone";
        }
    }

    @Test
    void many_calls_that_ended_inside_are_taken_out_while_the_probe_is_there() throws InterruptedException {
        int pid = (int) ProcessHandle.current().pid();
        int threads = 300;
        // With as much private data the map is small, so that it is swept.
        var rp = Kretprobe.at("do_exit", PrivateDataKernelTest.Bytes4096.class)
                .maxactive(400)
                .entryHandler((ri, regs) -> Kernel.pid() == pid ? 0 : 1)
                .handler((ri, regs) -> 0)
                .register();
        try (rp) {
            // All of them have stacks of their own, which are not used again at once.
            Waiters.call(threads);
            for (int i = 0; i < 600 && rp.account().endedInside() <= threads / 2; i++) {
                Thread.sleep(100);
            }
            // The few that ended after the first look stay until the probe is closed: the map is not full enough any
            // more.
            assertThat(rp.account().endedInside()).isGreaterThan(threads / 2);
            assertThat(rp.account().hits()).isEqualTo(sum(rp.account()));
        }
        assertThat(rp.account().inFlight()).isZero();
        assertThat(rp.account().missed()).isZero();
        assertThat(rp.account().hits())
                .isEqualTo(rp.account().endedInside()
                        + rp.account().filtered()
                        + rp.account().recursion());
    }

    @Test
    void an_execve_by_another_thread_than_the_first_returns() throws Exception {
        List<Exec> calls = Collections.synchronizedList(new ArrayList<>());
        var events = RingBuffer.of(Exec.class);
        var rp = Kretprobe.at(Waiters.PREFIX + "execve", Start.class)
                .entryHandler((ri, regs) -> {
                    ri.data().stamp = Kernel.tid();
                    return Kernel.tid() == Kernel.pid() ? 1 : 0;
                })
                .handler((ri, regs) -> {
                    events.emit(new Exec(ri.data().stamp, Kernel.tid(), regs.returnValue()));
                    return 0;
                })
                .register();
        long child;
        try (events) {
            events.forEach(calls::add);
            try (rp) {
                Process process =
                        java(Waiters.Execs.class).redirectErrorStream(true).start();
                child = process.pid();
                String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                assertThat(process.waitFor()).as(output).isZero();
            }
        }
        assertThat(calls).singleElement().satisfies(call -> {
            assertThat(call.result()).isZero();
            assertThat(call.tidAtEntry()).isNotEqualTo(child);
            assertThat(call.tidAtReturn()).isEqualTo(child);
        });
        assertThat(rp.account().delivered()).isOne();
        assertThat(rp.account().endedInside()).isZero();
        assertThat(rp.account().inFlight()).isZero();
    }

    private static ProcessBuilder java(Class<?> main) {
        return new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName());
    }

    // ---- nesting ----

    @Test
    void an_overlay_on_an_overlay_nests_calls() throws Exception {
        for (String name : List.of("t", "a", "b")) {
            Files.createDirectory(folder.resolve(name));
        }
        Path tmpfs = folder.resolve("t");
        run("mount", "-t", "tmpfs", "none", tmpfs.toString());
        try {
            for (String name : List.of("l1", "u1", "w1", "u2", "w2")) {
                Files.createDirectory(tmpfs.resolve(name));
            }
            Files.writeString(tmpfs.resolve("l1/file"), "text");
            overlay(tmpfs, folder.resolve("a"), "l1", "1");
            overlay(tmpfs, folder.resolve("b"), folder.resolve("a").toString(), "2");
            stat(folder.resolve("b/file"), 1);
            List<Nested> returns = Collections.synchronizedList(new ArrayList<>());
            var events = RingBuffer.of(Nested.class);
            var rp = Kretprobe.at("ovl_getattr", Start.class)
                    .entryHandler((ri, regs) -> {
                        ri.data().stamp = Kernel.ktimeNs();
                        ri.data().sp = regs.sp();
                        return 0;
                    })
                    .handler((ri, regs) -> {
                        events.emit(new Nested(regs.sp() - ri.data().sp, ri.data().stamp));
                        return 0;
                    })
                    .register();
            try (events) {
                events.forEach(returns::add);
                try (rp) {
                    stat(folder.resolve("b/file"), 50);
                }
            }
            assertThat(rp.account().delivered()).isEqualTo(100);
            assertThat(rp.account().hits()).isEqualTo(100);
            assertThat(returns)
                    .hasSize(100)
                    .allMatch(call -> call.spDelta() == (Machine.architecture() == Architecture.X86_64 ? 8 : 0));
            for (int i = 0; i < 100; i += 2) {
                // The inner call, which was entered second, returns first.
                assertThat(returns.get(i).entered())
                        .isGreaterThan(returns.get(i + 1).entered());
            }
        } finally {
            run("sh", "-c", "cd %s; umount b; umount a; umount t".formatted(folder));
        }
    }

    private static void overlay(Path tmpfs, Path at, String lower, String number) throws Exception {
        run(
                "mount",
                "-t",
                "overlay",
                "none",
                "-o",
                "lowerdir=%s,upperdir=%s,workdir=%s"
                        .formatted(tmpfs.resolve(lower), tmpfs.resolve("u" + number), tmpfs.resolve("w" + number)),
                at.toString());
    }

    private static void stat(Path file, int times) throws IOException {
        for (int i = 0; i < times; i++) {
            assertThat(Files.size(file)).isEqualTo(4);
        }
    }

    // ---- an unloaded module, a killed process ----

    @Test
    void a_module_that_is_unloaded_takes_its_function_along() throws Exception {
        run("modprobe", "null_blk", "nr_devices=1", "queue_mode=2");
        var rp = Kretprobe.at("null_queue_rq", Start.class)
                .entryHandler((ri, regs) -> 0)
                .handler((ri, regs) -> 0)
                .register();
        long reads;
        try (rp) {
            long before = reads();
            run("dd", "if=/dev/nullb0", "of=/dev/null", "bs=4096", "count=500");
            reads = reads() - before;
            run("modprobe", "-r", "null_blk");
            assertThat(rp.account().delivered()).isEqualTo(reads);
            assertThat(rp.account().hits()).isEqualTo(sum(rp.account()));
        }
        assertThat(reads).isPositive();
        assertThat(rp.account().delivered()).isEqualTo(reads);
        assertThat(rp.account().hits()).isEqualTo(reads);
    }

    /** Source: Documentation/block/stat.rst. */
    private static long reads() throws IOException {
        return Long.parseLong(
                Files.readString(Path.of("/sys/block/nullb0/stat")).strip().split(" +")[0]);
    }

    @Test
    void a_killed_process_leaves_an_event_that_the_next_registration_removes() throws Exception {
        Path events = Path.of("/sys/kernel/tracing/kprobe_events");
        Path probes = Path.of("/sys/kernel/debug/kprobes/list");
        Process process = java(Waiters.Killed.class).redirectErrorStream(true).start();
        try (var output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            assertThat(output.readLine()).isEqualTo("planted");
        }
        Waiters waiters = Waiters.start(10);
        assertThat(Files.readString(probes)).contains(Waiters.FUNCTION);
        process.destroyForcibly();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        // The programs are gone and nothing hits the probe any more; the event itself stays until somebody removes it.
        assertThat(Files.readAllLines(probes)).allMatch(probe -> probe.contains("[DISABLED]"));
        assertThat(Files.readString(events)).contains("kprobe4j_" + process.pid() + "_");
        Kprobe.at(DevNull.FUNCTION).preHandler((p, regs) -> 0).register().close();
        assertThat(Files.readString(events)).doesNotContain("kprobe4j_");
        assertThat(Files.readString(probes)).isEmpty();
        waiters.wake();
    }

    // ---- what came back ----

    interface File extends KernelStruct {
        int fFlags();
    }

    record Opened(long value, int flags) {}

    @Test
    void the_return_value_has_its_type() throws Exception {
        int pid = (int) ProcessHandle.current().pid();
        List<Opened> opened = Collections.synchronizedList(new ArrayList<>());
        var events = RingBuffer.of(Opened.class);
        var bind = Kretprobe.at("__sys_bind")
                .handler((ri, regs) -> {
                    if (Kernel.pid() == pid) {
                        events.emit(new Opened(ri.returnValue(), 0));
                    }
                    return 0;
                })
                .register();
        var open = Kretprobe.at(KernelFunctions.first("do_filp_open", "do_file_open"))
                .handler((ri, regs) -> {
                    if (Kernel.pid() == pid && ri.returnValue() >= -4095 && ri.returnValue() < 0) {
                        events.emit(new Opened(ri.returnValue(), 1));
                    } else if (Kernel.pid() == pid && ri.returnValue(File.class).fFlags() == LARGE_FILE) {
                        events.emit(new Opened(0, ri.returnValue(File.class).fFlags()));
                    }
                    return 0;
                })
                .register();
        try (events) {
            events.forEach(opened::add);
            try (bind;
                    open) {
                try (var socket = new java.net.ServerSocket()) {
                    socket.bind(new java.net.InetSocketAddress("192.0.2.1", 0));
                } catch (IOException e) {
                    // It is not an address of this machine.
                }
                try (Stream<String> lines = Files.lines(Path.of("/nowhere/at/all"))) {
                    assertThat(lines).isEmpty();
                } catch (IOException e) {
                    // There is no such file.
                }
                Files.readString(Path.of("/proc/self/stat"));
            }
        }
        assertThat(opened).contains(new Opened(-99, 0), new Opened(-2, 1), new Opened(0, LARGE_FILE));
        assertThat(open.account().faulted()).isZero();
    }
}
