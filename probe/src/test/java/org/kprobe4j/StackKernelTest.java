package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Stacks of the kernel and of this process, in lines, events and keys. */
@Tag("kernel")
@ExtendWith(LeftNothingBehind.class)
class StackKernelTest {
    record Slow(int pid, KernelStack stack) {}

    record Short(
            @MaxFrames(2) KernelStack kernel, @MaxFrames(3) UserStack user, long after) {}

    record Where(int pid, KernelStack kernel, UserStack user) {}

    private static final int PID = (int) ProcessHandle.current().pid();

    private static List<String> symbols(KernelStack stack) {
        return stack.frames().stream().map(KernelStack.Frame::symbol).toList();
    }

    private static <T> List<T> received(List<T> list, int count) throws InterruptedException {
        for (int i = 0; i < 6000 && list.size() < count; i++) {
            Thread.sleep(10);
        }
        return List.copyOf(list);
    }

    @Test
    void anEventTellsHowItsFunctionWasReached() throws Exception {
        List<Slow> slow = Collections.synchronizedList(new ArrayList<>());
        try (var events = RingBuffer.of(Slow.class)) {
            events.forEach(slow::add);
            try (var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        events.emit(new Slow(Kernel.pid(), Kernel.stack()));
                        return 0;
                    })
                    .register()) {
                DevNull.seek(3);
                assertThat(kp.account().recordsLost()).isZero();
            }
            List<Slow> all = received(slow, 3);
            assertThat(all).hasSize(3).allMatch(s -> s.pid() == PID);
            KernelStack stack = all.getFirst().stack();
            System.out.println("event:\n" + stack + "\n" + stack.folded());
            assertThat(symbols(stack).getFirst()).isEqualTo(DevNull.FUNCTION);
            assertThat(symbols(stack)).containsSubsequence(DevNull.FUNCTION, "do_syscall_64");
            assertThat(symbols(stack)).anyMatch(s -> s.contains("sys_lseek"));
            assertThat(stack.folded()).endsWith(";" + DevNull.FUNCTION).contains("do_syscall_64;");
            assertThat(stack.toString().lines().findFirst().orElseThrow())
                    .matches("null_lseek\\+0x[0-9a-f]+/0x[0-9a-f]+");
            assertThat(all.get(2).stack()).isEqualTo(stack).hasSameHashCodeAs(stack);
            assertThat(stack.addresses()).hasSameSizeAs(stack.frames());
        }
    }

    @Test
    void aReturnProbesStackBeginsWithTheFunctionThatReturns() throws Exception {
        List<Slow> slow = Collections.synchronizedList(new ArrayList<>());
        try (var events = RingBuffer.of(Slow.class)) {
            events.forEach(slow::add);
            try (var rp = Kretprobe.at(DevNull.FUNCTION)
                    .handler((ri, regs) -> {
                        events.emit(new Slow(Kernel.pid(), Kernel.stack()));
                        return 0;
                    })
                    .register()) {
                DevNull.seek(1);
                assertThat(rp.account().faulted()).isZero();
            }
            KernelStack stack = received(slow, 1).getFirst().stack();
            System.out.println("return:\n" + stack + "\n" + stack.folded());
            assertThat(symbols(stack)).startsWith(DevNull.FUNCTION);
            // Behind endbr64, if there is one.
            assertThat(stack.frames().getFirst().offset()).isBetween(0L, 4L);
            assertThat(stack.folded()).endsWith(DevNull.FUNCTION).doesNotContain("trampoline");
        }
    }

    @Test
    void stacksAreCutWhereTheComponentSaysSo() throws Exception {
        List<Short> cut = Collections.synchronizedList(new ArrayList<>());
        try (var events = RingBuffer.of(Short.class)) {
            events.forEach(cut::add);
            try (var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        events.emit(new Short(Kernel.stack(), Kernel.userStack(), 77));
                        return 0;
                    })
                    .register()) {
                DevNull.seek(1);
                assertThat(kp.account().hits()).isOne();
            }
            Short one = received(cut, 1).getFirst();
            System.out.println("user:\n" + one.user() + "\n" + one.user().folded());
            assertThat(one.after()).isEqualTo(77);
            assertThat(one.kernel().frames()).hasSize(2);
            assertThat(one.user().pid()).isEqualTo(PID);
            assertThat(one.user().frames()).hasSizeBetween(1, 3);
            assertThat(one.user().frames().getFirst().symbol()).contains("lseek");
            assertThat(one.user().toString()).contains("lseek").contains("libc");
        }
    }

    /** Two ways into the same function. */
    private static long read(RandomAccessFile file, int times) throws IOException {
        long sum = 0;
        for (int i = 0; i < times; i++) {
            sum += file.read();
        }
        return sum;
    }

    @Test
    void countsByStackAddUpToTheHits() throws Exception {
        try (var counts = KernelMap.of(KernelStack.class, Long.class);
                var both = KernelMap.of(Where.class, Long.class)) {
            long hits;
            try (var kp = Kprobe.at("vfs_read")
                    .preHandler((p, regs) -> {
                        counts.add(Kernel.stack(), 1);
                        both.add(new Where(Kernel.pid(), Kernel.stack(), Kernel.userStack()), 1);
                        return 0;
                    })
                    .register()) {
                try (var zeros = new RandomAccessFile("/dev/zero", "r")) {
                    assertThat(read(zeros, 500)).isZero();
                }
                hits = kp.account().hits();
                assertThat(hits).isGreaterThanOrEqualTo(500);
            }
            Map<KernelStack, Long> found = counts.entries();
            long sum = found.values().stream().mapToLong(Long::longValue).sum();
            assertThat(sum).isGreaterThanOrEqualTo(hits);
            assertThat(both.entries().values().stream()
                            .mapToLong(Long::longValue)
                            .sum())
                    .isEqualTo(sum);
            var most = Collections.max(found.entrySet(), Map.Entry.comparingByValue());
            System.out.println(most.getValue() + " times:\n" + most.getKey());
            assertThat(most.getValue()).isGreaterThanOrEqualTo(500);
            assertThat(symbols(most.getKey())).containsSubsequence("vfs_read", "ksys_read", "do_syscall_64");
            assertThat(most.getKey().folded()).contains("ksys_read;vfs_read");
            assertThat(both.entries().keySet())
                    .anyMatch(w -> w.pid() == PID
                            && w.user().pid() == PID
                            && w.user().folded().contains("read")
                            && w.kernel().equals(most.getKey()));
            // What entries() gave finds its entry again.
            assertThat(counts.get(most.getKey())).isEqualTo(most.getValue());
            counts.put(most.getKey(), 1L);
            assertThat(counts.get(most.getKey())).isOne();
            counts.putAll(Map.of(most.getKey(), 2L));
            assertThat(counts.get(most.getKey())).isEqualTo(2);
            try (var others = KernelMap.of(KernelStack.class, Long.class)) {
                assertThatThrownBy(() -> others.putAll(Map.of(most.getKey(), 1L)))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage(
                                "put: the key's stack is none of this map's; only handlers bring stacks into a map");
                assertThat(others.isEmpty()).isTrue();
            }
            assertThat(counts.remove(most.getKey())).isTrue();
            assertThat(counts.containsKey(most.getKey())).isFalse();
        }
    }

    @Test
    void whatFindsItsPlaceTakenIsCountedUnderTheLostStack() throws Exception {
        try (var counts = KernelMap.of(KernelStack.class, Long.class, 2)) {
            long hits;
            long lost;
            long noEntry;
            try (var one = count("vfs_read", counts);
                    var two = count("vfs_write", counts);
                    var three = count("null_lseek", counts);
                    var four = count("vfs_statx", counts);
                    var five = count("do_sys_openat2", counts);
                    var six = count("__fput", counts)) {
                for (int i = 0; i < 20; i++) {
                    DevNull.seek(5);
                    Files.writeString(Path.of("/tmp/stack-test"), "x");
                    assertThat(Files.readString(Path.of("/tmp/stack-test"))).isEqualTo("x");
                    assertThat(Files.size(Path.of("/tmp/stack-test"))).isOne();
                }
                var all = List.of(one, two, three, four, five, six);
                all.forEach(Kprobe::close);
                hits = all.stream().mapToLong(p -> p.account().delivered()).sum();
                lost = all.stream().mapToLong(p -> p.account().stacksLost()).sum();
                noEntry = all.stream().mapToLong(p -> p.account().entriesLost()).sum();
                // Before Linux 6.7 what is not told stands behind it.
                assertThat(all).anyMatch(p -> p.account().toString().contains(" stacks lost to a taken place"));
            }
            Files.delete(Path.of("/tmp/stack-test"));
            Map<KernelStack, Long> found = counts.entries();
            System.out.println(found);
            // Five stacks at least, and four places.
            assertThat(lost).isPositive();
            assertThat(found.values().stream().mapToLong(Long::longValue).sum() + noEntry)
                    .isEqualTo(hits);
            assertThat(found.entrySet().stream()
                            .filter(e -> e.getKey().isLost())
                            .mapToLong(Map.Entry::getValue)
                            .sum())
                    .isLessThanOrEqualTo(lost);
        }
    }

    private static Kprobe count(String symbol, KernelMap<KernelStack, Long> counts) {
        return Kprobe.at(symbol)
                .preHandler((p, regs) -> {
                    counts.add(Kernel.stack(), 1);
                    return 0;
                })
                .register();
    }

    /** Read only when the process has ended; the map looked at it in between. */
    @Test
    void framesOfAProcessThatHasEndedAreNamed() throws Exception {
        try (var counts = KernelMap.of(UserStack.class, Long.class)) {
            long child;
            try (var kp = Kprobe.at("vfs_write")
                    .preHandler((p, regs) -> {
                        counts.add(Kernel.userStack(), 1);
                        return 0;
                    })
                    .register()) {
                Process shell = new ProcessBuilder(
                                "sh", "-c", "i=0; while [ $i -lt 30 ]; do echo x; sleep 0.1; i=$((i+1)); done")
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
                child = shell.pid();
                assertThat(shell.waitFor(60, TimeUnit.SECONDS)).isTrue();
                assertThat(kp.account().hits()).isGreaterThanOrEqualTo(30);
            }
            List<UserStack> ended = counts.entries().keySet().stream()
                    .filter(s -> s.pid() == child)
                    .toList();
            ended.forEach(s -> System.out.println("ended:\n" + s + "\n" + s.folded()));
            assertThat(ended).isNotEmpty();
            assertThat(ended).anyMatch(s -> s.folded().contains("write"));
            assertThat(ended).noneMatch(s -> s.toString().contains("has gone"));
        }
    }

    /** A perf map as a JVM writes it, of code that only we know. */
    @Test
    void compiledCodeOfThisJvmIsNamedByItsPerfMap() throws Exception {
        Path map = Path.of("/tmp/perf-" + PID + ".map");
        List<Short> seen = Collections.synchronizedList(new ArrayList<>());
        try (var events = RingBuffer.of(Short.class)) {
            events.forEach(seen::add);
            try (var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        events.emit(new Short(Kernel.stack(), Kernel.userStack(), 1));
                        return 0;
                    })
                    .register()) {
                DevNull.seek(1);
                assertThat(kp.account().hits()).isOne();
            }
            UserStack stack = received(seen, 1).getFirst().user();
            // The interpreter's or the compiler's code that called the library lies in no file.
            long[] addresses = stack.addresses();
            System.out.println("jvm: "
                    + Arrays.stream(addresses).mapToObj(Long::toHexString).toList());
            long last = addresses[addresses.length - 1];
            Files.writeString(map, "%x 1000 LStackKernelTest;::seek\n".formatted(last - 0x10));
            System.out.println(stack + "\n" + stack.folded());
            assertThat(stack.frames().getLast().symbol()).isEqualTo("LStackKernelTest;::seek");
            assertThat(stack.folded()).startsWith("LStackKernelTest:::seek;");
        } finally {
            Files.deleteIfExists(map);
        }
    }

    @Test
    void closedMapSaysSo() {
        var counts = KernelMap.of(UserStack.class, Long.class, 16);
        counts.close();
        assertThatThrownBy(counts::entries)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is closed");
    }
}
