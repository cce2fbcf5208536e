package org.kprobe4j.cli.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import javax.tools.ToolProvider;
import org.kprobe4j.KernelProbes;
import org.kprobe4j.ProbeException;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.Privileges;
import org.kprobe4j.bpf.ProgramType;
import org.kprobe4j.bpf.Right;
import org.kprobe4j.bpf.features.Answer;
import org.kprobe4j.bpf.features.Features;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.bpf.symbols.FunctionFiles;
import org.kprobe4j.bpf.symbols.FunctionIndex;
import org.kprobe4j.bpf.tracefs.Tracefs;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.internal.Machine;

/** What a machine has, each thing tried, nothing guessed from a version. */
final class MachineChecks {
    private static final String NO_KPROBES =
            "boot a kernel with CONFIG_KPROBES, CONFIG_KPROBE_EVENTS and CONFIG_BPF_SYSCALL";

    private static final String MOUNT = "mount -t tracefs nodev /sys/kernel/tracing, or run as root";

    private final Features features = Features.running();
    private final Privileges privileges = Privileges.current();
    private final List<Check> checks = new ArrayList<>();

    private MachineChecks() {}

    /** All of them; where the kernel has no kprobes, a VM may help. */
    static List<Check> all(boolean runsInVm) {
        var machine = new MachineChecks();
        machine.runtime();
        if (machine.kprobes(runsInVm)) {
            machine.rights();
            machine.switches();
            machine.files();
            machine.types();
            machine.programs();
        }
        return machine.checks;
    }

    private void runtime() {
        checks.add(Check.fine(
                "kernel", "Linux %s, %s".formatted(KernelVersion.running().release(), System.getProperty("os.arch"))));
        checks.add(Check.fine("Java", "%s from %s".formatted(Runtime.version(), System.getProperty("java.home"))));
        checks.add(
                ToolProvider.getSystemJavaCompiler() == null
                        ? Check.less(
                                "Java compiler",
                                "this runtime has none: kprobe run compiles no file",
                                "use a JDK 25 instead of a runtime alone")
                        : Check.fine("Java compiler", "kprobe run compiles programs"));
    }

    /** Whether it is worth while to look further. */
    private boolean kprobes(boolean runsInVm) {
        Answer answer = features.kprobes();
        switch (answer.verdict()) {
            case YES -> checks.add(Check.fine("kprobes", answer.why()));
            case NO ->
                checks.add(
                        runsInVm
                                ? Check.less("kprobes", answer.why() + ": commands run in a VM", NO_KPROBES)
                                : Check.missing("kprobes", answer.why(), NO_KPROBES));
            case INCONCLUSIVE ->
                checks.add(
                        runsInVm
                                ? Check.less("kprobes", answer.why() + ": commands run in a VM", MOUNT)
                                : Check.missing("kprobes", answer.why(), MOUNT));
        }
        return answer.isYes() || (!answer.isNo() && !runsInVm);
    }

    private void rights() {
        right("right to load programs", Right.BPF, true);
        right("right to plant probes", Right.PERF_EVENT, true);
        right("right to read tracefs", Right.ROOT_FILE, false);
        right("right to see addresses", Right.ADDRESSES, false);
        if (!privileges.lockdown().isEmpty()) {
            checks.add(
                    privileges.lockdown().equals("confidentiality")
                            ? Check.missing("lockdown", "confidentiality", privileges.remedy(Right.BPF))
                            : Check.fine("lockdown", privileges.lockdown()));
        }
        checks.add(Check.fine("kptr_restrict", Integer.toString(privileges.kptrRestrict())));
        checks.add(Check.fine("perf_event_paranoid", Integer.toString(privileges.perfEventParanoid())));
    }

    private void right(String name, Right right, boolean needed) {
        List<String> obstacles = privileges.obstacles(right);
        if (obstacles.isEmpty()) {
            checks.add(Check.fine(name, "nothing is in the way"));
        } else {
            String found = String.join(", ", obstacles);
            checks.add(
                    needed
                            ? Check.missing(name, found, privileges.remedy(right))
                            : Check.less(name, found, privileges.remedy(right)));
        }
    }

    private void switches() {
        attempt(
                "kprobes/enabled",
                () -> KernelProbes.enabled()
                        ? Check.fine("kprobes/enabled", "1")
                        : Check.missing(
                                "kprobes/enabled", "0: no kprobe hits", "echo 1 > /sys/kernel/debug/kprobes/enabled"));
        checks.add(
                KernelProbes.ftraceEnabled()
                        ? Check.fine("ftrace_enabled", "1, or the kernel has no function tracer")
                        : Check.missing(
                                "ftrace_enabled",
                                "0: no probe at the entry of a function hits",
                                "sysctl kernel.ftrace_enabled=1"));
    }

    private void files() {
        attempt("tracefs", () -> Check.fine("tracefs", Tracefs.find().path()));
        attempt(
                "blacklist",
                () -> Check.fine(
                        "blacklist",
                        "debugfs kprobes/blacklist has %d ranges"
                                .formatted(FunctionFiles.running()
                                        .forbidden()
                                        .all()
                                        .size())));
        attempt("symbols", this::symbols);
    }

    private Check symbols() {
        FunctionFiles files = FunctionFiles.running();
        FunctionIndex index = files.functions(true);
        return files.traceable(index)
                .map(list -> Check.fine(
                        "symbols",
                        "%d of functions, of which ftrace can trace %d".formatted(index.size(), list.size())))
                .orElseGet(() -> Check.less(
                        "symbols",
                        "%d of functions; tracefs available_filter_functions cannot be read".formatted(index.size()),
                        MOUNT));
    }

    /** What cannot be done says itself why, and what helps. */
    private void attempt(String name, Supplier<Check> check) {
        try {
            checks.add(check.get());
        } catch (BpfException | ProbeException e) {
            checks.add(Check.less(name, String.valueOf(e.getMessage()), ""));
        }
    }

    private void types() {
        Answer btf = features.vmlinuxBtf();
        if (btf.isYes()) {
            int ids = Machine.btf().map(Btf::endId).orElse(0);
            checks.add(Check.fine("BTF", "%s has %d types".formatted(btf.why(), ids)));
        } else {
            checks.add(Check.less(
                    "BTF",
                    btf.why() + ": handlers read no kernel structures by name, arguments have no names",
                    "boot a kernel with CONFIG_DEBUG_INFO_BTF"));
        }
    }

    private void programs() {
        answer("ring buffer", features.ringbuf(), "records and printed lines", "boot Linux 5.8 or newer");
        helper(Helper.PROBE_READ_KERNEL, "reading kernel memory");
        helper(Helper.PROBE_READ_USER_STR, "strings of processes");
        helper(Helper.GET_STACKID, "stacks as keys");
        helper(Helper.RINGBUF_RESERVE, "records");
        optional("task storage", features.mapType(MapType.TASK_STORAGE), "TaskLocal values are kept in a hash map");
        optional("compare and exchange", features.compareAndExchange(), "return probes keep calls in a hash map");
        optional(
                "helper get_current_task_btf",
                helper(Helper.GET_CURRENT_TASK_BTF),
                "a task's fields cost a helper call");
        optional("helper override_return", helper(Helper.OVERRIDE_RETURN), "no error injection");
    }

    private Answer helper(Helper helper) {
        return features.helper(ProgramType.KPROBE, helper.id());
    }

    private void helper(Helper helper, String use) {
        answer("helper " + helper.name().toLowerCase(Locale.ROOT), helper(helper), use, "boot Linux 5.8 or newer");
    }

    private void answer(String name, Answer answer, String use, String remedy) {
        checks.add(
                switch (answer.verdict()) {
                    case YES -> Check.fine(name, answer.why());
                    case NO -> Check.less(name, "%s: no %s".formatted(answer.why(), use), remedy);
                    case INCONCLUSIVE -> Check.note(name, "could not be tried: " + answer.why());
                });
    }

    private void optional(String name, Answer answer, String otherwise) {
        checks.add(
                answer.isYes()
                        ? Check.fine(name, answer.why())
                        : Check.note(name, "%s: %s".formatted(answer.why(), otherwise)));
    }
}
