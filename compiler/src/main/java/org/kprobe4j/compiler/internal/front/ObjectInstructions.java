package org.kprobe4j.compiler.internal.front;

import java.lang.classfile.Attributes;
import java.lang.classfile.ClassModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.TypeCheckInstruction;
import java.lang.constant.ClassDesc;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.HostProgram;
import org.kprobe4j.compiler.internal.ir.Arithmetic;
import org.kprobe4j.compiler.internal.ir.Cond;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Position;
import org.kprobe4j.compiler.internal.ir.Value;

/** Instructions that deal with objects: fields, calls, records, argument arrays, casts. */
final class ObjectInstructions {
    private static final int MAX_ARRAY = 32;
    private static final String NO_ARRAY =
            "a handler cannot read an array, whose elements the JVM may change at any time; capture the elements one by one, or use a map";

    private final Translation translation;
    private final MethodTranslator flow;
    private final State state;
    private final GraphBuilder builder;
    /** Results of type switches, with the labels that they can be. */
    private final IdentityHashMap<Value, List<Integer>> typeIndexes = new IdentityHashMap<>();

    ObjectInstructions(Translation translation, MethodTranslator flow, State state) {
        this.translation = translation;
        this.flow = flow;
        this.state = state;
        this.builder = translation.builder();
    }

    // ---- fields ----

    void field(FieldInstruction field) {
        String owner = field.owner().asInternalName();
        String name = field.name().stringValue();
        switch (field.opcode()) {
            case GETSTATIC -> state.push(finalField(owner, name, null, field.typeSymbol()));
            case PUTSTATIC ->
                throw new Refusal(
                        "a handler cannot write the static field %s.%s: kernel and JVM share no heap; use a map or emit an event"
                                .formatted(Translation.javaName(owner), name));
            case GETFIELD -> state.push(getField(state.pop(), owner, name, field.typeSymbol()));
            default -> {
                Operand value = state.pop();
                putField(state.pop(), owner, name, value);
            }
        }
    }

    private Operand getField(Operand object, String owner, String name, ClassDesc type) {
        return switch (object instanceof Operand.Maybe maybe ? flow.present(state, maybe) : object) {
            case Operand.PrivateData _ -> {
                DataClass.Field field = requireData().field(name);
                Kind kind = field.descriptor() == 'J' ? Kind.LONG : Kind.INT;
                yield new Operand.Scalar(builder.append(
                        kind,
                        new org.kprobe4j.compiler.internal.ir.Opcode.DataLoad(
                                field.offset(), field.size(), field.signed())));
            }
            case Operand.Made made -> {
                Operand part = state.content(made).parts().get(name);
                yield part == null ? zero(type) : part;
            }
            case Operand.Host host when host.object() != null -> finalField(owner, name, host.object(), type);
            default ->
                throw new Refusal(
                        "the field %s.%s cannot be read in a handler".formatted(Translation.javaName(owner), name));
        };
    }

    private static Operand zero(ClassDesc type) {
        return switch (type.descriptorString()) {
            case "J" -> new Operand.Scalar(GraphBuilder.constant(0L));
            case "Z", "B", "S", "C", "I" -> new Operand.Scalar(GraphBuilder.constant(0));
            default -> new Operand.Host(null);
        };
    }

    private Operand finalField(String owner, String name, @Nullable Object receiver, ClassDesc type) {
        HostProgram.Constant value = read(owner, name, receiver)
                .orElseThrow(() -> new Refusal(
                        "a handler cannot read %s.%s, which is not final: its value would be frozen when the probe is planted; make it final, or use a map"
                                .formatted(Translation.javaName(owner), name)));
        return name.startsWith("$SwitchMap$") && value.value() instanceof int[] cases
                ? new Operand.EnumSwitch(Arrays.stream(cases).boxed().toList())
                : HandlerEntry.captured(value.value(), type);
    }

    private Optional<HostProgram.Constant> read(String owner, String name, @Nullable Object receiver) {
        try {
            return translation.request().host().finalField(owner, name, receiver);
        } catch (LinkageError e) {
            // Reading a static field runs the initialiser of its class.
            throw new Refusal("a handler cannot read %s.%s: %s".formatted(Translation.javaName(owner), name, e));
        }
    }

    private void putField(Operand object, String owner, String name, Operand value) {
        switch (object) {
            case Operand.PrivateData _ -> {
                DataClass.Field field = requireData().field(name);
                builder.append(
                        Kind.INT,
                        new org.kprobe4j.compiler.internal.ir.Opcode.DataStore(field.offset(), field.size()),
                        GraphBuilder.lowerBits(
                                InstructionTranslator.scalar(value),
                                field.size().bytes() * Byte.SIZE));
            }
            case Operand.Made made ->
                state.made().put(made.id(), state.content(made).with(name, value));
            default ->
                throw new Refusal(
                        "a handler cannot write the field %s.%s: kernel and JVM share no heap; use the private data, a map or an event"
                                .formatted(Translation.javaName(owner), name));
        }
    }

    private DataClass requireData() {
        DataClass data = translation.dataClass();
        if (data == null) {
            throw new Refusal("this probe has no private data; name its class: Kretprobe.at(symbol, MyData.class)");
        }
        return data;
    }

    // ---- calls ----

    void invoke(InvokeInstruction call) {
        String owner = call.owner().asInternalName();
        String name = call.name().stringValue();
        String descriptor = call.type().stringValue();
        var arguments = new ArrayList<Operand>();
        for (int i = call.typeSymbol().parameterCount(); i > 0; i--) {
            arguments.addFirst(state.pop());
        }
        if (call.opcode() != Opcode.INVOKESTATIC) {
            arguments.addFirst(state.pop());
        }
        if (call.opcode() != Opcode.INVOKESTATIC && arguments.getFirst() instanceof Operand.Maybe receiver) {
            arguments.set(0, flow.present(state, receiver));
        }
        if (name.equals("<init>")) {
            construct(call, owner, arguments);
            return;
        }
        if (call.opcode() != Opcode.INVOKESTATIC
                && arguments.size() == 1
                && arguments.getFirst() instanceof Operand.Made made
                && state.content(made).parts().get(name) instanceof Operand.Unusable(String reason)) {
            throw new Refusal(reason);
        }
        var site = new CallSite(translation, flow, state, owner, name, descriptor, arguments);
        Operand result = Intrinsics.call(site);
        if (result != null) {
            pushUnlessVoid(call.typeSymbol().returnType(), result);
            return;
        }
        inline(call, dispatchOwner(call, owner, arguments), arguments);
    }

    private void pushUnlessVoid(ClassDesc type, Operand result) {
        if (!type.descriptorString().equals("V")) {
            state.push(result);
        }
    }

    /** The class whose method a call means: the receiver's own class where that is known. */
    private String dispatchOwner(InvokeInstruction call, String owner, List<Operand> arguments) {
        if (call.opcode() == Opcode.INVOKESTATIC || call.opcode() == Opcode.INVOKESPECIAL) {
            return owner;
        }
        return switch (arguments.getFirst()) {
            case Operand.Host host
            when host.object() != null -> internalName(host.object().getClass());
            case Operand.Made made -> state.content(made).type();
            case Operand.Struct struct -> struct.type();
            case Operand.Arguments of -> of.type();
            case Operand.Globals of -> of.type();
            case Operand.KernelEnum constant -> constant.type();
            default -> owner;
        };
    }

    private void inline(InvokeInstruction call, String owner, List<Operand> arguments) {
        String name = call.name().stringValue();
        String declared = call.owner().asInternalName();
        boolean jdk = Intrinsics.isInlinedFromJdk(owner);
        MethodCode method = jdk || Forbidden.isCompiled(owner)
                ? translation.method(owner, name, call.type().stringValue())
                : null;
        if (method == null || Forbidden.hasInstead(declared, name) || !(jdk || Forbidden.isCompiled(method.owner()))) {
            throw Forbidden.call(declared, name);
        }
        Position position = builder.position();
        JdkCall within = flow.jdkCall();
        JdkCall inside = within != null ? within : jdk ? new JdkCall(position, declared, name) : null;
        translation.inside(method, arguments, () -> {
            var result = new MethodTranslator(translation, method, inside).translate(state, arguments);
            if (result == null) {
                throw new MethodTranslator.DeadEnd();
            }
            state.returned(result.state());
            if (result.value() != null
                    && !call.typeSymbol().returnType().descriptorString().equals("V")) {
                state.push(result.value());
            }
        });
        builder.at(position);
    }

    void invokeDynamic(InvokeDynamicInstruction call) {
        String bootstrap = call.bootstrapMethod().owner().displayName() + "."
                + call.bootstrapMethod().methodName();
        var arguments = new ArrayList<Operand>();
        for (int i = call.typeSymbol().parameterCount(); i > 0; i--) {
            arguments.addFirst(state.pop());
        }
        switch (bootstrap) {
            case "SwitchBootstraps.typeSwitch" -> state.push(typeSwitch(arguments, call.bootstrapArgs()));
            case "StringConcatFactory.makeConcatWithConstants" -> state.push(concat(arguments, call.bootstrapArgs()));
            case "SwitchBootstraps.enumSwitch" ->
                throw new Refusal(
                        "a handler's switch over an enum takes its constants only; use if for null and conditions");
            case "ObjectMethods.bootstrap" -> {
                if (!call.name().equalsString("equals")) {
                    throw new Refusal("a handler cannot make strings or hash codes of records; print their components");
                }
                state.push(new Operand.Scalar(equal(arguments.getFirst(), arguments.getLast())));
            }
            case "LambdaMetafactory.metafactory", "LambdaMetafactory.altMetafactory" ->
                throw new Refusal("a handler cannot make a lambda; call a static method instead");
            default -> throw new Refusal("a handler cannot use " + bootstrap);
        }
    }

    /** Whether two records are equal, component by component, as the equals that every record has says. */
    private Value equal(Operand first, Operand second) {
        if (first instanceof Operand.Scalar a && second instanceof Operand.Scalar b) {
            return builder.compare(Cond.EQ, a.value(), b.value());
        }
        if (first instanceof Operand.Host a && second instanceof Operand.Host b) {
            return GraphBuilder.constant(a.equals(b) ? 1 : 0);
        }
        if (first instanceof Operand.Made && second instanceof Operand.Host(Object none) && none == null) {
            return GraphBuilder.constant(0);
        }
        if (!(first instanceof Operand.Made a) || !(second instanceof Operand.Made b)) {
            throw new Refusal("a handler can compare records of numbers only; compare the other components one by one");
        }
        if (!state.content(a).type().equals(state.content(b).type())) {
            return GraphBuilder.constant(0);
        }
        Value all = GraphBuilder.constant(1);
        for (var part : state.content(a).parts().entrySet()) {
            Operand other = state.content(b).parts().get(part.getKey());
            Value same = equal(part.getValue(), other == null ? new Operand.Host(null) : other);
            all = builder.binary(Arithmetic.AND, Kind.INT, all, same);
        }
        return all;
    }

    /**
     * The index of the first label, from the one given on, that the selector's type matches. Which labels match is known, because
     * the register set is that of the machine; where a case has a condition, javac asks again from the next label on, so then the
     * beginning is not known.
     */
    private Operand typeSwitch(List<Operand> arguments, List<? extends java.lang.constant.ConstantDesc> labels) {
        var matching = new ArrayList<Integer>();
        for (int i = 0; i < labels.size(); i++) {
            if (!(labels.get(i) instanceof ClassDesc label)) {
                throw new Refusal("a handler's switch over objects takes type patterns only");
            }
            if (isInstance(arguments.getFirst(), label)) {
                matching.add(i);
            }
        }
        matching.add(labels.size());
        Value from = InstructionTranslator.scalar(arguments.get(1));
        if (from instanceof Value.Constant(var kind, long known)) {
            int first = matching.stream().filter(i -> i >= known).findFirst().orElseThrow();
            return new Operand.Scalar(GraphBuilder.constant(first));
        }
        Value index = GraphBuilder.constant(matching.getFirst());
        for (int i = 1; i < matching.size(); i++) {
            int step = matching.get(i) - matching.get(i - 1);
            Value passed = builder.compare(Cond.GT, from, GraphBuilder.constant(matching.get(i - 1)));
            Value ahead = builder.binary(Arithmetic.MUL, Kind.INT, passed, GraphBuilder.constant(step));
            index = builder.binary(Arithmetic.ADD, Kind.INT, index, ahead);
        }
        typeIndexes.put(index, matching);
        return new Operand.Scalar(index);
    }

    /** Whether a switch can come to a case, as far as is known of its selector. */
    boolean isPossible(Value selector, int caseValue) {
        List<Integer> possible = typeIndexes.get(selector);
        return possible == null || possible.contains(caseValue);
    }

    private Operand concat(List<Operand> arguments, List<? extends java.lang.constant.ConstantDesc> constants) {
        var text = new StringBuilder();
        int next = 0;
        for (char c : String.valueOf(constants.getFirst()).toCharArray()) {
            if (c != '\1') {
                text.append(c);
                continue;
            }
            switch (arguments.get(next++)) {
                case Operand.Host(Object object) -> text.append(object);
                case Operand.Scalar(Value.Constant(var kind, long value)) -> text.append(value);
                default ->
                    throw new Refusal(
                            "a handler cannot build a string of values that only the kernel knows; pass them to Kernel.printf or send them in an event");
            }
        }
        return new Operand.Host(text.toString());
    }

    // ---- objects that the handler makes ----

    void make(String type) {
        if (Forbidden.isThrowable(type)) {
            // Where the JDK's own code throws, or javac's for a switch without a case, the handler stops.
            if (flow.jdkCall() == null && !type.equals("java/lang/MatchException")) {
                throw new Refusal(InstructionTranslator.CANNOT_THROW);
            }
            state.push(new Operand.Thrown(Translation.javaName(type)));
            return;
        }
        boolean record = translation
                .findClass(type)
                .flatMap(ClassModel::superclass)
                .filter(c -> c.asInternalName().equals("java/lang/Record"))
                .isPresent();
        if (!record) {
            throw new Refusal("a handler cannot create an object (new %s); use a record or a map"
                    .formatted(Translation.javaName(type)));
        }
        state.push(made(type, Map.of()));
    }

    private Operand.Made made(String type, Map<String, Operand> parts) {
        var made = new Operand.Made(translation.nextMade());
        state.made().put(made.id(), new State.Content(type, parts));
        return made;
    }

    private void construct(InvokeInstruction call, String owner, List<Operand> arguments) {
        boolean nothing = owner.equals("java/lang/Record") || owner.equals("java/lang/Object");
        if (!nothing && !(arguments.getFirst() instanceof Operand.Thrown)) {
            inline(call, owner, arguments);
        }
    }

    void makeArray(ClassDesc component, Operand length) {
        if (!component.descriptorString().equals("Ljava/lang/Object;")
                || !(length instanceof Operand.Scalar(Value.Constant(var kind, long known)))
                || known > MAX_ARRAY) {
            throw InstructionTranslator.refuseArray(component);
        }
        state.push(made("[" + known, Map.of()));
    }

    LocalArrays arrays() {
        return new LocalArrays(translation, flow);
    }

    void arrayStore() {
        Operand value = state.pop();
        Operand at = state.pop();
        Operand target = state.pop();
        if (target instanceof Operand.KernelArray) {
            throw new Refusal("kernel memory cannot be written");
        }
        if (target instanceof Operand.LocalArray local) {
            arrays().store(local, InstructionTranslator.scalar(at), InstructionTranslator.scalar(value));
            return;
        }
        String index = index(at);
        if (!(target instanceof Operand.Made array)) {
            throw new Refusal("a handler cannot write an array; use a map or a record");
        }
        state.made().put(array.id(), state.content(array).with(index, value));
    }

    void arrayLoad() {
        Operand position = state.pop();
        Operand array = state.pop();
        if (array instanceof Operand.KernelArray(Value start, KernelArrays.Elements elements)) {
            state.push(translation
                    .kernelTypes()
                    .values()
                    .arrays()
                    .element(flow, start, elements, InstructionTranslator.scalar(position)));
            return;
        }
        if (array instanceof Operand.EnumSwitch(List<Integer> table)
                && position instanceof Operand.EnumSelector(Operand.KernelEnum constant, var _)) {
            state.push(new Operand.EnumSelector(constant, table));
            return;
        }
        if (array instanceof Operand.LocalArray local) {
            state.push(arrays().load(local, InstructionTranslator.scalar(position)));
            return;
        }
        String index = index(position);
        if (array instanceof Operand.EnumSwitch(List<Integer> cases)) {
            state.push(new Operand.Scalar(GraphBuilder.constant(cases.get(Integer.parseInt(index)))));
            return;
        }
        Operand part =
                array instanceof Operand.Made made ? state.content(made).parts().get(index) : null;
        if (part == null) {
            throw new Refusal(NO_ARRAY);
        }
        state.push(part);
    }

    void arrayLength() {
        Operand operand = state.pop();
        if (operand instanceof Operand.KernelArray(var _, KernelArrays.Elements elements)) {
            state.push(new Operand.Scalar(GraphBuilder.constant(elements.length())));
            return;
        }
        if (operand instanceof Operand.LocalArray local) {
            state.push(new Operand.Scalar(GraphBuilder.constant(local.length())));
            return;
        }
        if (!(operand instanceof Operand.Made array)
                || !state.content(array).type().startsWith("[")) {
            throw new Refusal(NO_ARRAY);
        }
        state.push(new Operand.Scalar(GraphBuilder.constant(
                Integer.parseInt(state.content(array).type().substring(1)))));
    }

    private static String index(Operand operand) {
        if (operand instanceof Operand.Scalar(Value.Constant(var kind, long index))) {
            return Long.toString(index);
        }
        throw new Refusal("a handler cannot index an array with a variable; use a map");
    }

    // ---- types ----

    void typeCheck(TypeCheckInstruction check) {
        ClassDesc type = check.type().asSymbol();
        Operand operand = state.pop();
        if (check.opcode() == Opcode.INSTANCEOF) {
            state.push(new Operand.Scalar(
                    operand instanceof Operand.Maybe maybe
                            ? isInstance(maybe.content(), type)
                                    ? builder.compare(Cond.NE, maybe.present(), GraphBuilder.constant(0L))
                                    : GraphBuilder.constant(0)
                            : GraphBuilder.constant(isInstance(operand, type) ? 1 : 0)));
            return;
        }
        if (operand instanceof Operand.Struct struct && !isSubtype(struct.type(), internalName(type))) {
            throw new Refusal("a %s is no %s; use Kernel.struct(x.address(), %s.class)"
                    .formatted(
                            Translation.javaName(struct.type()),
                            Translation.javaName(internalName(type)),
                            Translation.javaName(internalName(type))));
        }
        if (operand instanceof Operand.Registers && !isInstance(operand, type)) {
            throw new Refusal("these are the registers of %s, not %s; use a switch over the register sets"
                    .formatted(
                            translation.request().architecture().registerSet(),
                            Translation.javaName(internalName(type))));
        }
        if (fails(operand, type)) {
            flow.fault("ClassCastException");
            throw new MethodTranslator.DeadEnd();
        }
        state.push(operand);
    }

    /** Whether Java would throw: known of what the handler makes and of constants. */
    private boolean fails(Operand operand, ClassDesc type) {
        return switch (operand) {
            case Operand.Made made -> !state.content(made).isArray() && !isInstance(operand, type);
            case Operand.Boxed _ -> !isInstance(operand, type);
            case Operand.Host(ClassDesc _) -> false;
            case Operand.Host(Object object) ->
                object != null && type.isClassOrInterface() && !isInstance(operand, type);
            default -> false;
        };
    }

    private boolean isInstance(Operand operand, ClassDesc type) {
        String name = internalName(type);
        return switch (operand) {
            case Operand.Registers _ ->
                name.equals(Api.REGISTERS)
                        || name.equals(Api.REGISTERS + "$"
                                + translation.request().architecture().registerSet());
            case Operand.Host(Object object) -> object != null && hostType(object.getClass(), name);
            case Operand.Made made -> isSubtype(state.content(made).type(), name);
            case Operand.Boxed boxed ->
                hostType(MethodType.methodType(boxed.type()).wrap().returnType(), name);
            default -> throw new Refusal("the type of this object cannot be tested in a handler");
        };
    }

    private boolean isSubtype(String type, String of) {
        return type.equals(of)
                || translation.hierarchy(type).stream()
                        .anyMatch(model -> model.thisClass().asInternalName().equals(of));
    }

    private static boolean hostType(@Nullable Class<?> type, String internalName) {
        return type != null
                && (internalName(type).equals(internalName)
                        || hostType(type.getSuperclass(), internalName)
                        || Arrays.stream(type.getInterfaces()).anyMatch(i -> hostType(i, internalName)));
    }

    static String internalName(Class<?> type) {
        return type.getName().replace('.', '/');
    }

    static String internalName(ClassDesc type) {
        String descriptor = type.descriptorString();
        return type.isClassOrInterface() ? descriptor.substring(1, descriptor.length() - 1) : descriptor;
    }

    /** Whether a class has an attribute-carried annotation; kept here so that callers need no class-file imports. */
    static boolean isInterface(ClassModel model) {
        return model.flags().has(java.lang.reflect.AccessFlag.INTERFACE)
                && model.findAttribute(Attributes.record()).isEmpty();
    }
}
