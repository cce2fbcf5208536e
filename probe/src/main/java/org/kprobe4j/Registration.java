package org.kprobe4j;

import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.LoadException;
import org.kprobe4j.bpf.tracefs.KprobeEvents;
import org.kprobe4j.compiler.CompileException;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.internal.HandlerLambda;
import org.kprobe4j.internal.LoadRefusal;
import org.kprobe4j.internal.LoadedProgram;
import org.kprobe4j.internal.Machine;
import org.kprobe4j.internal.Refusals;
import org.kprobe4j.internal.Successor;
import org.kprobe4j.internal.Target;

/** Registering is a row of steps; when one fails, the steps before it are undone and the failure is said in the API's terms. */
final class Registration {
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final String function;
    private final Target target;
    private final int number = NUMBER.incrementAndGet();
    private final Deque<AutoCloseable> undo = new ArrayDeque<>();

    /** {@code function} is the kernel's: register_kprobe or register_kretprobe. */
    Registration(String function, String target) {
        this.function = function;
        try {
            this.target = Target.parse(target);
        } catch (IllegalArgumentException e) {
            throw new RegistrationException(function + " failed: " + e.getMessage(), 0, e);
        }
    }

    Target target() {
        return target;
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

    /** Runs the steps for some handlers; null for one that the probe does not have. */
    <T> T run(Supplier<T> steps, @Nullable Serializable... handlers) {
        try {
            if (Arrays.stream(handlers)
                    .filter(Objects::nonNull)
                    .anyMatch(handler ->
                            HandlerLambda.of(handler, _ -> Optional.empty()).readsStructures())) {
                Machine.readTypesAhead();
            }
            removeLeftovers();
            return steps.get();
        } catch (RuntimeException e) {
            while (!undo.isEmpty()) {
                close(undo.pop(), e);
            }
            throw translate(e);
        }
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
            case BpfException bpf -> {
                Refusals.Explanation explained = Refusals.explain(function, target, bpf);
                yield new RegistrationException(explained.message(), explained.errno(), bpf);
            }
            case IllegalArgumentException argument -> new UsageException(String.valueOf(argument.getMessage()));
            case Successor.UnfollowableException post ->
                new RegistrationException(
                        "%s failed: post handler: %s".formatted(function, post.getMessage()), 0, post);
            default -> e;
        };
    }

    /** Loads a program; a refusal by the verifier is said with the Java line. */
    static LoadedProgram load(String what, CompiledProgram compiled, Supplier<LoadedProgram> load) {
        try {
            return load.get();
        } catch (LoadException e) {
            throw new HandlerException(LoadRefusal.explain(what, compiled, e), e.log(), e);
        }
    }

    static long count(@Nullable LoadedProgram program, int slot) {
        return program == null ? 0 : program.count(slot);
    }
}
