package org.kprobe4j;

import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.Failure;
import org.kprobe4j.bpf.LoadException;
import org.kprobe4j.bpf.tracefs.KprobeEvents;
import org.kprobe4j.compiler.CompileException;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.internal.Explaining;
import org.kprobe4j.internal.HandlerLambda;
import org.kprobe4j.internal.LoadRefusal;
import org.kprobe4j.internal.LoadedProgram;
import org.kprobe4j.internal.Machine;
import org.kprobe4j.internal.PostPlan;
import org.kprobe4j.internal.Refusals;
import org.kprobe4j.internal.Runs;
import org.kprobe4j.internal.Shortfalls;
import org.kprobe4j.internal.Target;
import org.kprobe4j.internal.Timing;
import org.kprobe4j.internal.planting.FollowedPlace;
import org.kprobe4j.internal.planting.SiteRefusedException;
import org.kprobe4j.internal.planting.Sites;
import org.kprobe4j.internal.targets.TargetSpec;
import org.kprobe4j.internal.targets.TargetSyntaxException;

/** Registering is a row of steps; when one fails, the steps before it are undone and the failure is said in the API's terms. */
final class Registration {
    private static final int MAX_SKIPPED_LINES = 3;
    /** How the operations begin that are about the target itself. */
    private static final String ATTACH = "attach k";

    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final String function;
    private final String target;
    private final TargetSpec spec;
    private final int number = NUMBER.incrementAndGet();
    private final Deque<AutoCloseable> undo = new ArrayDeque<>();
    private boolean readsStructures;

    private Registration(String function, String target, Function<String, TargetSpec> parse) {
        this.function = function;
        this.target = Explaining.target(target);
        try {
            this.spec = parse.apply(this.target);
        } catch (TargetSyntaxException e) {
            throw new RegistrationException(function + " failed: " + e.getMessage(), 0, e);
        }
    }

    /** Of a probe at any instruction. */
    static Registration ofKprobe(String target) {
        return new Registration("register_kprobe", target, TargetSpec::parse);
    }

    /** Of a probe at functions' returns. */
    static Registration ofKretprobe(String target) {
        return new Registration("register_kretprobe", target, TargetSpec::parseEntries);
    }

    /** Whether the handlers deal with what the kernel's types name. */
    boolean readsStructures() {
        return readsStructures;
    }

    /** Tells this registration from the process's others. */
    int number() {
        return number;
    }

    /** Notes what to close if a later step fails, in reverse order. */
    <T extends AutoCloseable> T opened(T object) {
        undo.push(object);
        return object;
    }

    /**
     * Runs the steps for some handlers; null for one that the probe does not have. Where the kernel does not find a function by its name alone,
     * they are run once more with what its symbols tell.
     */
    <T> T run(Function<Sites, T> steps, @Nullable Serializable... handlers) {
        try (var _ = Timing.registration(target)) {
            noteTypes(handlers);
            removeLeftovers();
            Shortfalls.addresses();
            Sites sites = Sites.of(spec);
            try {
                return steps.apply(sites);
            } catch (SiteRefusedException e) {
                Optional<Sites> better = sites.instead(spec, e);
                undo(e);
                return steps.apply(better.orElseThrow(() -> e));
            }
        } catch (RuntimeException e) {
            undo(e);
            throw translate(e);
        }
    }

    /** Runs the steps for a probe that follows its module: the place need not be there yet. */
    <T> T follow(Function<FollowedPlace, T> steps, @Nullable Serializable... handlers) {
        FollowedPlace place = FollowedPlace.of(spec)
                .orElseThrow(() -> new UsageException(
                        "followModule(): \"%s\" is no place in a module; write module:function or module:function+offset, for example loop:lo_ioctl"
                                .formatted(target)));
        try (var _ = Timing.registration(target)) {
            noteTypes(handlers);
            removeLeftovers();
            return steps.apply(place);
        } catch (RuntimeException e) {
            undo(e);
            throw translate(e);
        }
    }

    private void undo(RuntimeException cause) {
        while (!undo.isEmpty()) {
            close(undo.pop(), cause);
        }
    }

    private void noteTypes(@Nullable Serializable... handlers) {
        List<HandlerLambda> lambdas = Arrays.stream(handlers)
                .filter(Objects::nonNull)
                .map(handler -> HandlerLambda.of(handler, _ -> Optional.empty()))
                .toList();
        readsStructures = lambdas.stream().anyMatch(HandlerLambda::readsStructures);
        if (readsStructures || mayHaveTrampoline(lambdas)) {
            Machine.readTypesAhead();
        }
    }

    /** The planner looks first whether it can use a function's trampoline, which takes the function's type. */
    private boolean mayHaveTrampoline(List<HandlerLambda> lambdas) {
        return spec instanceof TargetSpec.Symbol symbol
                && symbol.module() == null
                && symbol.offset() == 0
                && lambdas.stream().allMatch(HandlerLambda::ignoresRegisters);
    }

    /** What a process that was killed left in tracefs, and nobody else's. */
    private static void removeLeftovers() {
        try {
            KprobeEvents.open().removeLeftovers();
        } catch (BpfException e) {
            // Without tracefs or its rights there is nothing to remove; what needs tracefs will say so itself.
        }
    }

    private static void close(AutoCloseable object, RuntimeException cause) {
        try {
            object.close();
        } catch (Exception e) {
            cause.addSuppressed(e);
        }
    }

    private RuntimeException translate(RuntimeException e) {
        return switch (e) {
            case ProbeException probe -> probe;
            case CompileException compile -> new HandlerException(String.valueOf(compile.getMessage()), "", compile);
            case SiteRefusedException refused -> refused(refused.target(), refused.refusal());
            case Sites.NothingException nothing ->
                new RegistrationException(
                        "%s failed, returned -%d (%s): %s"
                                .formatted(
                                        function, nothing.errno(), Errno.name(nothing.errno()), nothing.getMessage()),
                        nothing.errno(),
                        nothing);
            case BpfException bpf ->
                new RegistrationException("%s failed: %s".formatted(function, said(bpf)), bpf.errno(), bpf);
            case IllegalArgumentException argument -> new UsageException(String.valueOf(argument.getMessage()));
            case PostPlan.UnfollowableException post ->
                new RegistrationException(
                        "%s failed: post handler: %s".formatted(function, post.getMessage()), 0, post);
            default -> e;
        };
    }

    /** With the target as it was written, where the kernel was asked for an address, or for something else. */
    private String said(BpfException refusal) {
        Failure failure = refusal.failure();
        return failure.operation().startsWith(ATTACH)
                ? new Failure(failure.operation(), target, failure.errno(), failure.reason(), failure.remedy())
                        .message()
                : target + ": " + refusal.getMessage();
    }

    private RegistrationException refused(Target place, BpfException refusal) {
        Refusals.Explanation explained = Refusals.explain(function, place, refusal);
        return new RegistrationException(explained.message(), explained.errno(), refusal);
    }

    /** Loads a program; a refusal by the verifier is said with the Java line. */
    static LoadedProgram load(String what, CompiledProgram compiled, Supplier<LoadedProgram> load) {
        try {
            return load.get();
        } catch (LoadException e) {
            throw refused(what, compiled, e);
        }
    }

    /** The verifier's refusal, said of the handler's lines. */
    static HandlerException refused(String what, CompiledProgram compiled, LoadException refusal) {
        return new HandlerException(LoadRefusal.explain(what, compiled, refusal), refusal.log(), refusal);
    }

    /** What is said at the end of a run. */
    static void closed(String target, int places, List<SkippedPlace> skipped, ProbeAccount account) {
        Runs.account(
                places == 1
                        ? "%s: %s".formatted(target, account)
                        : "%s (%d places): %s".formatted(target, places, account));
        if (skipped.size() <= MAX_SKIPPED_LINES) {
            skipped.forEach(place -> Runs.closed("%s: skipped %s".formatted(target, place)));
            return;
        }
        Map<String, Long> reasons = skipped.stream()
                .collect(Collectors.groupingBy(
                        place -> place.reason().split(": ", 2)[0], TreeMap::new, Collectors.counting()));
        reasons.forEach((reason, count) -> Runs.closed(
                "%s: skipped %d, for example %s: %s".formatted(target, count, example(skipped, reason), reason)));
    }

    private static String example(List<SkippedPlace> skipped, String reason) {
        return skipped.stream()
                .filter(place -> place.reason().startsWith(reason))
                .map(SkippedPlace::symbolName)
                .findFirst()
                .orElseThrow();
    }
}
