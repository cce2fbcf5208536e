package org.kprobe4j.compiler.internal.front;

import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.constant.ClassDesc;
import java.lang.reflect.AccessFlag;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.Size;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfKind;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.compiler.internal.ir.Arithmetic;
import org.kprobe4j.compiler.internal.ir.Cond;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.Value;

/** Variables of the kernel by their symbols: addresses are known when the handler is compiled, each CPU's own by its offset. */
final class KernelVariables {
    /** Where the kernel keeps each CPU's distance from the first copy of its variables; not there on a kernel for one CPU. */
    private static final String PER_CPU_OFFSETS = "__per_cpu_offset";

    /** The section that the kernel's types list such variables in. */
    private static final String PER_CPU_SECTION = ".data..percpu";

    private static final String CPU_COUNT = "nr_cpu_ids";

    private final Translation translation;
    private final Map<String, List<Long>> addresses = new HashMap<>();
    private final Set<String> searched = new HashSet<>();

    KernelVariables(Translation translation) {
        this.translation = translation;
    }

    /** {@code Kernel.globals(T)}. */
    static Operand globals(CallSite site) {
        return new Operand.Globals(site.typeArgument(0));
    }

    /** A call on the variables; null if it is a method with a body, to be compiled like any other. */
    @Nullable
    Operand call(CallSite site, Operand.Globals receiver) {
        Accessor accessor = Accessor.called(site, receiver.type());
        if (accessor == null) {
            return null;
        }
        search(receiver.type());
        String name = known(accessor.name())
                .or(() -> known(KernelTypes.snakeCase(accessor.name())))
                .orElseThrow(() -> unknown(KernelTypes.snakeCase(accessor.name())));
        List<Long> places = addresses.get(name);
        if (places == null || places.size() != 1) {
            throw new Refusal("the kernel has %d variables named %s; find the address and use Kernel.readLong"
                    .formatted(places == null ? 0 : places.size(), name));
        }
        var wanted = new Wanted(accessor, "the variable " + name);
        checkPerCpu(name, wanted);
        Value address = GraphBuilder.constant(places.getFirst());
        boolean ofCpu = accessor.perCpu() && accessor.isIndexed();
        if (accessor.perCpu()) {
            address = translation.builder().binary(Arithmetic.ADD, Kind.LONG, perCpuOffset(site, ofCpu), address);
        }
        var place = new Place.Memory(address, 0, false);
        return read(site, place, name, wanted, !ofCpu && accessor.isIndexed());
    }

    private Operand read(CallSite site, Place.Memory place, String name, Wanted wanted, boolean indexed) {
        Optional<KernelType> type = type(name);
        KernelValues values = translation.kernelTypes().values();
        if (type.isPresent()) {
            return indexed ? values.indexed(site, place, type.get(), wanted) : values.value(place, type.get(), wanted);
        }
        ClassDesc result = wanted.accessor().result();
        if (result.isPrimitive()) {
            var java = JavaNumber.of(result, wanted);
            Place element = indexed
                    ? values.arrays().place(place.address(), site.scalar(1), java.bits() / Byte.SIZE, false)
                    : place;
            return new Operand.Scalar(values.number(element, java.bits(), true, false, wanted, java));
        }
        String struct = ObjectInstructions.internalName(result);
        if (indexed || result.isArray() || KernelEnums.isEnum(translation, struct)) {
            throw wanted.refuse("has no type in this kernel's BTF; declare it as a number or a structure");
        }
        if (struct.equals("java/lang/String")) {
            String method = wanted.accessor().method();
            throw wanted.refuse(
                    "has no type in this kernel's BTF; of a char * declare long %s() and use Kernel.string(%s()), of an array KernelStruct %s() and Kernel.string(%s().address())"
                            .formatted(method, method, method, method));
        }
        return new Operand.Struct(place.address(), struct);
    }

    /** The type of a variable; the kernel's BTF has those of each CPU's own, and since 6.15 perhaps the others. */
    private Optional<KernelType> type(String name) {
        return translation
                .kernelTypes()
                .kernel()
                .flatMap(btf -> btf.variable(name).map(variable -> new KernelType(btf, variable.type())));
    }

    /** Where the kernel's types tell whether a variable is each CPU's own, its accessor must say the same. */
    private void checkPerCpu(String name, Wanted wanted) {
        Optional<Btf> types = translation.kernelTypes().kernel();
        Optional<BtfType.Var> variable = types.flatMap(btf -> btf.variable(name));
        Optional<BtfType.DataSection> section = types.flatMap(btf -> btf.find(PER_CPU_SECTION, Set.of(BtfKind.DATASEC)))
                .map(BtfType.DataSection.class::cast);
        if (variable.isEmpty() || section.isEmpty()) {
            return;
        }
        boolean own = section.get().variables().stream()
                .anyMatch(v -> v.type() == variable.get().id());
        if (own != wanted.accessor().perCpu()) {
            throw wanted.refuse(own ? "is each CPU's own; add @PerCpu" : "is one for all CPUs; leave out @PerCpu");
        }
    }

    // ---- each CPU's own ----

    private Value perCpuOffset(CallSite site, boolean ofCpu) {
        List<Long> offsets = addresses.getOrDefault(PER_CPU_OFFSETS, List.of());
        if (offsets.isEmpty()) {
            return GraphBuilder.constant(0L);
        }
        GraphBuilder builder = translation.builder();
        Value cpu = ofCpu
                ? checked(site, site.scalar(1))
                : builder.truncate(
                        builder.append(Kind.LONG, new Opcode.HelperCall(Helper.GET_SMP_PROCESSOR_ID, false)));
        int bytes = translation.request().architecture().wordBytes();
        Place.Memory place = translation
                .kernelTypes()
                .values()
                .arrays()
                .place(GraphBuilder.constant(offsets.getFirst()), cpu, bytes, false);
        return translation
                .kernelTypes()
                .values()
                .pointer(place, "read of %s at an address that is not mapped".formatted(PER_CPU_OFFSETS), null);
    }

    /** A CPU's number, where the kernel says how many there are. */
    private Value checked(CallSite site, Value cpu) {
        List<Long> count = addresses.getOrDefault(CPU_COUNT, List.of());
        if (!count.isEmpty()) {
            Value cpus = translation
                    .builder()
                    .append(
                            cpu.kind(),
                            new Opcode.KernelRead(
                                    0,
                                    Size.W,
                                    false,
                                    translation.faultSite(
                                            "read of %s at an address that is not mapped".formatted(CPU_COUNT)),
                                    false,
                                    null,
                                    null),
                            GraphBuilder.constant(count.getFirst()));
            site.flow().faultUnless(Cond.ULT, cpu, cpus, "there is no CPU of that number");
        }
        return cpu;
    }

    // ---- symbols ----

    /** Looks up all that an interface names, in one pass over the symbols. */
    private void search(String type) {
        if (searched.contains(type)) {
            return;
        }
        Set<String> names = new HashSet<>(Set.of(PER_CPU_OFFSETS, CPU_COUNT));
        for (ClassModel model : translation.hierarchy(type)) {
            for (MethodModel method : model.methods()) {
                if (method.flags().has(AccessFlag.ABSTRACT)) {
                    String name = Accessor.of(type, method).name();
                    names.add(name);
                    names.add(KernelTypes.snakeCase(name));
                }
            }
        }
        try {
            addresses.putAll(translation.request().host().variableAddresses(names));
            searched.add(type);
        } catch (IllegalStateException e) {
            throw new Refusal("the kernel's variables cannot be found: " + e.getMessage());
        }
    }

    private Optional<String> known(String name) {
        return addresses.containsKey(name) ? Optional.of(name) : Optional.empty();
    }

    private Refusal unknown(String name) {
        List<String> nearest = translation.request().host().nearestVariables(name);
        return new Refusal(
                "the kernel has no variable %s%s; if it is not misspelled, the kernel was built without CONFIG_KALLSYMS_ALL"
                        .formatted(name, KernelTypes.suggestion(nearest)));
    }
}
