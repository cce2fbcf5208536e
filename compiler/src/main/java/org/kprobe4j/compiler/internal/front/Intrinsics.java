package org.kprobe4j.compiler.internal.front;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.Size;
import org.kprobe4j.compiler.StackKind;
import org.kprobe4j.compiler.internal.ir.Arithmetic;
import org.kprobe4j.compiler.internal.ir.Cond;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.TextSource;
import org.kprobe4j.compiler.internal.ir.Value;

/** Calls that mean something of their own in the kernel. To add a helper, add its case here. */
final class Intrinsics {
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

    static boolean isInlinedFromJdk(String owner) {
        return JDK.contains(owner);
    }

    /**
     * The calls by owner and name; the API has no overloads whose meaning differs. A switch and no map: the lambdas of a map would all
     * be linked before the first handler is compiled.
     */
    private static @Nullable Operand named(CallSite c) {
        return switch (c.owner() + '.' + c.name()) {
            case Api.KERNEL + ".ktimeNs" -> c.longOf(new Opcode.HelperCall(Helper.KTIME_GET_NS, false));
            case Api.KERNEL + ".bootTimeNs" -> c.longOf(new Opcode.HelperCall(Helper.KTIME_GET_BOOT_NS, false));
            case Api.KERNEL + ".random" -> truncated(c, new Opcode.HelperCall(Helper.GET_PRANDOM_U32, false));
            case Api.KERNEL + ".cpu" -> truncated(c, new Opcode.HelperCall(Helper.GET_SMP_PROCESSOR_ID, false));
            case Api.KERNEL + ".pid" -> upper(c, new Opcode.HelperCall(Helper.GET_CURRENT_PID_TGID, true));
            case Api.KERNEL + ".tid" -> truncated(c, new Opcode.HelperCall(Helper.GET_CURRENT_PID_TGID, true));
            case Api.KERNEL + ".uid" -> truncated(c, new Opcode.HelperCall(Helper.GET_CURRENT_UID_GID, true));
            case Api.KERNEL + ".gid" -> upper(c, new Opcode.HelperCall(Helper.GET_CURRENT_UID_GID, true));
            case Api.KERNEL + ".cgroupId" -> c.longOf(new Opcode.HelperCall(Helper.GET_CURRENT_CGROUP_ID, true));
            case Api.KERNEL + ".comm" -> new Operand.Comm();
            case Api.KERNEL + ".string" -> KernelText.string(c, TextSource.KERNEL, false);
            case Api.KERNEL + ".stringOrEmpty" -> KernelText.string(c, TextSource.KERNEL, true);
            case Api.KERNEL + ".userString" -> KernelText.string(c, TextSource.USER, false);
            case Api.KERNEL + ".userStringOrEmpty" -> KernelText.string(c, TextSource.USER, true);
            case Api.KERNEL + ".byteLength" -> KernelText.byteLength(c);
            case Api.KERNEL + ".read" -> LocalArrays.read(c, false);
            case Api.KERNEL + ".readUser" -> LocalArrays.read(c, true);
            case Api.KERNEL + ".path" -> PathNames.path(c);
            case Api.KERNEL + ".dentryPath" -> PathNames.dentryPath(c);
            case Routines.PATH + ".view" -> KernelText.view(c);
            case Api.KERNEL + ".ipv4" -> new Operand.Ipv4(c.scalar(0));
            case Api.KERNEL + ".ipv6" -> NetworkValues.ipv6(c);
            case Api.KERNEL + ".ntohs" -> NetworkValues.ntohs(c);
            case Api.KERNEL + ".ntohl" -> NetworkValues.ntohl(c);
            case Routines.TEXT + ".room" -> KernelText.room(c);
            case Routines.TEXT + ".load" -> KernelText.load(c);
            case Api.KERNEL + ".stack" -> new Operand.StackTrace(StackKind.KERNEL);
            case Api.KERNEL + ".userStack" -> new Operand.StackTrace(StackKind.USER);
            case Api.KERNEL + ".current" -> current(c);
            case Api.KERNEL + ".struct" -> new Operand.Struct(c.scalar(0), c.typeArgument(1));
            case Api.KERNEL + ".containerOf" -> KernelQueries.containerOf(c);
            case Api.KERNEL + ".exists" -> KernelQueries.exists(c);
            case Api.KERNEL + ".enumValue" -> KernelQueries.enumValue(c);
            case Api.KERNEL + ".globals" -> KernelVariables.globals(c);
            case Api.KERNEL + ".readByte" -> KernelQueries.read(c, Size.B, false);
            case Api.KERNEL + ".readShort" -> KernelQueries.read(c, Size.H, false);
            case Api.KERNEL + ".readInt" -> KernelQueries.read(c, Size.W, false);
            case Api.KERNEL + ".readLong" -> KernelQueries.read(c, Size.DW, false);
            case Api.KERNEL + ".readUserByte" -> KernelQueries.read(c, Size.B, true);
            case Api.KERNEL + ".readUserShort" -> KernelQueries.read(c, Size.H, true);
            case Api.KERNEL + ".readUserInt" -> KernelQueries.read(c, Size.W, true);
            case Api.KERNEL + ".readUserLong" -> KernelQueries.read(c, Size.DW, true);
            case Api.KERNEL + ".overrideReturn" -> ErrorInjection.overrideReturn(c);
            case Api.KERNEL + ".printf" -> Printing.printf(c);
            case Api.KERNEL + ".dumpStack" -> Printing.dumpStack(c);
            case Api.PROBE + ".symbolName", Api.INSTANCE + ".symbolName" -> ProbedPlace.name(c);
            case Api.PROBE + ".addr", Api.INSTANCE + ".addr" -> new Operand.Scalar(ProbedPlace.asked(c));
            case Api.INSTANCE + ".data" -> data(c);
            case Api.INSTANCE + ".args" -> ArgumentValues.ofInstance(c);
            case Api.INSTANCE + ".arg" -> ArgumentValues.ofInstanceByNumber(c);
            case Api.INSTANCE + ".returnValue" -> ReturnValues.of(c);
            case Api.REGISTERS + "$X86.flagNames",
                    Api.REGISTERS + "$Arm64.flagNames",
                    Api.REGISTERS + "$Arm.flagNames" -> RegisterReads.flagNames(c);
            case Api.RING_BUFFER + ".emit" -> Printing.emit(c);
            case "java/util/Objects.requireNonNull" -> c.present(0);
            case "java/lang/Integer.valueOf" -> boxed(c, int.class);
            case "java/lang/Long.valueOf" -> boxed(c, long.class);
            case "java/lang/Short.valueOf" -> boxed(c, short.class);
            case "java/lang/Byte.valueOf" -> boxed(c, byte.class);
            case "java/lang/Character.valueOf" -> boxed(c, char.class);
            case "java/lang/Boolean.valueOf" -> boxed(c, boolean.class);
            default -> null;
        };
    }

    /** The result of the call, or null if it has no meaning of its own. */
    static @Nullable Operand call(CallSite site) {
        if (KernelState.isOwner(site.owner())) {
            return KernelState.call(site);
        }
        Operand known = named(site);
        if (known != null) {
            return known;
        }
        if (site.owner().equals(Api.RING_BUFFER)) {
            throw Printing.outside(site);
        }
        if (site.isStatic()) {
            return null;
        }
        return switch (site.argument(0)) {
            case Operand.Registers _ when Api.isType(site.owner()) -> RegisterReads.call(site);
            case Operand.FlagNames _ -> throw RegisterReads.onlyPrinted();
            case Operand.Struct struct -> site.translation().kernelTypes().call(site, struct);
            case Operand.Arguments arguments -> site.translation().arguments().call(site, arguments);
            case Operand.Globals globals -> site.translation().variables().call(site, globals);
            case Operand.KernelEnum constant -> KernelEnums.call(site, constant);
            case Operand.Boxed boxed -> boxCall(site, boxed);
            case Operand.StackTrace stack -> throw Stacks.outside(site, stack);
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

    private static Operand boxed(CallSite site, Class<?> type) {
        if (site.argument(0) instanceof Operand.Scalar scalar) {
            return new Operand.Boxed(scalar.value(), type);
        }
        throw new Refusal("%s.%s of a string has no place in a handler"
                .formatted(Translation.javaName(site.owner()), site.name()));
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
}
