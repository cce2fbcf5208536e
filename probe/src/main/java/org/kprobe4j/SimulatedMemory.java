package org.kprobe4j;

import java.lang.reflect.Method;
import java.net.Inet6Address;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.KernelNames;

/**
 * What lies in the memory of a {@link SimulatedKernel}: texts and bytes of the kernel and of the current process, variables, the
 * names of files, and what its types say.
 *
 * <pre>{@code
 * long name = kernel.memory().userText("/etc/passwd");
 * kernel.runPre(handler, kernel.kprobe("do_sys_openat2"), kernel.regs().arg(1, name).make());
 * }</pre>
 *
 * <p>Used by one thread.
 */
public final class SimulatedMemory {
    /** A structure by its kernel name, with the fields that were set. */
    record Made(String name, Map<String, Object> fields) {}

    private record View(long address, Class<?> type, boolean user) {}

    private final Map<Long, Made> structures = new HashMap<>();
    private final Map<View, KernelStruct> views = new HashMap<>();
    private final SimulatedBytes kernel = SimulatedBytes.ofTheKernel();
    private final SimulatedBytes user = SimulatedBytes.ofAProcess();
    private final Map<String, Object> variables = new HashMap<>();
    private final Map<Long, String> paths = new HashMap<>();
    private final Map<Long, Inet6Address> addresses = new HashMap<>();
    private final Set<String> lacking = new HashSet<>();
    private final Map<String, Map<String, Long>> enums = new HashMap<>();
    private final IntSupplier cpu;
    private final Consumer<SimulatedFault> passed;

    /** {@code passed} is told of faults after which the handler goes on. */
    SimulatedMemory(IntSupplier cpu, Consumer<SimulatedFault> passed) {
        this.cpu = cpu;
        this.passed = passed;
    }

    int cpu() {
        return cpu.getAsInt();
    }

    void passed(SimulatedFault fault) {
        passed.accept(fault);
    }

    // ---- bytes ----

    /**
     * Puts a text into the kernel's memory, with a NUL behind it.
     *
     * @param text the text, in UTF-8 there
     * @return its address
     */
    public long text(String text) {
        return kernel.put(text);
    }

    /**
     * Puts bytes into the kernel's memory; before and behind them nothing is mapped.
     *
     * @param bytes the bytes
     * @return their address
     */
    public long bytes(byte... bytes) {
        return kernel.put(bytes);
    }

    /**
     * Puts a text into the memory of the current process, with a NUL behind it.
     *
     * @param text the text, in UTF-8 there
     * @return its address
     */
    public long userText(String text) {
        return user.put(text);
    }

    /**
     * Puts bytes into the memory of the current process; before and behind them nothing is present.
     *
     * @param bytes the bytes
     * @return their address
     */
    public long userBytes(byte... bytes) {
        return user.put(bytes);
    }

    /** The bytes of one address space. */
    SimulatedBytes space(boolean ofUser) {
        return ofUser ? user : kernel;
    }

    // ---- structures ----

    /**
     * Makes a structure in the memory of the current process, for what a pointer with {@link UserMemory} leads to.
     *
     * @param type an interface that names the fields
     * @param fields sets those that are not zero
     * @param <T> that interface
     * @return the structure, at an address of its own
     */
    public <T extends KernelStruct> T userStruct(Class<T> type, Consumer<SimulatedFields<T>> fields) {
        T made = make(type, true);
        change(type, made, fields);
        return made;
    }

    /** A structure all of whose fields are zero. */
    <T extends KernelStruct> T make(Class<T> type, boolean ofUser) {
        requireInterface(type);
        long address = space(ofUser).take(1);
        structures.put(address, new Made(name(type), SimulatedReader.zero()));
        return view(address, type, ofUser);
    }

    <T extends KernelStruct> void change(Class<T> type, T structure, Consumer<SimulatedFields<T>> fields) {
        Made made = structures.get(structure.address());
        if (made == null) {
            throw new UsageException("there is no structure at 0x%x; make it with SimulatedKernel.struct"
                    .formatted(structure.address()));
        }
        fields.accept(new SimulatedFields<>(type, made.fields(), cpu));
    }

    /**
     * Whatever is at an address, seen through an interface. There is one view for each address and interface: so {@code ==}
     * says what it says in the kernel.
     */
    <T extends KernelStruct> T view(long address, Class<T> type, boolean ofUser) {
        requireInterface(type);
        return type.cast(views.computeIfAbsent(
                new View(address, type, ofUser),
                _ -> type.cast(
                        SimulatedFields.proxy(type, new SimulatedReader.Structure(this, address, type, ofUser)))));
    }

    private static void requireInterface(Class<?> type) {
        if (!type.isInterface()) {
            throw new UsageException("%s must be an interface that extends KernelStruct".formatted(name(type)));
        }
    }

    static String name(Class<?> type) {
        Name name = type.getAnnotation(Name.class);
        return name != null ? name.value() : KernelNames.snakeCase(type.getSimpleName());
    }

    /** A register of a 32-bit machine may have lost the upper half of an address. */
    @Nullable
    Made at(long address, boolean ofUser) {
        Made made = structures.get(address);
        if (made == null && address >>> Integer.SIZE == 0) {
            made = structures.get((long) (int) address);
        }
        return user.hasTaken(address) == ofUser ? made : null;
    }

    /** The structure that has another one as a member. */
    <T extends KernelStruct> T containerOf(KernelStruct member, Class<T> outer, String path) {
        for (var candidate : structures.entrySet()) {
            Made made = candidate.getValue();
            for (String field : path.split("\\.", -1)) {
                Object inner = made == null ? null : made.fields().get(field);
                if (inner instanceof Long address && address == member.address()) {
                    if (candidate.getValue().name().equals(name(outer))) {
                        return view(candidate.getKey(), outer, false);
                    }
                }
                made = inner instanceof Long address ? structures.get(address) : null;
            }
        }
        throw new UsageException("no struct %s has %s as its %s; make one that does, with SimulatedKernel.struct"
                .formatted(name(outer), member, path));
    }

    // ---- variables, arguments ----

    /**
     * Sets variables of the kernel; those that are not set are zero.
     *
     * <pre>{@code
     * kernel.memory().global(Vm.class, v -> v.set(Vm::jiffies, 5L).set(x -> x.runqueues(1), rq));
     * }</pre>
     *
     * @param type an interface that names them
     * @param values sets them
     * @param <T> that interface
     */
    public <T extends KernelGlobals> void global(Class<T> type, Consumer<SimulatedFields<T>> values) {
        values.accept(new SimulatedFields<>(type, variables, cpu));
    }

    <T extends KernelGlobals> T globals(Class<T> type) {
        return type.cast(SimulatedFields.proxy(type, new SimulatedReader.Named(this, variables, true)));
    }

    <T extends FunctionArguments> T arguments(Class<T> type, Map<String, Object> values) {
        return type.cast(SimulatedFields.proxy(type, new SimulatedReader.Named(this, values, false)));
    }

    // ---- files, addresses ----

    /**
     * Says how a file is named.
     *
     * @param structure a {@code struct path}, {@code struct file} or {@code struct dentry}
     * @param name what {@link Kernel#path} or {@link Kernel#dentryPath} gives for it
     */
    public void path(KernelStruct structure, String name) {
        paths.put(structure.address(), name);
    }

    String path(KernelStruct structure) {
        String name = paths.get(structure.address());
        if (name == null) {
            throw new UsageException(
                    "%s has no name; give it one with SimulatedKernel.memory().path(structure, \"/etc/passwd\")"
                            .formatted(structure));
        }
        return name;
    }

    /**
     * Makes an IPv6 address of the kernel.
     *
     * @param type an interface for {@code struct in6_addr}
     * @param address what {@link Kernel#ipv6} gives for it
     * @param <T> that interface
     * @return the structure, at an address of its own
     */
    public <T extends KernelStruct> T ipv6(Class<T> type, Inet6Address address) {
        T made = make(type, false);
        addresses.put(made.address(), address);
        return made;
    }

    Inet6Address ipv6(KernelStruct structure) {
        Inet6Address address = addresses.get(structure.address());
        if (address == null) {
            throw new SimulatedFault("read of an IPv6 address at an address that is not mapped");
        }
        return address;
    }

    // ---- types ----

    /**
     * Takes a structure from the kernel's types: {@link Kernel#exists(Class)} says false from now on. Otherwise it says true of all.
     *
     * @param type an interface for the structure
     */
    public void lacks(Class<? extends KernelStruct> type) {
        lacking.add(name(type));
    }

    /**
     * Takes a field from the kernel's types: {@link Kernel#exists(Class, String)} says false from now on.
     *
     * @param type an interface for the structure
     * @param field the field's name, or a path of names with dots
     */
    public void lacks(Class<? extends KernelStruct> type, String field) {
        lacking.add(name(type) + "." + field);
    }

    boolean exists(Class<? extends KernelStruct> type, String field) {
        return !lacking.contains(name(type)) && !lacking.contains(name(type) + "." + field);
    }

    /**
     * Says what a constant of an enumeration is.
     *
     * @param enumType the enumeration's tag
     * @param constant its name
     * @param value what {@link Kernel#enumValue} gives, and what a field that was set to this constant gives as a number
     */
    public void enumValue(String enumType, String constant, long value) {
        enums.computeIfAbsent(enumType, _ -> new HashMap<>()).put(constant, value);
    }

    long enumValue(String enumType, String constant) {
        Long value = enums.getOrDefault(enumType, Map.of()).get(constant);
        if (value == null) {
            throw unknown(enumType, constant);
        }
        return value;
    }

    private static UsageException unknown(String enumType, String constant) {
        return new UsageException(
                "the value of %2$s is not known; tell it with SimulatedKernel.memory().enumValue(\"%1$s\", \"%2$s\", value)"
                        .formatted(enumType, constant));
    }

    /** What a field that holds a number gives. */
    long number(Method accessor, Object raw) {
        return switch (raw) {
            case Long bits -> bits;
            case Enum<?> constant -> number(constant);
            default ->
                throw new UsageException("%s.%s is %s; it was set to a %s"
                        .formatted(
                                accessor.getDeclaringClass().getSimpleName(),
                                accessor.getName(),
                                accessor.getReturnType(),
                                raw.getClass().getSimpleName()));
        };
    }

    private long number(Enum<?> constant) {
        String name = constantName(constant);
        return enums.values().stream()
                .filter(constants -> constants.containsKey(name))
                .map(constants -> constants.get(name))
                .findFirst()
                .orElseThrow(() -> unknown(name(constant.getDeclaringClass()), name));
    }

    /** The constant of a Java enum that stands for a number. */
    Object constant(Class<?> type, long number) {
        for (Object constant : type.getEnumConstants()) {
            String name = constantName((Enum<?>) constant);
            if (enums.values().stream().anyMatch(known -> Long.valueOf(number).equals(known.get(name)))) {
                return constant;
            }
        }
        throw new UsageException(
                "no constant of %s has the value %d; set one of its constants".formatted(type.getSimpleName(), number));
    }

    /** As the kernel spells it. */
    static String constantName(Enum<?> constant) {
        try {
            Name name = constant.getDeclaringClass().getField(constant.name()).getAnnotation(Name.class);
            return name == null ? constant.name() : name.value();
        } catch (NoSuchFieldException e) {
            throw new IllegalStateException("no constant " + constant, e);
        }
    }
}
