package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.kprobe4j.Kprobe;
import org.kprobe4j.Kretprobe;
import org.kprobe4j.LeftNothingBehind;
import org.kprobe4j.RegistrationException;
import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.bpf.perf.PerfProbe;
import org.kprobe4j.bpf.perf.ProbeLocation;
import org.kprobe4j.bpf.symbols.Kallsyms;
import org.kprobe4j.bpf.symbols.Symbol;
import org.kprobe4j.compiler.Architecture;

/** Each way in which the running kernel refuses a place, and what is said of it. */
@Tag("kernel")
@ExtendWith(LeftNothingBehind.class)
class RefusalKernelTest {
    /** What the kernel says of a place inside an instruction: on Arm, where they are all of one length, it does not decode them. */
    private static final int NO_BOUNDARY = Machine.architecture() == Architecture.X86_64 ? Errno.EILSEQ : Errno.EINVAL;

    private static final String NEAREST = "; nearest: (\\S+), (\\S+)";
    /** Long functions that every kernel has, with tracepoints, assertions and switches. */
    private static final List<String> LONG = List.of(
            "do_exit",
            "kernel_clone",
            "try_to_wake_up",
            "copy_process",
            "__alloc_pages",
            "__alloc_pages_noprof",
            "kfree");

    private static void kprobe(String target) {
        try (var kp = Kprobe.at(target).preHandler((p, regs) -> 0).register()) {
            throw new AssertionError("planted at " + target + ": " + kp.account());
        }
    }

    private static void kretprobe(String target) {
        try (var krp = Kretprobe.at(target).handler((ri, regs) -> 0).register()) {
            throw new AssertionError("planted at " + target + ": " + krp.account());
        }
    }

    private static String kprobeRefusal(String target, int errno) {
        return refusal(() -> kprobe(target), errno);
    }

    private static String refusal(Runnable registration, int errno) {
        try {
            registration.run();
            throw new AssertionError("planted");
        } catch (RegistrationException e) {
            System.out.println(e.getMessage());
            assertThat(e.errno()).as(e.getMessage()).isEqualTo(errno);
            return String.valueOf(e.getMessage());
        }
    }

    @Test
    void anUnknownNameIsToldWithItsNeighbours() {
        assertThat(kprobeRefusal("vfs_raed", Errno.ENOENT))
                .matches("register_kprobe failed, returned -2 \\(ENOENT\\): vfs_raed: no such function;"
                        + " nearest: vfs_read, \\w+, \\w+");
        assertThat(refusal(() -> kretprobe("vfs_raed"), Errno.ENOENT))
                .matches("register_kretprobe failed, returned -2 \\(ENOENT\\): vfs_raed: no such function;"
                        + " nearest: vfs_read, \\w+, \\w+");
    }

    @Test
    void dataIsNoFunction() {
        assumeTrue(
                !Kallsyms.running().types("init_task").isEmpty(),
                "this kernel's symbols are functions only: it was built without CONFIG_KALLSYMS_ALL");
        assertThat(kprobeRefusal("init_task", Errno.EINVAL))
                .isEqualTo("register_kprobe failed, returned -22 (EINVAL): init_task: data, not a function");
        assertThat(refusal(() -> kretprobe("init_task"), Errno.EINVAL))
                .isEqualTo("register_kretprobe failed, returned -22 (EINVAL): init_task: data, not a function");
    }

    @Test
    void theBlacklistIsNamed() {
        assertThat(kprobeRefusal("notify_die", Errno.EINVAL))
                .isEqualTo("register_kprobe failed, returned -22 (EINVAL): notify_die:"
                        + " on the kernel's blacklist of kprobes (NOKPROBE); probe a function that calls it");
        assertThat(refusal(() -> kretprobe("notify_die"), Errno.EINVAL))
                .isEqualTo("register_kretprobe failed, returned -22 (EINVAL): notify_die:"
                        + " on the kernel's blacklist of kprobes (NOKPROBE); probe a function that calls it");
    }

    @Test
    void initTextIsGone() {
        assertThat(kprobeRefusal("start_kernel", Errno.EINVAL))
                .isEqualTo("register_kprobe failed, returned -22 (EINVAL): start_kernel:"
                        + " in init text, which was freed when the kernel had started");
    }

    @Test
    void paddingIsNoFunction() {
        assumeTrue(
                !Kallsyms.running().types("__pfx_vfs_read").isEmpty(),
                "this kernel has no symbols of the bytes before functions: they came with 6.2");
        assertThat(kprobeRefusal("__pfx_vfs_read", Errno.EINVAL))
                .isEqualTo("register_kprobe failed, returned -22 (EINVAL): __pfx_vfs_read: the bytes before a function,"
                        + " which are never run (__pfx_, __cfi_); probe the function: vfs_read");
    }

    @Test
    void behindAFunctionIsNotInIt() {
        assertThat(kprobeRefusal("vfs_read+0x100000", Errno.EINVAL))
                .matches("register_kprobe failed, returned -22 \\(EINVAL\\): vfs_read\\+0x100000:"
                        + " behind the function's end: it has 0x[0-9a-f]+ bytes, and the offset is 0x100000");
    }

    /** The kernel takes an offset that leads into the middle of another function. */
    @Test
    void anotherFunctionIsNotThisOne() {
        long size = Kallsyms.running()
                .symbolize(Kallsyms.running().addressesOf("vfs_read")[0])
                .sizeBytes();
        long offset = LongStream.range(size, size + 0x200)
                .filter(candidate -> errno("vfs_read", (int) candidate) == 0)
                .findFirst()
                .orElseThrow();
        assertThat(kprobeRefusal("vfs_read+" + offset, Errno.EINVAL))
                .matches(
                        "register_kprobe failed, returned -22 \\(EINVAL\\): vfs_read\\+0x%x: behind the function's end:"
                                        .formatted(offset)
                                + " it has 0x[0-9a-f]+ bytes, and the offset is 0x%x".formatted(offset));
    }

    /** As after an arming that failed: nothing is planted where it was wanted. */
    @Test
    void aProbeThatIsNotListedIsNotPlanted() {
        long addr = Kallsyms.running().addressesOf("vfs_read")[0];
        assertThatThrownBy(() ->
                        Confirmation.require(new Target("vfs_read", 0), new ProbeLocation(addr, "vfs_read", 0, false)))
                .isInstanceOf(AttachException.class)
                .hasMessage(
                        "attach kprobe vfs_read: the kernel said yes and has not planted it: debugfs kprobes/list does"
                                + " not show it; see its log (dmesg)");
    }

    @Test
    void aNameTooLongIsMeasured() {
        String name = "x".repeat(200);
        if (KernelVersion.running().atLeast(6, 1)) {
            assertThat(kprobeRefusal(name, Errno.ENOENT))
                    .startsWith("register_kprobe failed, returned -2 (ENOENT): %s: no such function".formatted(name));
        } else {
            assertThat(kprobeRefusal(name, Errno.E2BIG))
                    .isEqualTo("register_kprobe failed, returned -7 (E2BIG): " + name
                            + ": the name has 200 characters; this kernel takes at most 127 (KSYM_NAME_LEN)");
        }
    }

    @Test
    void insideAnInstructionTheNextOnesAreNamed() {
        assertNeighbours(
                kprobeRefusal("vfs_read+0x1", NO_BOUNDARY),
                "register_kprobe failed, returned -%d \\(%s\\): vfs_read\\+0x1: not an instruction boundary"
                                .formatted(NO_BOUNDARY, Errno.name(NO_BOUNDARY))
                        + NEAREST);
    }

    /** The call that ftrace owns has five bytes, and only its first one is a place. */
    @Test
    void insideOfWhatFtraceOwnsTheNextOnesAreNamed() {
        long entry;
        try (var kp = Kprobe.at("vfs_read").preHandler((p, regs) -> 0).register()) {
            entry = kp.addr() - Kallsyms.running().addressesOf("vfs_read")[0];
        }
        String inside = "vfs_read+0x%x".formatted(entry + 2);
        assertNeighbours(
                kprobeRefusal(inside, NO_BOUNDARY),
                "register_kprobe failed, returned -%d \\(%s\\): %s: not an instruction boundary"
                                .formatted(NO_BOUNDARY, Errno.name(NO_BOUNDARY), Pattern.quote(inside))
                        + NEAREST);
    }

    /** What is named as nearest can be probed. */
    private static void assertNeighbours(String message, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(message);
        assertThat(matcher.matches()).as(message).isTrue();
        for (int i = matcher.groupCount() - 1; i <= matcher.groupCount(); i++) {
            try (var kp = Kprobe.at(matcher.group(i)).preHandler((p, regs) -> 0).register()) {
                assertThat(kp.symbolName()).isEqualTo(matcher.group(i));
            }
        }
    }

    @Test
    void aBugIsToldByItsTrap() throws IOException {
        assertRefusedInstruction(
                (code, at) -> code[at] == 0x0f && code[at + 1] == 0x0b,
                "a BUG or WARN (ud2), whose trap the kernel looks up by its address");
    }

    @Test
    void aJumpLabelIsToldByItsNop() throws IOException {
        assertRefusedInstruction(
                (code, at) -> (code[at] == 0x0f && code[at + 1] == 0x1f && code[at + 2] == 0x44 && code[at + 3] == 0)
                        || (code[at] == 0x66 && code[at + 1] == (byte) 0x90),
                "a jump label (static branch), which the kernel rewrites while it runs");
    }

    /** A tracepoint calls what is registered with it by a static call. */
    @Test
    void aStaticCallIsToldByItsCall() throws IOException {
        Set<Long> iterators = new HashSet<>();
        for (String name : List.of(
                "__traceiter_sched_process_exit",
                "__traceiter_sched_process_fork",
                "__traceiter_sched_waking",
                "__traceiter_kfree",
                "__traceiter_task_newtask",
                "__traceiter_mm_page_alloc")) {
            for (long address : Kallsyms.running().addressesOf(name)) {
                iterators.add(address);
            }
        }
        assertRefusedInstruction(
                (code, at) -> code[at] == (byte) 0xe8 && iterators.contains(called(code, at)),
                "a static call, which the kernel rewrites while it runs");
    }

    private long base;

    private long called(byte[] code, int at) {
        int distance =
                (code[at + 1] & 0xff) | (code[at + 2] & 0xff) << 8 | (code[at + 3] & 0xff) << 16 | code[at + 4] << 24;
        return base + at + 5 + distance;
    }

    private interface Bytes {
        boolean match(byte[] code, int at);
    }

    /** Looks for such bytes in some functions until they are an instruction's, which the kernel tells. */
    private void assertRefusedInstruction(Bytes wanted, String what) throws IOException {
        assumeTrue(Machine.architecture() == Architecture.X86_64, "the bytes are those of x86-64");
        for (String function : LONG) {
            long[] places = Kallsyms.running().addressesOf(function);
            if (places.length != 1) {
                continue;
            }
            base = places[0];
            Symbol symbol = Kallsyms.running().symbolize(base);
            byte[] code = KernelText.read(base, (int) symbol.sizeBytes());
            for (int at = 16; at < code.length - 16; at++) {
                if (wanted.match(code, at) && errno(function, at) == Errno.EINVAL) {
                    String target = "%s+0x%x".formatted(function, at);
                    String message = kprobeRefusal(target, Errno.EINVAL);
                    assertNeighbours(
                            message,
                            Pattern.quote("register_kprobe failed, returned -22 (EINVAL): %s: here is %s"
                                            .formatted(target, what))
                                    + NEAREST);
                    return;
                }
            }
        }
        throw new AssertionError("none found");
    }

    private static int errno(String function, int offset) {
        try (PerfProbe probe = PerfProbe.openKprobe(function, offset, false)) {
            return probe.fd() >= 0 ? 0 : -1;
        } catch (BpfException e) {
            return e.errno();
        }
    }

    @Test
    void aReturnProbeHasNoOffset() {
        assertThatThrownBy(() -> kretprobe("vfs_read+0x4"))
                .isInstanceOf(RegistrationException.class)
                .hasMessageStartingWith("register_kretprobe failed: ");
    }
}
