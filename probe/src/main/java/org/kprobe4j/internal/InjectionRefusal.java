package org.kprobe4j.internal;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.ProgramType;
import org.kprobe4j.bpf.features.Answer;
import org.kprobe4j.bpf.features.Features;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.bpf.symbols.InjectableFunction;
import org.kprobe4j.bpf.symbols.InjectableFunctions;
import org.kprobe4j.bpf.symbols.Kallsyms;
import org.kprobe4j.btf.NearestNames;
import org.kprobe4j.compiler.CompiledProgram;

/**
 * Why the kernel does not let a probe have its function return without having run: it answers EINVAL to all of it, without a word.
 * Source: perf_event_attach_bpf_prog() in kernel/trace/bpf_trace.c.
 *
 * @param errno what the kernel answers
 * @param reason for people
 */
public record InjectionRefusal(int errno, String reason) {
    private static final int SUGGESTIONS = 3;

    /** What is asked of the kernel. */
    interface Asked {
        /** Whether it has the helper. */
        Answer hasHelper();

        /** Its release. */
        String release();

        /** The functions that may fail on purpose. */
        List<InjectableFunction> functions();

        /** The addresses of a function. */
        long[] addressesOf(String name);
    }

    private static final Asked RUNNING = new Asked() {
        @Override
        public Answer hasHelper() {
            return Features.running().helper(ProgramType.KPROBE, Helper.OVERRIDE_RETURN.id());
        }

        @Override
        public String release() {
            return KernelVersion.running().release();
        }

        @Override
        public List<InjectableFunction> functions() {
            return InjectableFunctions.read();
        }

        @Override
        public long[] addressesOf(String name) {
            return Kallsyms.running().addressesOf(name);
        }
    };

    /** Found before the kernel is asked to plant it; nothing for a handler that does not override, or where nothing speaks against it. */
    public static Optional<InjectionRefusal> find(Target target, CompiledProgram handler) {
        return find(target, handler, RUNNING);
    }

    static Optional<InjectionRefusal> find(Target target, CompiledProgram handler, Asked kernel) {
        return handler.override()
                .flatMap(site -> Stream.<Supplier<Optional<InjectionRefusal>>>of(
                                () -> withoutHelper(site, kernel),
                                () -> inside(target),
                                () -> notListed(target, kernel))
                        .flatMap(check -> check.get().stream())
                        .findFirst());
    }

    /** Said by the kernel when the program was attached, where its list could not be read before. */
    public static Optional<InjectionRefusal> refused(CompiledProgram handler, BpfException answer) {
        return handler.override().isPresent() && answer.errno() == Errno.EINVAL
                ? refusal(
                        Errno.EINVAL,
                        "the kernel allows no errors to be injected there; which functions allow it, debugfs error_injection/list tells to root")
                : Optional.empty();
    }

    private static Optional<InjectionRefusal> withoutHelper(CompiledProgram.FaultSite site, Asked kernel) {
        return kernel.hasHelper().isNo()
                ? refusal(
                        Errno.EOPNOTSUPP,
                        "%s:%d calls Kernel.overrideReturn, and this kernel, %s, was built without it: CONFIG_BPF_KPROBE_OVERRIDE, which needs CONFIG_FUNCTION_ERROR_INJECTION; boot one that has both, or leave the call out"
                                .formatted(site.file(), site.line(), kernel.release()))
                : Optional.empty();
    }

    private static Optional<InjectionRefusal> inside(Target target) {
        return target.offset() == 0
                ? Optional.empty()
                : refusal(
                        Errno.EINVAL,
                        "only at its entry can a function be made to return without having run: Kprobe.at(\"%s\")"
                                .formatted(target.symbol()));
    }

    /** The list names a function once; by another of its names it is found at its address. */
    private static Optional<InjectionRefusal> notListed(Target target, Asked kernel) {
        List<String> names;
        try {
            names = kernel.functions().stream().map(InjectableFunction::name).toList();
        } catch (BpfException e) {
            // It cannot be read by this process, or is not mounted: the kernel itself decides.
            return Optional.empty();
        }
        return names.contains(target.symbol()) || isAlias(target.symbol(), names, kernel)
                ? Optional.empty()
                : refusal(
                        Errno.EINVAL,
                        "not one of the %d functions that the kernel allows errors to be injected into (debugfs error_injection/list)%s"
                                .formatted(names.size(), nearest(target.symbol(), names)));
    }

    private static boolean isAlias(String symbol, List<String> names, Asked kernel) {
        long[] addresses = kernel.addressesOf(symbol);
        return addresses.length == 1
                && addresses[0] != 0
                && names.stream()
                        .filter(name -> shareAnEnd(name, symbol))
                        .anyMatch(
                                name -> Stream.of(kernel.addressesOf(name)).anyMatch(at -> contains(at, addresses[0])));
    }

    /** Aliases are those of system calls: {@code __x64_sys_read}, {@code __do_sys_read}. To look all names up would take seconds. */
    private static boolean shareAnEnd(String name, String symbol) {
        int call = symbol.indexOf("sys_");
        return call >= 0 && name.endsWith(symbol.substring(call));
    }

    private static boolean contains(long[] addresses, long wanted) {
        for (long address : addresses) {
            if (address == wanted) {
                return true;
            }
        }
        return false;
    }

    private static String nearest(String symbol, List<String> names) {
        List<String> nearest = NearestNames.nearest(symbol, names.stream(), SUGGESTIONS);
        return nearest.isEmpty() ? "" : "; nearest: " + String.join(", ", nearest);
    }

    private static Optional<InjectionRefusal> refusal(int errno, String reason) {
        return Optional.of(new InjectionRefusal(errno, reason));
    }
}
