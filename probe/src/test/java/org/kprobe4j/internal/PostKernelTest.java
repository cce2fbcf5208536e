package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.kprobe4j.Kernel;
import org.kprobe4j.Kprobe;
import org.kprobe4j.LeftNothingBehind;
import org.kprobe4j.PtRegs;
import org.kprobe4j.RegistrationException;
import org.kprobe4j.Requires;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.perf.PerfProbe;
import org.kprobe4j.bpf.symbols.Kallsyms;
import org.kprobe4j.bpf.symbols.KprobesList;
import org.kprobe4j.bpf.symbols.Symbol;
import org.kprobe4j.compiler.Architecture;

/**
 * Post handlers at instructions of every kind in functions of the running kernel, under load on all CPUs: one after each pre
 * handler, and what they see is where the task really is next.
 */
@Tag("kernel")
@ExtendWith(LeftNothingBehind.class)
class PostKernelTest {
    private static final List<String> FUNCTIONS = List.of(
            "null_lseek",
            "ksys_lseek",
            "vfs_llseek",
            "__x64_sys_lseek",
            "vfs_read",
            "rw_verify_area",
            "fdget_pos",
            "__fget_light",
            "vfs_getattr_nosec");
    /** As many places of a kind are tried until one is reached by the load. */
    private static final int TRIES = 5;

    private static final int RING_BYTES = 1 << 22;
    private static final int PRE = 0;
    private static final int POST = 1;
    private static final int NEXT = 2;

    record Step(long time, int what, int tid, long ip, long sp, long flags, long link, long top) {}

    private static long flags(PtRegs regs) {
        return switch (regs) {
            case PtRegs.X86 r -> r.flags();
            case PtRegs.Arm64 r -> r.pstate();
            case PtRegs.Arm r -> r.cpsr();
        };
    }

    /** A register besides that transfers of control read. */
    private static long link(PtRegs regs) {
        return switch (regs) {
            case PtRegs.X86 r -> r.cx();
            case PtRegs.Arm64 r -> r.x30();
            case PtRegs.Arm r -> r.lr();
        };
    }

    /** A breakpoint of x86-64 leaves the instruction pointer one byte into the instruction. */
    private static long address(PtRegs regs) {
        return regs instanceof PtRegs.X86 r ? r.ip() - 1 : regs.ip();
    }

    /**
     * A ring buffer for each of the CPUs that the load runs on: in the trap of a breakpoint a record is lost when another CPU is at the
     * ring, and here every record counts.
     */
    private record Rings(RingBuffer<Step> even, RingBuffer<Step> odd, List<Step> steps) implements AutoCloseable {
        static Rings make() {
            var rings = new Rings(
                    RingBuffer.of(Step.class, RING_BYTES),
                    RingBuffer.of(Step.class, RING_BYTES),
                    Collections.synchronizedList(new ArrayList<>()));
            rings.even.forEach(rings.steps::add);
            rings.odd.forEach(rings.steps::add);
            return rings;
        }

        /** By time: a task's records lie in both if it was moved. */
        List<Step> all() {
            close();
            return steps.stream().sorted(Comparator.comparingLong(Step::time)).toList();
        }

        @Override
        public void close() {
            even.close();
            odd.close();
        }
    }

    /** An instruction. */
    private record Place(String symbol, long offset, Flow flow, boolean ftrace) {
        String kind() {
            return switch (flow) {
                case Flow.Transfer transfer -> transfer.what();
                case Flow.Next next when next.repeated() -> "repeated";
                case Flow.Next next
                when next.stackPointer() instanceof org.kprobe4j.compiler.RegisterValue.Register -> "straight";
                case Flow.Next _ -> "stack pointer";
                case Flow.Refused refused -> refused.what();
            };
        }

        @Override
        public String toString() {
            return "%s+0x%x".formatted(symbol, offset);
        }
    }

    /** What was seen at a place. */
    private record Run(List<Step> steps, long delivered, org.kprobe4j.PostAccount post) {
        /** The post handlers' instruction pointers. */
        TreeSet<Long> nexts() {
            return steps.stream()
                    .filter(step -> step.what() == POST)
                    .map(Step::ip)
                    .collect(Collectors.toCollection(TreeSet::new));
        }

        Map<Integer, List<Step>> byTask() {
            return steps.stream().collect(Collectors.groupingBy(Step::tid));
        }
    }

    @Test
    void everyKindOfInstructionIsFollowedExactly() throws Exception {
        Map<String, List<Place>> kinds = places();
        System.out.println("kinds found: " + kinds);
        var reached = new ArrayList<String>();
        var confirmed = new ArrayList<String>();
        for (String kind : kinds.keySet()) {
            for (Place place :
                    kinds.getOrDefault(kind, List.of()).stream().limit(TRIES).toList()) {
                if (place.flow() instanceof Flow.Refused) {
                    continue;
                }
                Run run = run(place, List.of());
                if (run != null && run.post().delivered() > 0) {
                    check(place, run);
                    reached.add(kind);
                    System.out.printf("%s: %s, %s%n", place, kind, run.post());
                    if (place.flow() instanceof Flow.Transfer && confirm(place, run)) {
                        confirmed.add(kind);
                        System.out.printf("%s: %s: confirmed%n", place, kind);
                    }
                    break;
                }
            }
        }
        assertThat(reached).contains("straight", "stack pointer", "a conditional jump", "a call", "a return");
        assertThat(confirmed).contains("a conditional jump", "a call");
    }

    /** The instructions of some functions, by kind; all at once, as a probe that is removed waits for the kernel. */
    private static Map<String, List<Place>> places() throws Exception {
        var found = new LinkedHashMap<String, List<Place>>();
        try (var threads = Executors.newFixedThreadPool(FUNCTIONS.size())) {
            for (var places : threads.invokeAll(
                    FUNCTIONS.stream().map(PostKernelTest::placesIn).toList())) {
                places.get()
                        .forEach(place -> found.computeIfAbsent(place.kind(), _ -> new ArrayList<>())
                                .add(place));
            }
        }
        return found;
    }

    private static Callable<List<Place>> placesIn(String function) {
        return () -> {
            var places = new ArrayList<Place>();
            long[] at = Kallsyms.running().addressesOf(function);
            Symbol symbol = at.length == 1 ? Kallsyms.running().symbolize(at[0]) : null;
            long size = symbol == null ? 0 : Math.min(symbol.sizeBytes(), 0xa0);
            byte[] code = size == 0 ? new byte[0] : KernelText.read(at[0], (int) size + 16);
            for (long offset = 0; offset < size; offset++) {
                Place place = boundary(function, offset, code);
                if (place != null) {
                    places.add(place);
                }
            }
            return places;
        };
    }

    private static @Nullable Place boundary(String function, long offset, byte[] code) {
        try (var probe = PerfProbe.openKprobe(function, offset, false)) {
            if (probe.offset() != offset) {
                return null;
            }
            byte[] instruction = java.util.Arrays.copyOfRange(code, (int) offset, (int) offset + 16);
            return new Place(function, offset, PostPlan.flow(Machine.architecture(), instruction), offset < 8);
        } catch (AttachException e) {
            return null;
        }
    }

    /** Runs the load with pre and post handlers at a place, and pre handlers where it goes on. */
    private static @Nullable Run run(Place place, List<String> nexts) throws Exception {
        var opened = new ArrayList<Kprobe>();
        try (var rings = Rings.make()) {
            RingBuffer<Step> even = rings.even();
            RingBuffer<Step> odd = rings.odd();
            for (String next : nexts) {
                opened.add(Kprobe.at(next)
                        .preHandler((p, regs) -> {
                            long now = Kernel.ktimeNs();
                            if ((Kernel.cpu() & 1) == 0) {
                                even.emit(new Step(now, NEXT, Kernel.tid(), address(regs), regs.sp(), 0, 0, 0));
                            } else {
                                odd.emit(new Step(now, NEXT, Kernel.tid(), address(regs), regs.sp(), 0, 0, 0));
                            }
                            return 0;
                        })
                        .register());
            }
            Kprobe kp;
            try {
                kp = Kprobe.at(place.toString())
                        .preHandler((p, regs) -> {
                            long top = Kernel.readLong(regs.sp());
                            long now = Kernel.ktimeNs();
                            if ((Kernel.cpu() & 1) == 0) {
                                even.emit(new Step(
                                        now, PRE, Kernel.tid(), regs.ip(), regs.sp(), flags(regs), link(regs), top));
                            } else {
                                odd.emit(new Step(
                                        now, PRE, Kernel.tid(), regs.ip(), regs.sp(), flags(regs), link(regs), top));
                            }
                            return 0;
                        })
                        .postHandler((p, regs, flags) -> {
                            long now = Kernel.ktimeNs();
                            if ((Kernel.cpu() & 1) == 0) {
                                even.emit(new Step(
                                        now, POST, Kernel.tid(), regs.ip(), regs.sp(), flags(regs), link(regs), flags));
                            } else {
                                odd.emit(new Step(
                                        now, POST, Kernel.tid(), regs.ip(), regs.sp(), flags(regs), link(regs), flags));
                            }
                        })
                        .register();
            } catch (RegistrationException e) {
                System.out.println("refused: " + e.getMessage());
                return null;
            }
            opened.add(kp);
            try (kp) {
                Load.run();
            }
            opened.forEach(Kprobe::close);
            for (Kprobe probe : opened) {
                assertThat(probe.account().recordsLost()).as(place.toString()).isZero();
                assertThat(probe.account().recordsContended())
                        .as(place.toString())
                        .isZero();
            }
            assertThat(kp.account().hits()).isEqualTo(kp.account().delivered());
            return new Run(rings.all(), kp.account().delivered(), kp.postAccount());
        } finally {
            opened.forEach(Kprobe::close);
        }
    }

    /** Each task's records alternate, and the registers after the instruction follow from those before. */
    private static void check(Place place, Run run) {
        assertThat(run.post().lost()).as(place.toString()).isZero();
        assertThat(run.post().armed()).as(place.toString()).isEqualTo(run.delivered());
        assertThat(run.post().delivered()).as(place.toString()).isEqualTo(run.delivered());
        run.byTask().values().forEach(steps -> {
            List<Step> own = steps.stream().filter(step -> step.what() != NEXT).toList();
            assertThat(own.size() % 2).as(place.toString()).isZero();
            for (int i = 0; i < own.size(); i += 2) {
                assertThat(own.get(i).what()).as(place.toString()).isEqualTo(PRE);
                assertThat(own.get(i + 1).what()).as(place.toString()).isEqualTo(POST);
                check(place, own.get(i), own.get(i + 1));
            }
        });
    }

    private static void check(Place place, Step before, Step after) {
        boolean x86 = Machine.architecture() == Architecture.X86_64;
        String ip = x86 ? "ip" : "pc";
        var registers = new HashMap<String, Long>(Map.of(
                ip,
                before.ip(),
                "sp",
                before.sp(),
                x86 ? "flags" : "pstate",
                before.flags(),
                x86 ? "cx" : "x30",
                before.link()));
        var state = new RegisterState(registers, _ -> before.top());
        try {
            if (place.flow() instanceof Flow.Transfer) {
                assertThat(after.ip()).as(place.toString()).isEqualTo(state.after(place.flow(), ip));
                assertThat(after.sp()).as(place.toString()).isEqualTo(state.after(place.flow(), "sp"));
            } else if (place.flow() instanceof Flow.Next next) {
                assertThat(after.sp()).as(place.toString()).isEqualTo(state.value(next.stackPointer()));
                assertThat(after.ip()).as(place.toString()).isBetween(before.ip(), before.ip() + 16);
            }
        } catch (AssertionError e) {
            if (!String.valueOf(e.getMessage()).startsWith("no register")) {
                throw e;
            }
        }
    }

    /** Plants probes where the post handlers were told that control goes: the task's next hit must be there, with that stack pointer. */
    private static boolean confirm(Place place, Run first) throws Exception {
        var nexts = new ArrayList<String>();
        for (long ip : first.nexts()) {
            Symbol symbol = Kallsyms.running().symbolize(ip);
            if (symbol == null || symbol.name() == null || Kallsyms.running().addressesOf(symbol.name()).length != 1) {
                return false;
            }
            String next = symbol.offset() == 0 ? symbol.name() : "%s+0x%x".formatted(symbol.name(), symbol.offset());
            try (var probe = PerfProbe.openKprobe(symbol.name(), symbol.offset(), false)) {
                nexts.add(probe.fd() < 0 ? "" : next);
            } catch (AttachException e) {
                System.out.printf("%s goes to %s, which takes no probe%n", place, next);
                return false;
            }
        }
        Run run = run(place, nexts);
        if (run == null) {
            return false;
        }
        check(place, run);
        int seen = 0;
        for (List<Step> steps : run.byTask().values()) {
            for (int i = 0; i + 1 < steps.size(); i++) {
                Step post = steps.get(i);
                // Another branch than in the first run has no probe where it goes.
                if (post.what() == POST && first.nexts().contains(post.ip())) {
                    Step next = steps.get(i + 1);
                    assertThat(next.what()).as(place.toString()).isEqualTo(NEXT);
                    assertThat(next.ip()).as(place.toString()).isBetween(post.ip(), post.ip() + 16);
                    assertThat(next.sp()).as(place.toString()).isEqualTo(post.sp());
                    seen++;
                }
            }
        }
        assertThat(seen).isPositive();
        return true;
    }

    /** The jump that stood for a removed probe stays for a while, and nothing tells of it. */
    @Test
    void aRemovedProbesJumpIsNotTakenForTheInstruction() throws Exception {
        Requires.x86();
        Place place = places().getOrDefault("stack pointer", List.of()).stream()
                .filter(p -> p.symbol().equals("vfs_read") || p.symbol().equals("ksys_lseek"))
                .findFirst()
                .orElseThrow();
        long addr = Kallsyms.running().addressesOf(place.symbol())[0] + place.offset();
        byte[] own = OwnText.read(KernelText::read, addr, 5);
        var first = new ArrayList<String>();
        for (int i = 0; i < 5; i++) {
            try (var other = PerfProbe.openKprobe(place.symbol(), place.offset(), false)) {
                assertThat(other.location().addr()).isEqualTo(addr);
                first.add("optimized " + isOptimized(addr));
            }
            first.add(HexFormat.of().formatHex(KernelText.read(addr, 5)));
            assertThat(OwnText.read(KernelText::read, addr, 5)).isEqualTo(own);
        }
        System.out.printf(
                "%s: %s, and after probes: %s%n", place, HexFormat.of().formatHex(own), first);
    }

    /** Waits for it, as far as this kernel does it at all. */
    private static boolean isOptimized(long addr) throws InterruptedException {
        for (int i = 0; i < 200; i++) {
            if (KprobesList.read().stream().anyMatch(probe -> probe.address() == addr && probe.optimized())) {
                return true;
            }
            Thread.sleep(10);
        }
        return false;
    }

    // ---- refusals ----

    private static void refused(String place, String why) {
        assertThatThrownBy(() -> Kprobe.at(place)
                        .postHandler((p, regs, flags) -> {})
                        .register()
                        .close())
                .isInstanceOf(RegistrationException.class)
                .hasMessage("register_kprobe failed: post handler: " + why);
    }

    @Test
    void anotherProbeHidesTheInstruction() {
        String place = "vfs_read+0x%x".formatted(boundaryFrom("vfs_read", 9));
        try (var first = Kprobe.at(place).postHandler((p, regs, flags) -> {}).register()) {
            refused(
                    first.symbolName(),
                    "another probe, at %s, hides the instruction at %s; plant the one with the post handler first"
                            .formatted(place, place));
        }
        Kprobe.at(place).postHandler((p, regs, flags) -> {}).register().close();
    }

    private static long boundaryFrom(String function, long from) {
        for (long offset = from; offset < from + 16; offset++) {
            try (var probe = PerfProbe.openKprobe(function, offset, false)) {
                return probe.offset();
            } catch (AttachException e) {
                assertThat(e.errno())
                        .isEqualTo(Machine.architecture() == Architecture.X86_64 ? Errno.EILSEQ : Errno.EINVAL);
            }
        }
        throw new AssertionError("no boundary in " + function);
    }

    @Test
    void anInstructionThatMayFaultIsRefused() throws IOException {
        ExceptionTable table = ExceptionTable.running(Machine.architecture());
        for (String function :
                List.of("strncpy_from_user", "strnlen_user", "copy_from_kernel_nofault", "fault_in_readable")) {
            long[] at = Kallsyms.running().addressesOf(function);
            for (long offset = 0; at.length == 1 && offset < 0x200; offset++) {
                String place = "%s+0x%x".formatted(function, offset);
                if (table.has(at[0] + offset) && Machine.architecture() == Architecture.ARM64) {
                    // There the kernel itself refuses.
                    assertThatThrownBy(() ->
                                    Kprobe.at(place).preHandler((p, regs) -> 0).register())
                            .isInstanceOf(RegistrationException.class)
                            .hasMessageStartingWith(
                                    "register_kprobe failed, returned -22 (EINVAL): %s: here is an instruction that may fault (it is in the kernel's exception table)"
                                            .formatted(place));
                    return;
                }
                if (table.has(at[0] + offset) && isPlantable(function, offset)) {
                    refused(
                            place,
                            "the instruction at %s may fault (it is in the kernel's exception table) and go on elsewhere; a post handler cannot be exact there, a pre handler works"
                                    .formatted(place));
                    return;
                }
            }
        }
        throw new AssertionError("no instruction of these functions is in the exception table");
    }

    private static boolean isPlantable(String function, long offset) {
        try {
            PerfProbe.openKprobe(function, offset, false).close();
            return true;
        } catch (AttachException e) {
            return false;
        }
    }
}
