package org.kprobe4j.internal.planting;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.features.Answer;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.bpf.features.Preemption;
import org.kprobe4j.bpf.perf.ProbeLocation;
import org.kprobe4j.bpf.symbols.Kallsyms;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.ProgramContext;
import org.kprobe4j.compiler.ProgramContext.Trampoline.Slot;
import org.kprobe4j.compiler.TranslatedHandler;
import org.kprobe4j.internal.LoadRefusal;
import org.kprobe4j.internal.Machine;

/**
 * A function as fentry and fexit programs are attached to it: by its number in the kernel's BTF. Source: bpf_check_attach_target() in
 * kernel/bpf/verifier.c, btf_distill_func_proto() in kernel/bpf/btf.c.
 *
 * @param name the function's name in BTF
 * @param btfId its number there
 * @param context what its programs are handed
 */
public record Trampoline(String name, int btfId, ProgramContext.Trampoline context) {
    /**
     * What a kernel has that keeps a trampoline until the last CPU has left it; one without it was seen to crash when programs came and
     * went under load. Source: bpf_tramp_image_put() in kernel/bpf/trampoline.c, since Linux 5.12.
     */
    private static final String IMAGE = "bpf_tramp_image";

    /**
     * The member of struct bpf_prog with which the kernel tells that a trampoline's program already runs on the CPU, and leaves it out;
     * one without it runs the program again, until its stack is full, when a helper that the program calls comes by the function. Source:
     * __bpf_prog_enter() in kernel/bpf/trampoline.c, since Linux 5.12.
     */
    private static final String GUARD = "active";

    /** Looked up once: each look is a pass over the kernel's types. */
    private static final class Kernel {
        static final boolean KEEPS_IMAGES =
                Machine.btf().flatMap(btf -> btf.struct(IMAGE)).isPresent();
        static final boolean GUARDS_PROGRAMS = Machine.btf()
                .flatMap(btf -> btf.struct("bpf_prog"))
                .filter(program -> program.members().stream()
                        .anyMatch(member -> member.name().equals(GUARD)))
                .isPresent();
    }

    /**
     * Finds a function.
     *
     * @param location where the kernel planted a kprobe for the site
     * @throws Planner.NotHereException if it has no trampoline, with the reason
     */
    static Trampoline of(Site site, ProbeLocation location) {
        Architecture machine = Machine.architecture();
        if (machine.wordBytes() != Long.BYTES) {
            throw new Planner.NotHereException("32-bit Arm has no BPF trampolines");
        }
        if (!site.isEntry()) {
            throw new Planner.NotHereException(OnePlace.NO_ENTRY);
        }
        if (site.place().module() != null) {
            throw new Planner.NotHereException("the function is in a module");
        }
        Btf btf = Machine.btf()
                .orElseThrow(() ->
                        new Planner.NotHereException("the kernel has no types of its own (CONFIG_DEBUG_INFO_BTF)"));
        if (!Kernel.KEEPS_IMAGES) {
            throw new Planner.NotHereException(
                    "it needs Linux 5.12, this is %s: before, a trampoline may be rewritten while a CPU is in it"
                            .formatted(KernelVersion.running().release()));
        }
        if (!site.isNameUnique()) {
            throw new Planner.NotHereException(
                    "several functions are called " + site.place().symbolName());
        }
        BtfType.Function function = function(site, location, btf);
        return new Trampoline(function.name(), function.id(), context(btf, function, machine));
    }

    private static BtfType.Function function(Site site, ProbeLocation location, Btf btf) {
        String name = site.place().symbolName();
        Optional<BtfType.Function> own = btf.function(name);
        if (own.isPresent()) {
            return own.get();
        }
        Set<String> aliases = new LinkedHashSet<>(site.place().aliases());
        if (location.confirmed() && !location.symbol().isEmpty()) {
            aliases.add(location.symbol());
        }
        aliases.remove(name);
        return aliases.stream()
                .flatMap(alias -> btf.function(alias).stream())
                .filter(function -> isAt(function.name(), location.addr()))
                .findFirst()
                .orElseThrow(() -> new Planner.NotHereException("the kernel's BTF does not have " + name));
    }

    /** The kernel looks the name up again: it must lead to the same place. */
    private static boolean isAt(String alias, long addr) {
        try {
            long[] found = Kallsyms.running().addressesOf(alias);
            return found.length == 1 && addr >= found[0] && addr - found[0] <= Site.FARTHEST_ENTRY_BYTES;
        } catch (BpfException e) {
            return false;
        }
    }

    private static ProgramContext.Trampoline context(Btf btf, BtfType.Function function, Architecture machine) {
        BtfType.FunctionProto proto = btf.prototype(function);
        if (proto.variadic()) {
            throw new Planner.NotHereException(function.name() + " takes a variable number of arguments");
        }
        var slots = new ArrayList<Slot>();
        for (BtfType.Param parameter : proto.params()) {
            Slot typed = slot(btf, parameter.type(), parameter.name(), "its parameter " + parameter.name());
            slots.add(keepsRegisters(machine) ? whole(typed) : typed);
        }
        if (machine.argument(slots.size() - 1).isEmpty() && !slots.isEmpty()) {
            throw new Planner.NotHereException("some of its %d arguments are on the stack".formatted(slots.size()));
        }
        Optional<Slot> result = btf.resolve(proto.result()) instanceof BtfType.Void
                ? Optional.empty()
                : Optional.of(whole(slot(btf, proto.result(), "", "what it returns")));
        return new ProgramContext.Trampoline(slots, result);
    }

    /**
     * Whether the word of a parameter that is narrower than its register is the whole register nevertheless, as a kprobe sees it. What a
     * function returns always is. There is nothing to ask the kernel: an older one leaves bytes of its stack in the word. Source:
     * save_args() in arch/x86/net/bpf_jit_comp.c since Linux 6.6 (before, save_regs() stored the type's size), and in
     * arch/arm64/net/bpf_jit_comp.c since it has trampolines.
     */
    private static boolean keepsRegisters(Architecture machine) {
        return machine != Architecture.X86_64 || KernelVersion.running().atLeast(6, 6);
    }

    private static Slot whole(Slot slot) {
        return new Slot(slot.name(), Long.BYTES, slot.pointer());
    }

    private static Slot slot(Btf btf, int type, String name, String what) {
        return switch (btf.resolve(type)) {
            case BtfType.Pointer _ -> new Slot(name, Long.BYTES, true);
            case BtfType.Int _, BtfType.Enumeration _
            when btf.sizeOf(type) <= Long.BYTES -> new Slot(name, (int) btf.sizeOf(type), false);
            default -> throw new Planner.NotHereException(what + " does not go in one register");
        };
    }

    /** Why a handler cannot be an fentry or fexit program of any function. */
    static Optional<String> refusalAnywhere(TranslatedHandler handler, boolean atReturn) {
        if (handler.walksStack()) {
            return Optional.of("the handler walks the stack from its registers, and " + ProgramContext.NO_REGISTERS);
        }
        if (handler.overridesReturn()) {
            return Optional.of(OnePlace.NO_OVERRIDE);
        }
        Architecture machine = Machine.architecture();
        return handler.reads().keySet().stream()
                .filter(name -> atReturn
                        ? !name.equals(machine.returnValue())
                        : machine.argumentNumber(name).isEmpty())
                .findFirst()
                .map(name -> "the handler reads register %s, and %s".formatted(name, ProgramContext.NO_REGISTERS));
    }

    /**
     * Refuses a program that the kernel would let run within itself. One that calls no helper comes by no function.
     *
     * @throws Planner.NotHereException with the helper
     */
    public static void requireNoRunWithinItself(CompiledProgram program) {
        if (!Kernel.GUARDS_PROGRAMS) {
            LoadRefusal.firstCall(program).ifPresent(call -> {
                throw new Planner.NotHereException(
                        "it needs Linux 5.12, this is %s: before, a program may run within itself, and %s may come by the function"
                                .formatted(KernelVersion.running().release(), call));
            });
        }
    }

    /** Why a trampoline is not to be taken here, where nobody asks for one: it loses hits. */
    public static Optional<String> lossRefusal() {
        Answer preemption = Preemption.running();
        return preemption.isNo()
                ? Optional.empty()
                : Optional.of(
                        "hits are lost while a run of its program is preempted, and this kernel %s preempt it (%s)"
                                .formatted(preemption.isYes() ? "does" : "may", preemption.why()));
    }

    /** Why a handler cannot do with what its programs are handed. */
    Optional<String> refusal(TranslatedHandler handler, boolean atReturn) {
        for (Map.Entry<String, Integer> read : handler.reads().entrySet()) {
            Optional<String> reason = context.refusal(Machine.architecture(), atReturn, read.getKey(), read.getValue());
            if (reason.isPresent()) {
                return reason;
            }
        }
        return Optional.empty();
    }
}
