package org.kprobe4j.compiler.internal.front;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.compiler.internal.ir.Arithmetic;
import org.kprobe4j.compiler.internal.ir.Block;
import org.kprobe4j.compiler.internal.ir.Cond;
import org.kprobe4j.compiler.internal.ir.End;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.RoomOperation;
import org.kprobe4j.compiler.internal.ir.RoomOperation.TextMatch;
import org.kprobe4j.compiler.internal.ir.TextSource;
import org.kprobe4j.compiler.internal.ir.Value;

/**
 * Text that lies in memory: its address is known, its bytes are read when something asks for them. Bytes are taken as UTF-8, in
 * which two texts are equal just if their bytes are, and in which a character never begins inside another.
 */
final class KernelText {
    static final int DEFAULT_BYTES = 256;
    static final int MAX_BYTES = 4096;

    /** The current task's comm as a text. */
    static final Operand.KernelString COMM =
            new Operand.KernelString(TextSource.COMM, GraphBuilder.constant(0L), Opcode.Field.Comm.BYTES, false, true);

    private static final Set<String> OWNERS =
            Set.of("java/lang/String", "java/lang/Object", "java/lang/CharSequence", "java/lang/Comparable");

    private KernelText() {}

    /** A text, if this is one. */
    static Optional<Operand.KernelString> of(CallSite site, Operand operand) {
        return switch (operand) {
            case Operand.Text copied -> Optional.of(MapText.inRoom(site, copied));
            case Operand.KernelString text -> Optional.of(text);
            case Operand.Comm _ -> Optional.of(COMM);
            default -> Optional.empty();
        };
    }

    // ---- where texts come from ----

    /** {@code Kernel.string(…)} and {@code Kernel.userString(…)}. */
    static Operand string(CallSite site, TextSource source, boolean orEmpty) {
        if (site.descriptor().startsWith("([B")) {
            return slice(site);
        }
        int bytes = DEFAULT_BYTES;
        if (site.arguments().size() > 1) {
            if (!(site.argument(1) instanceof Operand.Scalar(Value.Constant(var kind, long most)))) {
                throw new Refusal("Kernel.%s needs a constant number of bytes".formatted(site.name()));
            }
            bytes = bytes(most, "Kernel." + site.name());
        }
        return new Operand.KernelString(source, site.scalar(0), bytes, false, false, orEmpty);
    }

    private static int bytes(long most, String where) {
        if (most < 1 || most > MAX_BYTES) {
            throw new Refusal("%s: a string has 1 to %d bytes, not %d".formatted(where, MAX_BYTES, most));
        }
        return (int) most;
    }

    /** Text in a local array: a copy, so that it stays as it is when the array changes. */
    private static Operand slice(CallSite site) {
        if (!(site.argument(0) instanceof Operand.LocalArray array)) {
            throw new Refusal("Kernel.%s needs an array that the handler makes: new byte[64]".formatted(site.name()));
        }
        Value start = site.scalar(1);
        site.flow()
                .faultUnless(
                        Cond.ULT,
                        start,
                        GraphBuilder.constant(array.length()),
                        "Index out of bounds for length " + array.length());
        int room = site.translation().rooms().take(array.length() + 1);
        site.builder()
                .append(
                        Kind.INT,
                        new Opcode.Memory(new RoomOperation.Slice(array.length(), room)),
                        array.room(),
                        start);
        return inRoom(site, room, array.length() + 1);
    }

    /** A text that lies in a room of so many bytes. */
    static Operand.KernelString inRoom(CallSite site, int room, int bytes) {
        Value address = site.builder()
                .append(Kind.LONG, new Opcode.Memory(new RoomOperation.Address()), GraphBuilder.constant(room));
        return new Operand.KernelString(TextSource.KERNEL, address, bytes, false, true);
    }

    /** A value of the kernel that an interface gives as String. */
    static Operand field(KernelValues values, GraphBuilder builder, Place place, KernelType type, Wanted wanted) {
        Accessor accessor = wanted.accessor();
        Long onFault = accessor.onFault();
        if (onFault != null && onFault != 0) {
            throw wanted.refuse("is a text, which is empty where it cannot be read; write @OnFault without a value");
        }
        boolean orEmpty = onFault != null;
        int most = accessor.maxBytes() == 0 ? 0 : bytes(accessor.maxBytes(), accessor.java());
        return switch (type.target()) {
            case BtfType.Pointer pointed
            when isCharacter(type.btf(), pointed.target()) && !(place instanceof Place.Bits) ->
                new Operand.KernelString(
                        place.user() || accessor.userMemory() ? TextSource.USER : TextSource.KERNEL,
                        // The text at address 0 cannot be read either, and is counted where it is asked for.
                        orEmpty ? values.pointerOrZero(place) : values.pointer(place, wanted.fault(), null),
                        most == 0 ? DEFAULT_BYTES : most,
                        false,
                        false,
                        orEmpty);
            case BtfType.Array array
            when isCharacter(type.btf(), array.element()) && place instanceof Place.Memory memory ->
                array(array, memory.user() ? TextSource.USER : TextSource.KERNEL, memory.start(builder), most, orEmpty);
            default -> throw wanted.refuse("is %s, neither char * nor an array of char".formatted(type.spelled()));
        };
    }

    private static Operand array(BtfType.Array array, TextSource source, Value start, int most, boolean orEmpty) {
        int length = array.length() == 0 ? 0 : most == 0 ? array.length() : Math.min(most, array.length());
        return length > 0 && length <= MAX_BYTES
                ? new Operand.KernelString(source, start, length + 1, true, false, orEmpty)
                : new Operand.KernelString(source, start, most == 0 ? DEFAULT_BYTES : most, false, false, orEmpty);
    }

    private static boolean isCharacter(Btf btf, int type) {
        return type != 0 && btf.resolve(type) instanceof BtfType.Int integer && integer.sizeBytes() == 1;
    }

    // ---- what can be asked of them ----

    /** A call with a text as its first operand; null if it is none of the text's own. */
    static @Nullable Operand call(CallSite site, Operand.KernelString text) {
        if (!OWNERS.contains(site.owner())) {
            return null;
        }
        return switch (site.name()) {
            case "equals" -> new Operand.Scalar(equal(site, text, site.argument(1)));
            case "isEmpty" -> new Operand.Scalar(matches(site, text, "", false));
            case "startsWith" -> new Operand.Scalar(matches(site, text, constant(site), true));
            case "endsWith", "contains" -> search(site, text, constant(site));
            case "toString" -> text;
            case "hashCode" -> new Operand.TextHash(site.argument(0), text);
            case "length" -> throw cannot(site, "Kernel.byteLength(s)");
            case "charAt", "indexOf", "codePointAt" ->
                throw cannot(
                        site, "startsWith, endsWith or contains, or read its bytes into an array with Kernel.read");
            case "compareTo", "compareToIgnoreCase", "equalsIgnoreCase" -> throw cannot(site, "equals or startsWith");
            case "contentEquals" -> throw cannot(site, "equals");
            default -> throw cannot(site, "equals, startsWith, endsWith, contains, isEmpty or a switch");
        };
    }

    private static Refusal cannot(CallSite site, String instead) {
        return new Refusal(
                "a handler cannot call %s on a string of the kernel, whose characters would have to be decoded; use %s"
                        .formatted(site.name(), instead));
    }

    private static String constant(CallSite site) {
        if (site.arguments().size() == 2 && site.argument(1) instanceof Operand.Host(String text)) {
            return text;
        }
        throw new Refusal("%s on a string of the kernel needs a constant string".formatted(site.name()));
    }

    /** {@code "constant".equals(text)}: false for null, where reading it would fault. */
    static Value constantEquals(CallSite site, String constant, Operand.KernelString text) {
        return unlessNull(site, text, () -> matches(site, text, constant, false));
    }

    private static Value equal(CallSite site, Operand.KernelString text, Operand other) {
        if (other instanceof Operand.Host(Object constant)) {
            return constant instanceof String string ? matches(site, text, string, false) : GraphBuilder.constant(0);
        }
        Operand.KernelString second =
                of(site, other).orElseThrow(() -> new Refusal("a string can be compared with strings only"));
        return unlessNull(
                site,
                second,
                () -> InstructionTranslator.scalar(Routines.call(
                        site,
                        Routines.TEXT,
                        "equals",
                        "(Ljava/lang/String;Ljava/lang/String;)Z",
                        List.of(text, second))));
    }

    private static Operand search(CallSite site, Operand.KernelString text, String constant) {
        byte[] bytes = constant.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0 || constant.indexOf('\0') >= 0) {
            return new Operand.Scalar(GraphBuilder.constant(bytes.length == 0 ? 1 : 0));
        }
        return site.name().equals("endsWith") ? endsWith(site, text, bytes) : contains(site, text, bytes);
    }

    private static Operand endsWith(CallSite site, Operand.KernelString text, byte[] bytes) {
        var arrays = new LocalArrays(site.translation(), site.flow());
        Operand.LocalArray tail = arrays.passing('B', bytes.length);
        for (int i = 0; i < bytes.length; i++) {
            arrays.store(tail, GraphBuilder.constant(i), GraphBuilder.constant((int) bytes[i]));
        }
        return Routines.call(site, Routines.TEXT, "endsWith", "(Ljava/lang/String;[B)Z", List.of(text, tail));
    }

    private static Operand contains(CallSite site, Operand.KernelString text, byte[] bytes) {
        if (bytes.length > Long.SIZE) {
            throw new Refusal("contains looks for at most %d bytes in a string of the kernel, \"%s\" has %d"
                    .formatted(Long.SIZE, new String(bytes, StandardCharsets.UTF_8), bytes.length));
        }
        var places = new long[1 << Byte.SIZE];
        for (int i = 0; i < bytes.length; i++) {
            places[bytes[i] & 0xff] |= 1L << i;
        }
        var arrays = new LocalArrays(site.translation(), site.flow());
        Operand.LocalArray masks = arrays.passing('J', places.length);
        for (int i = 0; i < places.length; i++) {
            if (places[i] != 0) {
                arrays.store(masks, GraphBuilder.constant(i), GraphBuilder.constant(places[i]));
            }
        }
        var last = new Operand.Scalar(GraphBuilder.constant(1L << (bytes.length - 1)));
        return Routines.call(site, Routines.TEXT, "contains", "(Ljava/lang/String;[JJ)Z", List.of(text, masks, last));
    }

    /** 1 if the text is equal to a constant or starts with it, else 0. */
    private static Value matches(CallSite site, Operand.KernelString text, String constant, boolean prefix) {
        Value index = match(site, text, List.of(constant), prefix);
        return site.builder().compare(Cond.EQ, index, GraphBuilder.constant(0));
    }

    /** The index of the constant that a text is equal to, -1 if it is none of them. */
    static Value match(CallSite site, Operand.KernelString text, List<String> constants, boolean prefix) {
        List<String> possible =
                constants.stream().filter(c -> !isTooLong(text, c)).toList();
        if (possible.size() < constants.size()) {
            // Only one constant is asked for by methods; a switch leaves out what cannot be.
            return GraphBuilder.constant(-1);
        }
        int longest = constants.stream()
                .mapToInt(c -> c.getBytes(StandardCharsets.UTF_8).length)
                .max()
                .orElse(0);
        if (prefix && longest == 0) {
            return GraphBuilder.constant(0);
        }
        int needed = TextMatch.readBytes(text.bytes(), longest, prefix);
        int read = text.source() == TextSource.COMM ? text.bytes() : needed;
        int target = read <= TextMatch.FRAME_BYTES
                ? TextMatch.FRAME
                : site.translation().rooms().passing(read);
        var operation = new TextMatch(
                text.source(), text.bytes(), constants, prefix, target, fault(site, text), text.orEmpty());
        return site.builder().append(Kind.INT, new Opcode.Memory(operation), text.address());
    }

    /** Whether a text of this kind can never be equal to a constant, nor start with it. */
    static boolean isTooLong(Operand.KernelString text, String constant) {
        return constant.indexOf('\0') >= 0 || constant.getBytes(StandardCharsets.UTF_8).length > text.bytes() - 1;
    }

    static int fault(CallSite site, Operand.KernelString text) {
        return site.translation()
                .faultSite(
                        text.source() == TextSource.USER
                                ? "read of a string in user memory that is not present"
                                : "read of a string at an address that is not mapped",
                        !text.orEmpty());
    }

    private static Value unlessNull(CallSite site, Operand.KernelString text, Supplier<Value> otherwise) {
        if (!text.isNullable()) {
            return otherwise.get();
        }
        GraphBuilder builder = site.builder();
        Block isNull = builder.graph().block();
        Block read = builder.graph().block();
        Block join = builder.graph().block();
        builder.branch(Cond.EQ, text.address(), GraphBuilder.constant(0L), isNull, read);
        isNull.end(new End.Goto(join, builder.position()));
        builder.continueIn(read);
        Value value = otherwise.get();
        builder.current().end(new End.Goto(join, builder.position()));
        builder.continueIn(join);
        Value.Phi phi = join.phi(Kind.INT);
        phi.add(GraphBuilder.constant(0));
        phi.add(value);
        return phi;
    }

    /** {@code Kernel.byteLength(text)}. */
    static Operand byteLength(CallSite site) {
        if (site.argument(0) instanceof Operand.Host(String constant)) {
            return new Operand.Scalar(GraphBuilder.constant(constant.getBytes(StandardCharsets.UTF_8).length));
        }
        Operand.KernelString text =
                of(site, site.argument(0)).orElseThrow(() -> new Refusal("Kernel.byteLength needs a string"));
        return new Operand.Scalar(read(site, text, site.translation().rooms().passing(text.bytes())));
    }

    private static Value read(CallSite site, Operand.KernelString text, int room) {
        var read = new RoomOperation.TextRead(text.source(), room, text.bytes(), fault(site, text), text.orEmpty());
        return site.builder().append(Kind.INT, new Opcode.Memory(read), text.address());
    }

    // ---- what the routines ask for ----

    private static Operand.KernelString text(CallSite site, int index) {
        return of(site, site.argument(index)).orElseThrow(() -> new IllegalStateException("no text"));
    }

    /** {@code TextRoutines.room(text)}: an array that has room for all of it. */
    static Operand room(CallSite site) {
        int bytes = text(site, 0).bytes();
        int room = site.translation().rooms().take(bytes);
        return new Operand.LocalArray(GraphBuilder.constant(room), 'B', bytes);
    }

    /** {@code TextRoutines.load(text, room)}: copies it there; the number of its bytes. */
    static Operand load(CallSite site) {
        if (!(site.argument(1) instanceof Operand.LocalArray(Value.Constant room, char _, int _))) {
            throw new IllegalStateException("no room");
        }
        return new Operand.Scalar(read(site, text(site, 0), (int) room.value()));
    }

    /** {@code PathRoutines.text(room, start)}: the text in a routine's own array, which nothing changes afterwards. */
    static Operand view(CallSite site) {
        if (!(site.argument(0) instanceof Operand.LocalArray array)) {
            throw new IllegalStateException("no array");
        }
        Value start = site.builder().binary(Arithmetic.ADD, Kind.INT, array.room(), site.scalar(1));
        Value address = site.builder().append(Kind.LONG, new Opcode.Memory(new RoomOperation.Address()), start);
        return new Operand.KernelString(TextSource.KERNEL, address, array.length(), false, true);
    }
}
