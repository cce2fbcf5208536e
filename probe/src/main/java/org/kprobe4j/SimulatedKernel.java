package org.kprobe4j;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.internal.Cells;
import org.kprobe4j.internal.Machine;
import org.kprobe4j.internal.StackNames;
import org.kprobe4j.internal.Target;
import org.kprobe4j.internal.targets.TargetSpec;

/**
 * A kernel that is made up, for testing handlers in the JVM: without root, without a kernel. While it is open, the methods of
 * {@link Kernel} answer from it on the thread that opened it, and a {@link RingBuffer}, {@link KernelMap}, {@link Counter} or {@link Histogram} made there lives on the heap, as do
 * arrays, queues and values of CPUs, of which there are eight, and of tasks, which are told apart by {@link Kernel#tid()}.
 *
 * <pre>{@code
 * PreHandler handler = (p, regs) -> {
 *     Kernel.printf("%s reads %d bytes", Kernel.comm(), regs.arg(2));
 *     return 0;
 * };
 * try (var kernel = SimulatedKernel.open()) {
 *     kernel.comm("bash");
 *     kernel.runPre(handler, kernel.kprobe("vfs_read"), kernel.regs().arg(2, 512).make());
 *     assertThat(kernel.lines()).containsExactly("bash reads 512 bytes");
 * }
 * }</pre>
 *
 * <p>A handler that the compiler takes does here what it does in the kernel: where Java throws, it stops and the fault is counted
 * with its line; so does a read of a structure that is not there. What the compiler refuses may well run here: whether a handler can
 * be planted is seen only by registering it. Used by one thread.
 */
public final class SimulatedKernel implements AutoCloseable {
    /** How many CPUs per-CPU objects have a value for. */
    static final int POSSIBLE_CPUS = 8;

    private static final ThreadLocal<@Nullable SimulatedKernel> OPEN = new ThreadLocal<>();

    private final @Nullable SimulatedKernel outer = OPEN.get();
    private final SimulatedSymbols symbols = new SimulatedSymbols(SimulatedSymbols.KERNEL);
    private final SimulatedSymbols userSymbols = new SimulatedSymbols(SimulatedSymbols.PROCESS);
    private final SimulatedStacks stackNames = new SimulatedStacks(symbols, userSymbols, this::commOfProcess);
    private final Map<Fault, Integer> faults = new LinkedHashMap<>();
    private final SimulatedCalls calls = new SimulatedCalls(symbols, stackNames, this::fault);
    private final SimulatedMemory memory = calls.memory();
    private final IdentityHashMap<PtRegs, Map<String, Object>> arguments = new IdentityHashMap<>();
    private boolean inHandler;
    private long recordsLost;
    private long entriesLost;

    private SimulatedKernel() {}

    /**
     * Opens a kernel for this thread: one second after boot, task 1 {@code init} of user 0 on CPU 0, no structures.
     *
     * @return the kernel; closing it gives the thread back the one that was open before, if any
     */
    public static SimulatedKernel open() {
        var kernel = new SimulatedKernel();
        OPEN.set(kernel);
        return kernel;
    }

    /** The one that is open on this thread. */
    static @Nullable SimulatedKernel current() {
        return OPEN.get();
    }

    /** What to say of a call that only the kernel can answer. */
    static IllegalStateException outside(String call) {
        return new IllegalStateException(
                call
                        + " has a meaning only inside a handler, which runs in the kernel; to run a handler in the JVM, open a SimulatedKernel");
    }

    KernelCalls calls() {
        return calls;
    }

    /** The one that runs a handler on this thread now. */
    static @Nullable SimulatedKernel inHandler() {
        SimulatedKernel kernel = OPEN.get();
        return kernel != null && kernel.inHandler ? kernel : null;
    }

    /** What to say of an object that was made while one was open, when a handler is planted. */
    static UsageException onTheHeap(String use) {
        return new UsageException(
                "a handler in the kernel cannot %s that was made while a SimulatedKernel was open".formatted(use));
    }

    /**
     * Numbers that handlers add to: in the JVM while one is open.
     *
     * @throws UsageException if the kernel refuses them
     */
    static Cells cells(String name, int count) {
        try {
            return OPEN.get() == null ? new Cells(name, count) : Cells.onTheHeap(name, count);
        } catch (BpfException e) {
            throw new UsageException(String.valueOf(e.getMessage()));
        }
    }

    /** {@code call} says what is done, where no handler does it. */
    static void add(Cells cells, int index, long delta, String call) {
        opened(cells.isOnTheHeap(), call);
        cells.add(index, delta);
    }

    /** The one that is open, for what a handler does to an object that was made meanwhile. */
    static SimulatedKernel opened(boolean onTheHeap, String call) {
        SimulatedKernel kernel = OPEN.get();
        if (kernel == null) {
            throw outside(call);
        } else if (!onTheHeap) {
            throw new UsageException(
                    "%s: this is in the kernel; for a handler in the JVM, make it while the SimulatedKernel is open"
                            .formatted(call));
        }
        return kernel;
    }

    /** The arguments by their names that registers were made with. */
    <T extends FunctionArguments> T arguments(PtRegs regs, Class<T> type) {
        Map<String, Object> named = arguments.get(regs);
        if (named == null) {
            throw new UsageException(
                    "these registers have no arguments by name; give them: regs().args(%s.class, a -> a.set(…))"
                            .formatted(type.getSimpleName()));
        }
        return memory.arguments(type, named);
    }

    /** Registers that were made with arguments by name. */
    void named(PtRegs regs, Map<String, Object> values) {
        arguments.put(regs, values);
    }

    @Override
    public void close() {
        if (OPEN.get() == this) {
            OPEN.set(outer);
        }
    }

    // ---- the clock, the CPU, the current task ----

    /**
     * Sets the clock, which stands still between calls.
     *
     * @param nanoseconds what {@link Kernel#ktimeNs()} says
     * @return this
     */
    public SimulatedKernel ktimeNs(long nanoseconds) {
        calls.ktimeNs = nanoseconds;
        return this;
    }

    /**
     * Lets time pass.
     *
     * @param time how much
     * @return this
     */
    public SimulatedKernel advance(Duration time) {
        calls.ktimeNs += time.toNanos();
        return this;
    }

    /**
     * Lets time pass while the machine is suspended: only {@link Kernel#bootTimeNs()} sees it.
     *
     * @param time how much
     * @return this
     */
    public SimulatedKernel suspend(Duration time) {
        calls.suspendedNs += time.toNanos();
        return this;
    }

    /**
     * Begins the sequence of {@link Kernel#random()} anew.
     *
     * @param seed the same seed gives the same numbers
     * @return this
     */
    public SimulatedKernel randomSeed(long seed) {
        calls.random = new Random(seed);
        return this;
    }

    /**
     * Sets the CPU.
     *
     * @param number from 0
     * @return this
     */
    public SimulatedKernel cpu(int number) {
        calls.cpu = number;
        return this;
    }

    /**
     * Sets the current process, and its first thread, which has the same number.
     *
     * @param tgid what {@link Kernel#pid()} says, and {@link Kernel#tid()} too
     * @return this
     */
    public SimulatedKernel pid(int tgid) {
        calls.pid = tgid;
        calls.tid = tgid;
        return this;
    }

    /**
     * Sets the current thread.
     *
     * @param thread what {@link Kernel#tid()} says
     * @return this
     */
    public SimulatedKernel tid(int thread) {
        calls.tid = thread;
        return this;
    }

    /**
     * Sets the current task's user.
     *
     * @param user what {@link Kernel#uid()} says
     * @return this
     */
    public SimulatedKernel uid(int user) {
        calls.uid = user;
        return this;
    }

    /**
     * Sets the current task's group.
     *
     * @param group what {@link Kernel#gid()} says
     * @return this
     */
    public SimulatedKernel gid(int group) {
        calls.gid = group;
        return this;
    }

    /**
     * Sets the current task's control group.
     *
     * @param inode what {@link Kernel#cgroupId()} says
     * @return this
     */
    public SimulatedKernel cgroupId(long inode) {
        calls.cgroupId = inode;
        return this;
    }

    /**
     * Sets the current task's command name.
     *
     * @param name what {@link Kernel#comm()} says: of a longer one, the first 15 bytes
     * @return this
     */
    public SimulatedKernel comm(String name) {
        calls.comm = name;
        return this;
    }

    /**
     * Sets the current task's structure; if none is set, it is one with all fields zero.
     *
     * @param task what {@link Kernel#current} gives
     * @return this
     */
    public SimulatedKernel current(KernelStruct task) {
        calls.current = task;
        return this;
    }

    /**
     * Sets the call stack.
     *
     * @param addresses of code, innermost first, for example {@link #symbol symbol("vfs_read+0x1a")}
     * @return this
     */
    public SimulatedKernel stack(long... addresses) {
        calls.stack = addresses.clone();
        return this;
    }

    /**
     * Sets the call stack by names.
     *
     * @param innermost the probed function, {@code symbol} or {@code symbol+offset}
     * @param callers who called it, one after the other
     * @return this
     */
    public SimulatedKernel stack(String innermost, String... callers) {
        calls.stack = addresses(symbols, innermost, callers);
        return this;
    }

    /**
     * Sets the current process's call stack; if none is set, the task has none. Its functions are in a file called as the task.
     *
     * @param innermost the function that entered the kernel, {@code symbol} or {@code symbol+offset}
     * @param callers who called it, one after the other
     * @return this
     */
    public SimulatedKernel userStack(String innermost, String... callers) {
        calls.userStack = addresses(userSymbols, innermost, callers);
        return this;
    }

    private static long[] addresses(SimulatedSymbols symbols, String innermost, String... callers) {
        return Stream.concat(Stream.of(innermost), Arrays.stream(callers))
                .mapToLong(place -> symbols.address(target(place)))
                .toArray();
    }

    private String commOfProcess() {
        return calls.comm;
    }

    /** Names the frames of its stacks. */
    StackNames stackNames() {
        return stackNames;
    }

    /**
     * The address of a place in the kernel's code, which is printed by that name.
     *
     * @param place {@code symbol} or {@code symbol+offset}; the function is there from now on
     * @return kernel address
     */
    public long symbol(String place) {
        return symbols.address(target(place));
    }

    private static Target target(String place) {
        if (UsageException.checked(() -> TargetSpec.parse(place)) instanceof TargetSpec.Symbol symbol) {
            String module = symbol.module() == null ? "" : symbol.module() + ":";
            return new Target(module + symbol.name(), symbol.offset());
        }
        throw new UsageException("%s: a simulated kernel knows single functions, by their names".formatted(place));
    }

    // ---- structures ----

    /**
     * Makes a structure whose fields are zero, pointers to other structures null.
     *
     * @param type an interface that names the fields; another interface for the same structure sees the same fields
     * @param <T> that interface
     * @return the structure, at an address of its own
     */
    public <T extends KernelStruct> T struct(Class<T> type) {
        return memory.make(type, false);
    }

    /**
     * Makes a structure.
     *
     * <pre>{@code
     * var task = kernel.struct(TaskStruct.class, t -> t.set(TaskStruct::pid, 42).set(TaskStruct::mm, mm));
     * }</pre>
     *
     * @param type an interface that names the fields
     * @param fields sets those that are not zero
     * @param <T> that interface
     * @return the structure, at an address of its own
     */
    public <T extends KernelStruct> T struct(Class<T> type, Consumer<SimulatedFields<T>> fields) {
        T made = memory.make(type, false);
        change(type, made, fields);
        return made;
    }

    /**
     * Changes a structure's fields, as the kernel does between two hits.
     *
     * @param type the interface that names the fields
     * @param structure one that this kernel made
     * @param fields sets those that change
     * @param <T> that interface
     */
    public <T extends KernelStruct> void change(Class<T> type, T structure, Consumer<SimulatedFields<T>> fields) {
        memory.change(type, structure, fields);
    }

    /**
     * The null pointer.
     *
     * @param type the interface that it is seen through
     * @param <T> that interface
     * @return a structure at address 0; reading a field of it stops the handler
     */
    public <T extends KernelStruct> T nullOf(Class<T> type) {
        return memory.view(0, type, false);
    }

    /**
     * What lies in memory beside structures: texts, bytes, variables, names of files; and what the kernel's types say.
     *
     * @return the memory of this kernel and of its current process
     */
    public SimulatedMemory memory() {
        return memory;
    }

    // ---- probes and registers ----

    /**
     * A probe as a handler sees it; it is not planted anywhere.
     *
     * @param place {@code symbol} or {@code symbol+offset}
     * @return a probe with that name at an address of this kernel
     */
    public Kprobe kprobe(String place) {
        Target target = target(place);
        return new Kprobe(target.toString(), symbols.address(target));
    }

    /**
     * A call of a function that a kretprobe without private data watches.
     *
     * @param function its name
     * @return the call's instance
     */
    public KretprobeInstance<Void> call(String function) {
        return new KretprobeInstance<>(function, symbol(function), null);
    }

    /**
     * A call of a function that a kretprobe watches, for {@link #runEntry} and then {@link #runReturn}.
     *
     * @param function its name
     * @param data class of the private data
     * @param <D> that class
     * @return the call's instance; its data is zero
     */
    public <D> KretprobeInstance<D> call(String function, Class<D> data) {
        return new KretprobeInstance<>(function, symbol(function), SimulatedData.zero(data));
    }

    /**
     * Registers of the machine that this JVM runs on.
     *
     * @return a builder
     */
    public SimulatedRegisters<? extends PtRegs> regs() {
        return switch (Machine.architecture()) {
            case X86_64 -> x86();
            case ARM64 -> arm64();
            case ARM -> arm();
        };
    }

    /**
     * Registers of a 64-bit x86.
     *
     * @return a builder
     */
    public SimulatedRegisters<PtRegs.X86> x86() {
        return new SimulatedRegisters<>(this, PtRegs.X86.class, Architecture.X86_64);
    }

    /**
     * Registers of a 64-bit Arm.
     *
     * @return a builder
     */
    public SimulatedRegisters<PtRegs.Arm64> arm64() {
        return new SimulatedRegisters<>(this, PtRegs.Arm64.class, Architecture.ARM64);
    }

    /**
     * Registers of a 32-bit Arm.
     *
     * @return a builder
     */
    public SimulatedRegisters<PtRegs.Arm> arm() {
        return new SimulatedRegisters<>(this, PtRegs.Arm.class, Architecture.ARM);
    }

    // ---- hits ----

    /**
     * What became of a hit.
     *
     * @param result what the handler returned; nothing if it returns nothing or was stopped
     * @param fault why it was stopped
     */
    public record Outcome(OptionalInt result, Optional<Fault> fault) {}

    /**
     * A place where a handler stopped.
     *
     * @param file source file
     * @param line line number
     * @param what for example {@code / by zero}
     */
    public record Fault(String file, int line, String what) {
        @Override
        public String toString() {
            return file + ":" + line + ": " + what;
        }
    }

    /**
     * A hit of a kprobe.
     *
     * @param handler the pre handler
     * @param p the probe
     * @param regs the registers
     * @return what became of it
     */
    public Outcome runPre(PreHandler handler, Kprobe p, PtRegs regs) {
        calls.override.begin(regs);
        Outcome outcome = run(() -> handler.handle(p, regs));
        SimulatedFault overridden = calls.override.end(outcome.fault().isPresent());
        if (overridden != null) {
            var _ = fault(overridden);
        }
        return outcome;
    }

    /**
     * What the pre handler that ran last made its function return: {@link Kernel#overrideReturn}.
     *
     * @return nothing if the function would have run
     */
    public OptionalLong overridden() {
        return calls.override.carriedOut();
    }

    /**
     * A hit of a kprobe's post handler.
     *
     * @param handler the post handler
     * @param p the probe
     * @param regs the registers after the instruction
     * @return what became of it
     */
    public Outcome runPost(PostHandler handler, Kprobe p, PtRegs regs) {
        Outcome outcome = run(() -> {
            handler.handle(p, regs, 0);
            return 0;
        });
        return new Outcome(OptionalInt.empty(), outcome.fault());
    }

    /**
     * A call of a function that a kretprobe watches. If the handler returns anything but 0, or stops, the call is not followed.
     *
     * @param handler the entry handler
     * @param ri the call
     * @param regs the registers at the entry
     * @param <D> class of the private data
     * @return what became of it
     */
    public <D> Outcome runEntry(EntryHandler<D> handler, KretprobeInstance<D> ri, PtRegs regs) {
        ri.entered(regs);
        Outcome outcome = run(() -> handler.handle(ri, regs));
        ri.followed(outcome.result().orElse(1) == 0);
        return outcome;
    }

    /**
     * A call of a function that a kretprobe without an entry handler watches.
     *
     * @param ri the call
     * @param regs the registers at the entry, whose arguments the return handler sees
     */
    public void enter(KretprobeInstance<?> ri, PtRegs regs) {
        ri.entered(regs);
    }

    /**
     * The return of a call.
     *
     * @param handler the return handler
     * @param ri the call, the same as at its entry
     * @param regs the registers at the return
     * @param <D> class of the private data
     * @return what became of it
     * @throws UsageException if the call is not followed: the kernel would not run the handler
     */
    public <D> Outcome runReturn(ReturnHandler<D> handler, KretprobeInstance<D> ri, PtRegs regs) {
        if (!ri.isFollowed()) {
            throw new UsageException(
                    "the entry handler did not return 0 for this call of %s: the kernel does not run the return handler then"
                            .formatted(ri.symbolName()));
        }
        ri.returned(regs);
        return run(() -> handler.handle(ri, regs));
    }

    private Outcome run(IntSupplier handler) {
        if (OPEN.get() != this) {
            throw new UsageException("this simulated kernel is not the one that is open on this thread");
        }
        inHandler = true;
        try {
            return new Outcome(OptionalInt.of(handler.getAsInt()), Optional.empty());
        } catch (ProbeException | IllegalStateException e) {
            // A test that asks for what is not there, as opposed to a handler that stops.
            throw e;
        } catch (RuntimeException e) {
            return new Outcome(OptionalInt.empty(), Optional.of(fault(e)));
        } finally {
            inHandler = false;
        }
    }

    private Fault fault(RuntimeException exception) {
        Fault fault = SimulatedFaults.of(exception);
        faults.merge(fault, 1, Integer::sum);
        return fault;
    }

    // ---- what the handlers left ----

    /**
     * What {@link Kernel#printf} and {@link Kernel#dumpStack} printed.
     *
     * @return a text for each, as a {@link Log} would get it
     */
    public List<String> lines() {
        return calls.lines();
    }

    /**
     * What handlers emitted and nobody took yet; {@link RingBuffer#forEach} takes records at once.
     *
     * @param ring a ring buffer that was made while this kernel was open
     * @param <T> its events
     * @return the records in order
     */
    public <T> List<T> events(RingBuffer<T> ring) {
        return ring.waiting();
    }

    /**
     * Where handlers stopped, as the closing lines of a probe say it.
     *
     * @return {@code Opens.java:42: / by zero (3 times)}, the first fault first
     */
    public List<String> faultLines() {
        var lines = new ArrayList<String>();
        faults.forEach((fault, count) -> lines.add("%s (%d times)".formatted(fault, count)));
        return lines;
    }

    /**
     * Records that found their ring buffer full.
     *
     * @return how many
     */
    public long recordsLost() {
        return recordsLost;
    }

    void lost() {
        recordsLost++;
    }

    /**
     * Entries that found a map full when a handler put them there.
     *
     * @return how many
     */
    public long entriesLost() {
        return entriesLost;
    }

    void entryLost() {
        entriesLost++;
    }
}
