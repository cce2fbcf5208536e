package org.kprobe4j;

import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.Architecture;

/**
 * Registers for a handler that runs in the JVM; those that are not set are 0, the stack pointer excepted.
 *
 * <pre>{@code
 * PtRegs regs = kernel.regs().arg(0, 5).arg(1, file.address()).make();
 * PtRegs.Arm64 arm = kernel.arm64().set("pstate", 0x60400005).make();
 * }</pre>
 *
 * @param <R> the register set
 */
public final class SimulatedRegisters<R extends PtRegs> {
    private static final long STACK = 0xffff_c900_0000_4000L;

    private final SimulatedKernel kernel;
    private final Class<R> type;
    private final Architecture machine;
    private final Map<String, Long> words = new LinkedHashMap<>();
    private @Nullable Map<String, Object> arguments;

    SimulatedRegisters(SimulatedKernel kernel, Class<R> type, Architecture machine) {
        this.kernel = kernel;
        this.type = type;
        this.machine = machine;
        machine.registers().keySet().forEach(name -> words.put(name, 0L));
        words.put(machine.sp(), STACK);
    }

    /**
     * An argument of the probed function, as {@link PtRegs#arg} reads it.
     *
     * @param index from 0
     * @param value a number or an address
     * @return this
     * @throws UsageException if the machine does not pass it in a register
     */
    public SimulatedRegisters<R> arg(int index, long value) {
        words.put(machine.argument(index).orElseThrow(() -> PtRegs.noArgument(index, type)), value);
        return this;
    }

    /**
     * Arguments of the probed function by name, as {@link PtRegs#args} and {@link KretprobeInstance#args} read them. In which
     * registers they are only the kernel's types say: {@link #arg} sets those.
     *
     * @param names an interface that names the parameters
     * @param values sets those that are not zero
     * @param <A> that interface
     * @return this
     */
    public <A extends FunctionArguments> SimulatedRegisters<R> args(
            Class<A> names, Consumer<SimulatedFields<A>> values) {
        if (arguments == null) {
            arguments = SimulatedReader.zero();
        }
        values.accept(new SimulatedFields<>(names, arguments, () -> 0));
        return this;
    }

    /**
     * What the function returned.
     *
     * @param value a number or an address
     * @return this
     */
    public SimulatedRegisters<R> returnValue(long value) {
        return set(machine.returnValue(), value);
    }

    /**
     * The instruction pointer.
     *
     * @param address kernel address
     * @return this
     */
    public SimulatedRegisters<R> ip(long address) {
        return set(machine.ip(), address);
    }

    /**
     * The stack pointer.
     *
     * @param address kernel address
     * @return this
     */
    public SimulatedRegisters<R> sp(long address) {
        return set(machine.sp(), address);
    }

    /**
     * A register of the machine by its own name.
     *
     * @param register as the accessor of the register set spells it, for example {@code r15} or {@code pstate}
     * @param value its content; of a 32-bit machine the lower half
     * @return this
     * @throws UsageException if the machine has no such register
     */
    public SimulatedRegisters<R> set(String register, long value) {
        if (words.replace(register, value) == null) {
            throw new UsageException(
                    "%s has no register %s; it has %s".formatted(machine.registerSet(), register, words.keySet()));
        }
        return this;
    }

    /**
     * The registers as they are now.
     *
     * @return a record that does not change any more
     */
    public R make() {
        RecordComponent[] components = type.getRecordComponents();
        Object[] values = Arrays.stream(components).map(this::content).toArray();
        Class<?>[] types =
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        try {
            R made = type.getConstructor(types).newInstance(values);
            if (arguments != null) {
                kernel.named(made, Map.copyOf(arguments));
            }
            return made;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot make " + type.getSimpleName(), e);
        }
    }

    private Object content(RecordComponent component) {
        long word = words.getOrDefault(component.getName(), 0L);
        if (component.getType() == int.class) {
            return (int) word;
        }
        return word;
    }
}
