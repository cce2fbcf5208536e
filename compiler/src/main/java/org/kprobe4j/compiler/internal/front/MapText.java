package org.kprobe4j.compiler.internal.front;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.Size;
import org.kprobe4j.compiler.internal.ir.Arithmetic;
import org.kprobe4j.compiler.internal.ir.Cond;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.RoomOperation;
import org.kprobe4j.compiler.internal.ir.Value;

/** Text that was copied from a map, eight bytes in each number: compared as numbers where that will do. */
final class MapText {
    /** The longest text that is copied, in bytes. */
    static final int MAX_BYTES = 64;

    private MapText() {}

    /** A call with such a text as its first operand; null if it is none of the text's own. */
    static @Nullable Operand call(CallSite site, Operand.Text text) {
        Operand argument = site.arguments().size() == 2 ? site.argument(1) : text;
        return switch (site.name()) {
            case "toString" -> text;
            case "isEmpty" -> new Operand.Scalar(startsWith(site, text, "\0"));
            case "equals" -> equal(site, text, argument);
            case "startsWith" -> startsWith(site, text, argument);
            default -> KernelText.call(site, inRoom(site, text));
        };
    }

    private static @Nullable Operand equal(CallSite site, Operand.Text text, Operand other) {
        return switch (other) {
            case Operand.Host(String constant) -> new Operand.Scalar(isEqual(site, text, constant));
            case Operand.Host _ -> new Operand.Scalar(GraphBuilder.constant(0));
            case Operand.Text second -> new Operand.Scalar(isEqual(site, text, second));
            default -> KernelText.call(site, inRoom(site, text));
        };
    }

    private static @Nullable Operand startsWith(CallSite site, Operand.Text text, Operand prefix) {
        if (!(prefix instanceof Operand.Host(String constant))) {
            return KernelText.call(site, inRoom(site, text));
        }
        return new Operand.Scalar(
                constant.indexOf('\0') >= 0 ? GraphBuilder.constant(0) : startsWith(site, text, constant));
    }

    /** 1 if it is equal to a constant, else 0. */
    static Value isEqual(CallSite site, Operand.Text text, String constant) {
        List<Value> expected = Merge.words(new Operand.Host(constant), text);
        return expected.isEmpty() ? GraphBuilder.constant(0) : areEqual(site.builder(), text.words(), expected);
    }

    private static Value isEqual(CallSite site, Operand.Text a, Operand.Text b) {
        boolean longer = a.bytes() >= b.bytes();
        List<Value> same = longer ? Merge.words(b, a) : Merge.words(a, b);
        return areEqual(site.builder(), (longer ? a : b).words(), same);
    }

    private static Value areEqual(GraphBuilder builder, List<Value> a, List<Value> b) {
        Value different = GraphBuilder.constant(0L);
        for (int i = 0; i < a.size(); i++) {
            Value bits = builder.binary(Arithmetic.XOR, Kind.LONG, a.get(i), b.get(i));
            different = i == 0 ? bits : builder.binary(Arithmetic.OR, Kind.LONG, different, bits);
        }
        return builder.compare(Cond.EQ, different, GraphBuilder.constant(0L));
    }

    private static Value startsWith(CallSite site, Operand.Text text, String prefix) {
        byte[] bytes = prefix.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > text.bytes()) {
            return GraphBuilder.constant(0);
        }
        GraphBuilder builder = site.builder();
        var seen = new ArrayList<Value>();
        var expected = new ArrayList<Value>();
        for (int from = 0; from < bytes.length; from += Long.BYTES) {
            long word = 0;
            long mask = 0;
            for (int i = 0; i < Math.min(Long.BYTES, bytes.length - from); i++) {
                word |= (bytes[from + i] & 0xffL) << (i * Byte.SIZE);
                mask |= 0xffL << (i * Byte.SIZE);
            }
            Value there = text.words().get(from / Long.BYTES);
            seen.add(
                    mask == -1 ? there : builder.binary(Arithmetic.AND, Kind.LONG, there, GraphBuilder.constant(mask)));
            expected.add(GraphBuilder.constant(word));
        }
        return areEqual(builder, seen, expected);
    }

    /** The text as one in memory, NUL-ended: in a room of its own. */
    static Operand.KernelString inRoom(CallSite site, Operand.Text text) {
        var words = new ArrayList<>(text.words());
        words.add(GraphBuilder.constant(0L));
        int room = site.translation().rooms().take(words.size() * Long.BYTES);
        int elements = Integer.highestOneBit(words.size() * 2 - 1);
        for (int i = 0; i < words.size(); i++) {
            site.builder()
                    .append(
                            Kind.INT,
                            new Opcode.Memory(new RoomOperation.Store(elements, Size.DW)),
                            GraphBuilder.constant(room),
                            GraphBuilder.constant(i),
                            words.get(i));
        }
        return KernelText.inRoom(site, room, text.bytes() + 1);
    }

    // ---- words in memory, whose place need not be aligned ----

    /** The largest number that lies aligned at an offset and has at most so many bytes. */
    static Size piece(int offset, int bytes) {
        int size = Math.min(Long.BYTES, Integer.highestOneBit(bytes));
        while (offset % size != 0) {
            size /= 2;
        }
        return Size.ofBytes(size);
    }

    /** A text that lies at an offset from the address of a map's value. */
    static Operand.Text load(GraphBuilder builder, Value address, int offset, int bytes) {
        var words = new ArrayList<Value>();
        for (int from = 0; from < bytes; from += Long.BYTES) {
            int end = Math.min(bytes, from + Long.BYTES);
            Value word = null;
            for (int at = from; at < end; ) {
                Size size = piece(offset + at, end - at);
                Value part = builder.append(Kind.LONG, new Opcode.MapLoad(offset + at, size, false), address);
                if (word == null) {
                    word = part;
                } else {
                    Value up = builder.binary(
                            Arithmetic.SHL, Kind.LONG, part, GraphBuilder.constant((at - from) * Byte.SIZE));
                    word = builder.binary(Arithmetic.OR, Kind.LONG, word, up);
                }
                at += size.bytes();
            }
            words.add(Objects.requireNonNull(word));
        }
        return new Operand.Text(words, bytes);
    }

    /** The parts of a record that a text becomes. */
    static void store(
            GraphBuilder builder, Operand.Text text, int offset, List<Opcode.Field> fields, List<Value> values) {
        for (int at = 0; at < text.bytes(); ) {
            int within = at % Long.BYTES;
            Size size = piece(offset + at, Math.min(text.bytes() - at, Long.BYTES - within));
            Value word = text.words().get(at / Long.BYTES);
            Value part = within == 0
                    ? word
                    : builder.binary(Arithmetic.USHR, Kind.LONG, word, GraphBuilder.constant(within * Byte.SIZE));
            fields.add(new Opcode.Field.Scalar(offset + at, size, values.size()));
            values.add(size == Size.DW ? part : builder.truncate(part));
            at += size.bytes();
        }
    }
}
