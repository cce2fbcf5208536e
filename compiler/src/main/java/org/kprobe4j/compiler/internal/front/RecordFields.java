package org.kprobe4j.compiler.internal.front;

import java.lang.constant.ClassDesc;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import org.kprobe4j.asm.Size;
import org.kprobe4j.compiler.HostProgram;
import org.kprobe4j.compiler.RecordLayout;
import org.kprobe4j.compiler.RegisterSnapshot;
import org.kprobe4j.compiler.StackKind;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.TextSource;
import org.kprobe4j.compiler.internal.ir.Value;

/** The parts of a record that leaves a handler, each at the place that the layout gives it. */
final class RecordFields {
    private final CallSite site;
    private final List<Opcode.Field> fields;
    private final List<Value> values;
    private final boolean comparable;

    /** {@code comparable}: records are compared byte by byte, so what follows a text must be zeros. */
    RecordFields(CallSite site, List<Opcode.Field> fields, List<Value> values, boolean comparable) {
        this.comparable = comparable;
        this.site = site;
        this.fields = fields;
        this.values = values;
    }

    /** All of a record; what lies between its components is zeroed. */
    void add(RecordLayout layout, State.Content content, int base) {
        int end = base;
        for (RecordLayout.Component component : layout.components()) {
            zeros(end, base + component.offset());
            end = base + component.offset() + component.sizeBytes();
            Operand value = content.parts().get(component.name());
            add(component, value == null ? new Operand.Host(null) : value, base + component.offset());
        }
        zeros(end, base + layout.sizeBytes());
    }

    private void zeros(int from, int to) {
        zeros(fields, from, to);
    }

    /** Zeroes a gap: a reserved record holds what was there before. */
    static void zeros(List<Opcode.Field> fields, int from, int to) {
        if (from < to) {
            fields.add(new Opcode.Field.Bytes(from, Collections.nCopies(to - from, (byte) 0)));
        }
    }

    private void add(RecordLayout.Component component, Operand value, int offset) {
        if (value instanceof Operand.Unusable(String reason)) {
            throw new Refusal(reason);
        }
        Class<?> type = component.type();
        if (component.parts().isPresent()) {
            if (value instanceof Operand.Registers && RegisterReads.isOwnSet(site, type)) {
                RegisterReads.all(site, offset, fields, values);
                return;
            }
            RecordLayout parts = component.parts().get();
            add(parts, content(component, value, parts), offset);
        } else if (RegisterSnapshot.is(type)) {
            registers(component, value, offset);
        } else if (type == String.class) {
            string(component, value, offset);
        } else if (type.isEnum()) {
            ordinal(component, value, offset);
        } else if (InetAddress.class.isAssignableFrom(type)) {
            address(component, value, offset);
        } else if (StackKind.of(type).isPresent()) {
            StackKind kind = StackKind.of(type).get();
            Stacks.component(component, kind, value);
            if (comparable) {
                Stacks.key(site, kind, offset, fields, values);
            } else {
                Value function = Stacks.returning(site, kind);
                int frames = kind.frames(component.sizeBytes());
                Stacks.event(site, kind, offset, frames, function, fields, values);
            }
        } else {
            int bits = component.sizeBytes() * Byte.SIZE;
            values.add(GraphBuilder.lowerBits(InstructionTranslator.scalar(value), bits));
            fields.add(new Opcode.Field.Scalar(offset, Size.ofBytes(component.sizeBytes()), values.size() - 1));
        }
    }

    // ---- records in records ----

    private State.Content content(RecordLayout.Component component, Operand value, RecordLayout layout) {
        return switch (value) {
            case Operand.Made made -> site.state().content(made);
            case Operand.Host(Object object)
            when component.type().isInstance(object) -> content(site, component.type(), object, layout);
            default ->
                throw new Refusal("the component %s takes a record: new %s(…)"
                        .formatted(component.name(), component.type().getSimpleName()));
        };
    }

    /** A record of the host program, whose components are constants. */
    static State.Content content(CallSite site, Class<?> type, Object object, RecordLayout layout) {
        String name = ObjectInstructions.internalName(type);
        var parts = new HashMap<String, Operand>();
        for (RecordLayout.Component component : layout.components()) {
            HostProgram.Constant part = site.translation()
                    .request()
                    .host()
                    .finalField(name, component.name(), object)
                    .orElseThrow(
                            () -> new Refusal("the record %s is closed to reflection; open its package to org.kprobe4j"
                                    .formatted(type.getSimpleName())));
            ClassDesc described = component.type().describeConstable().orElseThrow();
            parts.put(component.name(), HandlerEntry.captured(part.value(), described));
        }
        return new State.Content(name, parts);
    }

    // ---- registers ----

    /** The handler's own, or some that it captured, which may be another machine's. */
    private void registers(RecordLayout.Component component, Operand value, int offset) {
        List<Class<? extends Record>> sets = RegisterSnapshot.sets(component.type());
        int number = sets.indexOf(RegisterReads.set(site, value, sets, component));
        Class<? extends Record> set = sets.get(number);
        RecordLayout layout = RecordLayout.of(set);
        values.add(GraphBuilder.constant((long) number));
        fields.add(new Opcode.Field.Scalar(offset, Size.DW, values.size() - 1));
        int at = offset + RegisterSnapshot.NUMBER_BYTES;
        if (value instanceof Operand.Host(Object captured) && captured != null) {
            add(layout, content(site, set, captured, layout), at);
        } else {
            RegisterReads.all(site, at, fields, values);
        }
        zeros(offset + RegisterSnapshot.NUMBER_BYTES + layout.sizeBytes(), offset + component.sizeBytes());
    }

    // ---- strings ----

    private void string(RecordLayout.Component component, Operand value, int offset) {
        int size = component.sizeBytes();
        switch (value) {
            case Operand.Comm _ -> {
                int bytes = Math.min(size, Opcode.Field.Comm.BYTES);
                if (bytes < Opcode.Field.Comm.BYTES) {
                    throw new Refusal("the component %s holds %d bytes, a comm has %d: declare @MaxBytes(%d) String %s"
                            .formatted(
                                    component.name(),
                                    size,
                                    Opcode.Field.Comm.BYTES,
                                    Opcode.Field.Comm.BYTES,
                                    component.name()));
                }
                // Kernels before 6.4 leave what follows a comm's NUL as it was.
                zeros(comparable ? offset : offset + bytes, offset + size);
                fields.add(new Opcode.Field.Comm(offset));
            }
            case Operand.KernelString text -> text(component, text, offset);
            case Operand.Text copied -> copied(component, copied, offset);
            case Operand.FlagNames _ -> throw RegisterReads.onlyPrinted();
            case Operand.Host(Object text) -> bytes(offset, padded(component, text == null ? "" : text.toString()));
            default ->
                throw new Refusal("the component %s takes a string of the kernel, Kernel.comm() or a constant string"
                        .formatted(component.name()));
        }
    }

    /** A text that was read from a map. */
    private void copied(RecordLayout.Component component, Operand.Text text, int offset) {
        int size = component.sizeBytes();
        if (text.bytes() > size) {
            throw new Refusal(
                    "the component %s holds %d bytes and this string may have %d: declare @MaxBytes(%d) String %s"
                            .formatted(component.name(), size, text.bytes(), text.bytes(), component.name()));
        }
        MapText.store(site.builder(), text, offset, fields, values);
        zeros(offset + text.bytes(), offset + size);
    }

    private void text(RecordLayout.Component component, Operand.KernelString text, int offset) {
        int needed = text.array() ? text.bytes() - 1 : text.bytes();
        int size = component.sizeBytes();
        if (needed > size && !component.cut()) {
            throw new Refusal(
                    "the component %s holds %d bytes and a kernel string may be longer: declare @MaxBytes(%d) String %s"
                            .formatted(component.name(), size, needed, component.name()));
        }
        int bytes = Math.min(needed, size);
        if (comparable) {
            zeros(offset, offset + size);
            // Up to its NUL: what an array holds behind that is no part of the text. The NUL of a full one lies behind
            // the
            // component, where the next part is written afterwards.
            boolean full = text.array() && bytes == needed;
            fields.add(text(site, text, offset, full ? bytes + 1 : bytes, false, values));
            return;
        }
        fields.add(field(site, text, offset, bytes, values));
        zeros(offset + bytes, offset + size);
    }

    /** A text of at most so many bytes; an array's may fill them all. */
    static Opcode.Field field(CallSite site, Operand.KernelString text, int offset, int bytes, List<Value> values) {
        return text(site, text, offset, bytes, text.array() && bytes == text.bytes() - 1, values);
    }

    private static Opcode.Field text(
            CallSite site, Operand.KernelString text, int offset, int bytes, boolean whole, List<Value> values) {
        values.add(text.address());
        boolean isCopy = bytes == text.bytes() && offset % Long.BYTES == 0;
        TextSource source = text.source() == TextSource.TABLE && !isCopy ? TextSource.KERNEL : text.source();
        return new Opcode.Field.Text(
                offset, bytes, source, whole, values.size() - 1, KernelText.fault(site, text), text.orEmpty());
    }

    private static byte[] padded(RecordLayout.Component component, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > component.sizeBytes()) {
            throw new Refusal("the string \"%s\" has %d bytes; the component %s holds %d"
                    .formatted(text, bytes.length, component.name(), component.sizeBytes()));
        }
        return Arrays.copyOf(bytes, component.sizeBytes());
    }

    private void bytes(int offset, byte[] content) {
        var list = new ArrayList<Byte>();
        for (byte b : content) {
            list.add(b);
        }
        fields.add(new Opcode.Field.Bytes(offset, list));
    }

    // ---- enums and addresses ----

    @SuppressWarnings("EnumOrdinal") // the record holds the number, as the layout says
    private void ordinal(RecordLayout.Component component, Operand value, int offset) {
        if (!(value instanceof Operand.Host(Enum<?> constant))) {
            throw new Refusal(
                    "the component %s takes a constant of %s that is known when the handler is compiled; send a number instead, or emit in each branch"
                            .formatted(component.name(), component.type().getSimpleName()));
        }
        values.add(GraphBuilder.constant(constant.ordinal()));
        fields.add(new Opcode.Field.Scalar(offset, Size.ofBytes(component.sizeBytes()), values.size() - 1));
    }

    private void address(RecordLayout.Component component, Operand value, int offset) {
        boolean either = component.type() == InetAddress.class;
        int at = either ? offset + Integer.BYTES : offset;
        int length = switch (value) {
            case Operand.Ipv4(Value word) -> {
                require(component, RecordLayout.IPV4_BYTES);
                values.add(word);
                fields.add(new Opcode.Field.Scalar(at, Size.W, values.size() - 1));
                yield RecordLayout.IPV4_BYTES;
            }
            case Operand.Ipv6(Value address) -> {
                require(component, RecordLayout.IPV6_BYTES);
                fields.add(ipv6(site, address, at, values));
                yield RecordLayout.IPV6_BYTES;
            }
            case Operand.Host(InetAddress known) -> {
                require(component, known.getAddress().length);
                bytes(at, known.getAddress());
                yield known.getAddress().length;
            }
            case Operand.Host(Object none) when none == null && either -> 0;
            default -> throw wrongAddress(component);
        };
        if (either) {
            values.add(GraphBuilder.constant(length));
            fields.add(new Opcode.Field.Scalar(offset, Size.W, values.size() - 1));
            zeros(at + length, offset + component.sizeBytes());
        }
    }

    private static void require(RecordLayout.Component component, int bytes) {
        if (component.type() != InetAddress.class && component.sizeBytes() != bytes) {
            throw wrongAddress(component);
        }
    }

    private static Refusal wrongAddress(RecordLayout.Component component) {
        return new Refusal(
                "the component %s takes an %s: Kernel.ipv4(…) makes an Inet4Address, Kernel.ipv6(…) an Inet6Address"
                        .formatted(component.name(), component.type().getSimpleName()));
    }

    /** The 16 bytes at an address. */
    static Opcode.Field ipv6(CallSite site, Value address, int offset, List<Value> values) {
        values.add(address);
        int fault = site.translation().faultSite("read of an IPv6 address at an address that is not mapped");
        return new Opcode.Field.Text(
                offset, RecordLayout.IPV6_BYTES, TextSource.KERNEL, true, values.size() - 1, fault, false);
    }
}
