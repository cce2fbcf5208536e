package org.kprobe4j.compiler.internal.front;

import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.Size;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.internal.ir.Arithmetic;
import org.kprobe4j.compiler.internal.ir.Cond;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.TextSource;
import org.kprobe4j.compiler.internal.ir.Value;

/** Calls that mean something of their own in the kernel. To add a helper, add its row here. */
final class Intrinsics {
    private interface Intrinsic extends Function<CallSite, Operand> {}

    /** Owner and name; the API has no overloads whose meaning differs. */
    private static final Map<String, Intrinsic> TABLE = Map.ofEntries(
            row(Api.KERNEL, "ktimeNs", c -> c.longOf(new Opcode.HelperCall(Helper.KTIME_GET_NS, false))),
            row(Api.KERNEL, "bootTimeNs", c -> c.longOf(new Opcode.HelperCall(Helper.KTIME_GET_BOOT_NS, false))),
            row(Api.KERNEL, "random", c -> truncated(c, new Opcode.HelperCall(Helper.GET_PRANDOM_U32, false))),
            row(Api.KERNEL, "cpu", c -> truncated(c, new Opcode.HelperCall(Helper.GET_SMP_PROCESSOR_ID, false))),
            row(Api.KERNEL, "pid", c -> upper(c, new Opcode.HelperCall(Helper.GET_CURRENT_PID_TGID, true))),
            row(Api.KERNEL, "tid", c -> truncated(c, new Opcode.HelperCall(Helper.GET_CURRENT_PID_TGID, true))),
            row(Api.KERNEL, "uid", c -> truncated(c, new Opcode.HelperCall(Helper.GET_CURRENT_UID_GID, true))),
            row(Api.KERNEL, "gid", c -> upper(c, new Opcode.HelperCall(Helper.GET_CURRENT_UID_GID, true))),
            row(Api.KERNEL, "cgroupId", c -> c.longOf(new Opcode.HelperCall(Helper.GET_CURRENT_CGROUP_ID, true))),
            row(Api.KERNEL, "comm", _ -> new Operand.Comm()),
            row(Api.KERNEL, "string", c -> KernelText.string(c, TextSource.KERNEL, false)),
            row(Api.KERNEL, "userString", c -> KernelText.string(c, TextSource.USER, false)),
            row(Api.KERNEL, "userStringOrEmpty", c -> KernelText.string(c, TextSource.USER, true)),
            row(Api.KERNEL, "byteLength", KernelText::byteLength),
            row(Api.KERNEL, "read", c -> LocalArrays.read(c, false)),
            row(Api.KERNEL, "readUser", c -> LocalArrays.read(c, true)),
            row(Api.KERNEL, "path", PathNames::path),
            row(Api.KERNEL, "dentryPath", PathNames::dentryPath),
            row(Routines.PATH, "view", KernelText::view),
            row(Api.KERNEL, "ipv4", c -> new Operand.Ipv4(c.scalar(0))),
            row(Api.KERNEL, "ipv6", NetworkValues::ipv6),
            row(Api.KERNEL, "ntohs", NetworkValues::ntohs),
            row(Api.KERNEL, "ntohl", NetworkValues::ntohl),
            row(Routines.TEXT, "room", KernelText::room),
            row(Routines.TEXT, "load", KernelText::load),
            row(Api.KERNEL, "stack", _ -> new Operand.StackTrace()),
            row(Api.KERNEL, "current", Intrinsics::current),
            row(Api.KERNEL, "struct", c -> new Operand.Struct(c.scalar(0), c.typeArgument(1))),
            row(Api.KERNEL, "containerOf", KernelQueries::containerOf),
            row(Api.KERNEL, "exists", KernelQueries::exists),
            row(Api.KERNEL, "enumValue", KernelQueries::enumValue),
            row(Api.KERNEL, "globals", KernelVariables::globals),
            row(Api.KERNEL, "readByte", c -> KernelQueries.read(c, Size.B, false)),
            row(Api.KERNEL, "readShort", c -> KernelQueries.read(c, Size.H, false)),
            row(Api.KERNEL, "readInt", c -> KernelQueries.read(c, Size.W, false)),
            row(Api.KERNEL, "readLong", c -> KernelQueries.read(c, Size.DW, false)),
            row(Api.KERNEL, "readUserByte", c -> KernelQueries.read(c, Size.B, true)),
            row(Api.KERNEL, "readUserShort", c -> KernelQueries.read(c, Size.H, true)),
            row(Api.KERNEL, "readUserInt", c -> KernelQueries.read(c, Size.W, true)),
            row(Api.KERNEL, "readUserLong", c -> KernelQueries.read(c, Size.DW, true)),
            row(Api.KERNEL, "printf", Printing::printf),
            row(Api.KERNEL, "dumpStack", Printing::dumpStack),
            row(
                    Api.PROBE,
                    "symbolName",
                    c -> new Operand.Host(c.translation().request().symbolName())),
            row(Api.PROBE, "addr", c -> known(c.translation().request().addr())),
            row(Api.INSTANCE, "data", Intrinsics::data),
            row(Api.INSTANCE, "args", ArgumentValues::ofInstance),
            row(
                    Api.INSTANCE,
                    "symbolName",
                    c -> new Operand.Host(c.translation().request().symbolName())),
            row(Api.INSTANCE, "addr", c -> known(c.translation().request().addr())),
            row(Api.RING_BUFFER, "emit", Printing::emit),
            row("java/util/Objects", "requireNonNull", Intrinsics::notNull),
            row("java/lang/Integer", "valueOf", c -> boxed(c, int.class)),
            row("java/lang/Long", "valueOf", c -> boxed(c, long.class)),
            row("java/lang/Short", "valueOf", c -> boxed(c, short.class)),
            row("java/lang/Byte", "valueOf", c -> boxed(c, byte.class)),
            row("java/lang/Character", "valueOf", c -> boxed(c, char.class)),
            row("java/lang/Boolean", "valueOf", c -> boxed(c, boolean.class)));

    private static final Set<String> UNBOXING =
            Set.of("intValue", "longValue", "shortValue", "byteValue", "charValue", "booleanValue");

    /** JDK classes whose static methods are small integer code that compiles as it stands. */
    private static final Set<String> JDK = Set.of(
            "java/lang/Math",
            "java/lang/Integer",
            "java/lang/Long",
            "java/lang/Short",
            "java/lang/Byte",
            "java/lang/Character",
            "java/lang/Boolean");

    private Intrinsics() {}

    private static Map.Entry<String, Intrinsic> row(String owner, String name, Intrinsic intrinsic) {
        return Map.entry(owner + '.' + name, intrinsic);
    }

    static boolean isInlinedFromJdk(String owner) {
        return JDK.contains(owner);
    }

    /** The result of the call, or null if it has no meaning of its own. */
    static @Nullable Operand call(CallSite site) {
        if (KernelState.isOwner(site.owner())) {
            return KernelState.call(site);
        }
        Intrinsic intrinsic = TABLE.get(site.owner() + '.' + site.name());
        if (intrinsic != null) {
            return intrinsic.apply(site);
        }
        if (site.isStatic()) {
            return null;
        }
        return switch (site.argument(0)) {
            case Operand.Registers _
            when Api.isType(site.owner()) ->
                site.name().equals("args") ? ArgumentValues.ofRegisters(site) : register(site);
            case Operand.Struct struct
            when !site.isStatic() -> site.translation().kernelTypes().call(site, struct);
            case Operand.Arguments arguments -> site.translation().arguments().call(site, arguments);
            case Operand.Globals globals -> site.translation().variables().call(site, globals);
            case Operand.KernelEnum constant -> KernelEnums.call(site, constant);
            case Operand.Boxed boxed -> boxCall(site, boxed);
            case Operand.Host(String text) -> constantString(site, text);
            case Operand.Host(Enum<?> constant) -> constantEnum(site, constant);
            case Operand.Comm _ -> KernelText.call(site, KernelText.COMM);
            case Operand.KernelString text -> KernelText.call(site, text);
            case Operand.Text copied -> MapText.call(site, copied);
            case Operand.LocalArray _
            when site.name().equals("clone") ->
                throw new Refusal("a handler cannot clone an array; make another one and copy the elements in a loop");
            default -> null;
        };
    }

    private static Operand known(long value) {
        return new Operand.Scalar(GraphBuilder.constant(value));
    }

    private static Operand known(int value) {
        return new Operand.Scalar(GraphBuilder.constant(value));
    }

    private static Operand known(boolean value) {
        return known(value ? 1 : 0);
    }

    private static Operand truncated(CallSite site, Opcode opcode) {
        return new Operand.Scalar(site.builder().truncate(site.builder().append(Kind.LONG, opcode)));
    }

    /** The upper half of a helper's two values. */
    private static Operand upper(CallSite site, Opcode opcode) {
        GraphBuilder builder = site.builder();
        Value shifted = builder.binary(
                Arithmetic.USHR, Kind.LONG, builder.append(Kind.LONG, opcode), GraphBuilder.constant(Integer.SIZE));
        return new Operand.Scalar(builder.truncate(shifted));
    }

    private static Operand current(CallSite site) {
        return new Operand.Struct(
                site.builder().append(Kind.LONG, new Opcode.HelperCall(Helper.GET_CURRENT_TASK, true)),
                site.typeArgument(0));
    }

    private static Operand data(CallSite site) {
        if (site.translation().dataClass() == null) {
            throw new Refusal("this probe has no private data; name its class: Kretprobe.at(symbol, MyData.class)");
        }
        return new Operand.PrivateData();
    }

    private static Operand notNull(CallSite site) {
        if (site.argument(0) instanceof Operand.Host(Object object) && object == null) {
            site.flow().fault("NullPointerException");
            throw new MethodTranslator.DeadEnd();
        }
        return site.present(0);
    }

    private static Operand boxed(CallSite site, Class<?> type) {
        return switch (site.argument(0)) {
            case Operand.Scalar scalar -> new Operand.Boxed(scalar.value(), type);
            default ->
                throw new Refusal("%s.%s of a string has no place in a handler"
                        .formatted(Translation.javaName(site.owner()), site.name()));
        };
    }

    private static Operand boxCall(CallSite site, Operand.Boxed boxed) {
        if (UNBOXING.contains(site.name())) {
            return unboxed(site, boxed);
        }
        if (site.name().equals("equals") && site.argument(1) instanceof Operand.Boxed other) {
            return new Operand.Scalar(
                    other.type() == boxed.type()
                            ? site.builder().compare(Cond.EQ, boxed.value(), other.value())
                            : GraphBuilder.constant(0));
        }
        throw new Refusal("a handler cannot call %s.%s; use the primitive type"
                .formatted(Translation.javaName(site.owner()), site.name()));
    }

    private static Operand unboxed(CallSite site, Operand.Boxed boxed) {
        GraphBuilder builder = site.builder();
        Value value = boxed.value();
        if (site.name().equals("longValue")) {
            return new Operand.Scalar(value.kind() == Kind.INT ? builder.extend(value) : value);
        }
        Value word = value.kind() == Kind.LONG ? builder.truncate(value) : value;
        return new Operand.Scalar(
                switch (site.name()) {
                    case "byteValue" -> boxed.type() == byte.class ? word : builder.narrow(word, Byte.SIZE, true);
                    case "shortValue" ->
                        boxed.type() == byte.class || boxed.type() == short.class
                                ? word
                                : builder.narrow(word, Short.SIZE, true);
                    default -> word;
                });
    }

    /** What a string that is known says of itself; so a switch over strings is decided when the handler is compiled. */
    private static @Nullable Operand constantString(CallSite site, String text) {
        if (site.arguments().size() == 1) {
            return switch (site.name()) {
                case "length" -> known(text.length());
                case "hashCode" -> known(text.hashCode());
                case "isEmpty" -> known(text.isEmpty());
                case "toString" -> site.argument(0);
                default -> null;
            };
        }
        return switch (site.argument(1)) {
            case Operand.KernelString other
            when site.name().equals("equals") -> new Operand.Scalar(KernelText.constantEquals(site, text, other));
            case Operand.Comm _
            when site.name().equals("equals") ->
                new Operand.Scalar(KernelText.constantEquals(site, text, KernelText.COMM));
            case Operand.Text copied
            when site.name().equals("equals") -> new Operand.Scalar(MapText.isEqual(site, copied, text));
            case Operand.Host(Object other) when site.name().equals("equals") -> known(text.equals(other));
            case Operand.Host(String other)
            when site.arguments().size() == 2 ->
                switch (site.name()) {
                    case "startsWith" -> known(text.startsWith(other));
                    case "endsWith" -> known(text.endsWith(other));
                    case "contains" -> known(text.contains(other));
                    case "equalsIgnoreCase" -> known(text.equalsIgnoreCase(other));
                    default -> null;
                };
            case Operand.Scalar(Value.Constant index)
            when site.name().equals("charAt") && index.value() >= 0 && index.value() < text.length() ->
                known(text.charAt((int) index.value()));
            default -> null;
        };
    }

    @SuppressWarnings("EnumOrdinal") // the handler asked for it: javac translates switches so
    private static @Nullable Operand constantEnum(CallSite site, Enum<?> constant) {
        return switch (site.name()) {
            case "ordinal" -> known(constant.ordinal());
            case "hashCode" -> known(constant.hashCode());
            case "name" -> new Operand.Host(constant.name());
            case "equals" -> known(site.argument(1).equals(site.argument(0)));
            default -> null;
        };
    }

    /** A word of {@code struct pt_regs}, by the neutral name or the machine's own. */
    private static Operand register(CallSite site) {
        Architecture machine = site.translation().request().architecture();
        String register = switch (site.name()) {
            case "ip" -> site.owner().equals(Api.REGISTERS) ? machine.ip() : "ip";
            case "sp" -> machine.sp();
            case "returnValue" -> machine.returnValue();
            case "arg" -> argumentRegister(site, machine);
            case "x", "r" -> site.name() + constant(site, 1);
            default -> site.name();
        };
        int offset = machine.offset(register)
                .orElseThrow(() -> new Refusal("%s has no register %s; it has %s"
                        .formatted(
                                machine.registerSet(),
                                register,
                                machine.registers().keySet())));
        GraphBuilder builder = site.builder();
        if (machine.wordBytes() == Long.BYTES) {
            return site.longOf(new Opcode.Context(offset, Size.DW));
        }
        Value word = builder.append(Kind.INT, new Opcode.Context(offset, Size.W));
        boolean signed = site.name().equals("returnValue") || site.name().equals("arg");
        return new Operand.Scalar(signed ? builder.extend(word) : builder.zeroExtend(word));
    }

    private static String argumentRegister(CallSite site, Architecture machine) {
        int index = constant(site, 1);
        return machine.argument(index)
                .orElseThrow(() ->
                        new Refusal("arg(%d) is not in a register on %s; name the registers yourself or read the stack"
                                .formatted(index, machine.registerSet())));
    }

    private static int constant(CallSite site, int index) {
        if (site.argument(index) instanceof Operand.Scalar(Value.Constant(var kind, long value))) {
            return (int) value;
        }
        throw new Refusal("%s needs a constant number".formatted(site.name()));
    }
}
