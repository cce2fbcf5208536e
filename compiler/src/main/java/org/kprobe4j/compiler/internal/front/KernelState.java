package org.kprobe4j.compiler.internal.front;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.Size;
import org.kprobe4j.compiler.ElementLayout;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.compiler.RecordLayout;
import org.kprobe4j.compiler.StackKind;
import org.kprobe4j.compiler.internal.ir.Block;
import org.kprobe4j.compiler.internal.ir.Cond;
import org.kprobe4j.compiler.internal.ir.End;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.Value;

/** What handlers keep in the kernel: calls of maps, counters and histograms that they captured. */
final class KernelState {
    private static final Map<String, String> IN_HANDLERS = Map.of(
            Api.KERNEL_MAP, "get, getOrDefault, containsKey, put, putIfAbsent, remove and add",
            Api.COUNTER, "increment and add",
            Api.HISTOGRAM, "record",
            Api.HISTOGRAM_MAP, "record",
            Api.SUMMARY, "record",
            Api.SUMMARY_MAP, "record");

    private final CallSite site;
    private final GraphBuilder builder;

    KernelState(CallSite site) {
        this.site = site;
        this.builder = site.builder();
    }

    static boolean isOwner(String owner) {
        return IN_HANDLERS.containsKey(owner) || KernelCollections.IN_HANDLERS.containsKey(owner);
    }

    /** The result of a call. */
    static Operand call(CallSite site) {
        String type = Translation.javaName(site.owner());
        boolean isMake = site.descriptor().endsWith(")L" + site.owner() + ";");
        if (isMake) {
            throw new Refusal("a handler cannot make a %s; make it outside, and use it in the handler".formatted(type));
        }
        return switch (site.kernelObject()) {
            case KernelObject.Hash map -> new KernelState(site).map(map);
            case KernelObject.Counter counter -> new KernelState(site).counter(counter);
            case KernelObject.Histogram histogram -> new KernelState(site).histogram(histogram);
            case KernelObject.Aggregate aggregate -> AggregateCalls.call(site, aggregate);
            case KernelObject.Collection collection -> KernelCollections.call(site, collection);
            case KernelObject.Ring _ -> throw outside(site);
            case null ->
                throw new Refusal("%s needs a %s that was made outside the handler and captured by it"
                        .formatted(site.name(), type));
        };
    }

    /** A key, the first argument of a call, whose numbers are added to {@code values}. */
    static Opcode.Room key(CallSite site, ElementLayout layout, List<Value> values) {
        return new KernelState(site).room(layout, "key", 1, values);
    }

    static Refusal outside(CallSite site) {
        String type = Translation.javaName(site.owner());
        return new Refusal("%s.%s works outside handlers only; in a handler use %s"
                .formatted(
                        type,
                        site.name(),
                        IN_HANDLERS.getOrDefault(
                                site.owner(), KernelCollections.IN_HANDLERS.getOrDefault(site.owner(), "others"))));
    }

    private Operand counter(KernelObject.Counter counter) {
        Value delta = switch (site.name()) {
            case "increment" -> GraphBuilder.constant(1L);
            case "add" -> site.scalar(1);
            default -> throw outside(site);
        };
        builder.append(Kind.INT, new Opcode.CellAdd(counter.map(), counter.offset()), delta);
        return CallSite.NOTHING;
    }

    private Operand histogram(KernelObject.Histogram histogram) {
        if (!site.name().equals("record")) {
            throw outside(site);
        }
        builder.append(Kind.INT, new Opcode.BucketCount(histogram.map(), histogram.buckets()), site.scalar(1));
        return CallSite.NOTHING;
    }

    Operand map(KernelObject.Hash map) {
        return switch (site.name()) {
            case "get" -> get(map, () -> new Operand.Host(null));
            case "getOrDefault" -> get(map, () -> site.argument(2));
            case "containsKey" -> {
                Value address = lookup(map);
                yield new Operand.Scalar(builder.compare(Cond.NE, address, GraphBuilder.constant(0L)));
            }
            case "put" -> {
                update(map, false);
                yield CallSite.NOTHING;
            }
            case "putIfAbsent" ->
                new Operand.Scalar(builder.compare(Cond.EQ, update(map, true), GraphBuilder.constant(0)));
            case "remove" -> {
                var values = new ArrayList<Value>();
                Opcode.Room key = room(map.key(), "key", 1, values);
                Value failed =
                        builder.append(Kind.INT, new Opcode.MapDelete(map.map(), key), values.toArray(Value[]::new));
                yield new Operand.Scalar(builder.compare(Cond.EQ, failed, GraphBuilder.constant(0)));
            }
            case "add" -> add(map, false);
            default -> throw outside(site);
        };
    }

    private Value lookup(KernelObject.Hash map) {
        var values = new ArrayList<Value>();
        Opcode.Room key = room(map.key(), "key", 1, values);
        return builder.append(Kind.LONG, new Opcode.MapLookup(map.map(), key), values.toArray(Value[]::new));
    }

    private Value update(KernelObject.Hash map, boolean onlyNew) {
        var values = new ArrayList<Value>();
        Opcode.Room key = room(map.key(), "key", 1, values);
        Opcode.Room value = room(map.value(), "value", 2, values);
        return builder.append(
                Kind.INT, new Opcode.MapUpdate(map.map(), key, value, onlyNew), values.toArray(Value[]::new));
    }

    Operand add(KernelObject.Hash map, boolean perCpu) {
        if (!(map.value() instanceof ElementLayout.Scalar scalar) || scalar.sizeBytes() < Integer.BYTES) {
            throw new Refusal("add needs a map whose values are Long or Integer; this one's are %s"
                    .formatted(map.value().javaName()));
        }
        var values = new ArrayList<Value>();
        Opcode.Room key = room(map.key(), "key", 1, values);
        values.add(site.scalar(2));
        builder.append(
                Kind.INT,
                new Opcode.MapAdd(map.map(), key, Size.ofBytes(scalar.sizeBytes()), values.size() - 1, perCpu),
                values.toArray(Value[]::new));
        return CallSite.NOTHING;
    }

    // ---- what is read ----

    /** The entry is copied at once: what happens to it later does not change what get gave. */
    private Operand get(KernelObject.Hash map, Supplier<Operand> otherwise) {
        Value address = lookup(map);
        return found(map.value(), Cond.EQ, address, () -> address, otherwise);
    }

    /** A copy of what lies at an address; something else where {@code tested} compares with zero as {@code absentIf} says. */
    Operand found(
            ElementLayout layout, Cond absentIf, Value tested, Supplier<Value> address, Supplier<Operand> otherwise) {
        Value zero = tested.kind() == Kind.LONG ? GraphBuilder.constant(0L) : GraphBuilder.constant(0);
        Block load = builder.graph().block();
        Block after = builder.graph().block();
        State absent = site.state().copy();
        absent.push(otherwise.get());
        builder.branch(absentIf, tested, zero, after, load);
        builder.continueIn(load);
        State present = site.state().copy();
        present.push(copy(layout, address.get(), present));
        load.end(new End.Goto(after, builder.position()));
        builder.continueIn(after);
        var all = new BitSet();
        all.set(0, present.localCount());
        State joined = new Merge(after, site.translation()::nextMade).join(List.of(absent, present), all);
        Operand result = joined.pop();
        site.state().returned(joined);
        return result;
    }

    Operand copy(ElementLayout layout, Value address, State state) {
        return switch (layout) {
            case ElementLayout.Scalar(Class<?> type) -> new Operand.Boxed(load(address, 0, type), type);
            case ElementLayout.Composite(Class<?> type, RecordLayout fields) -> record(type, fields, address, 0, state);
            case ElementLayout.Stack _ -> throw new IllegalStateException("a stack is no value of a map");
        };
    }

    private Operand record(Class<?> type, RecordLayout layout, Value address, int base, State state) {
        var parts = new HashMap<String, Operand>();
        for (RecordLayout.Component component : layout.components()) {
            parts.put(component.name(), part(component, address, base + component.offset(), state));
        }
        var made = new Operand.Made(site.translation().nextMade());
        state.made().put(made.id(), new State.Content(ObjectInstructions.internalName(type), parts));
        return made;
    }

    private Operand part(RecordLayout.Component component, Value address, int offset, State state) {
        Class<?> type = component.type();
        if (component.parts().isPresent()) {
            return record(type, component.parts().get(), address, offset, state);
        } else if (type == String.class) {
            return component.sizeBytes() <= MapText.MAX_BYTES
                    ? MapText.load(builder, address, offset, component.sizeBytes())
                    : new Operand.Unusable(
                            "the component %s has %d bytes, and a handler reads strings of at most %d from a map; declare @MaxBytes(%d) String %s, or read it outside"
                                    .formatted(
                                            component.name(),
                                            component.sizeBytes(),
                                            MapText.MAX_BYTES,
                                            MapText.MAX_BYTES,
                                            component.name()));
        } else if (type.isEnum()) {
            return new Operand.Unusable(
                    "the component %s is a constant of %s that a handler cannot read from a map; declare it as int, and compare numbers"
                            .formatted(component.name(), type.getSimpleName()));
        } else if (type == Inet4Address.class) {
            return new Operand.Ipv4(load(address, offset, int.class));
        } else if (InetAddress.class.isAssignableFrom(type)) {
            return new Operand.Unusable(
                    "the component %s is an %s that a handler cannot read from a map; declare it as Inet4Address or as two longs"
                            .formatted(component.name(), type.getSimpleName()));
        }
        return new Operand.Scalar(load(address, offset, type));
    }

    private Value load(Value address, int offset, Class<?> type) {
        boolean signed = type == byte.class || type == short.class;
        Size size = Size.ofBytes(new ElementLayout.Scalar(type).sizeBytes());
        Kind kind = type == long.class ? Kind.LONG : Kind.INT;
        return builder.append(kind, new Opcode.MapLoad(offset, size, signed), address);
    }

    // ---- what is written ----

    /** A key or a value; the numbers in it are added to {@code values}. */
    Opcode.Room room(ElementLayout layout, String role, int argument, List<Value> values) {
        Operand operand = site.present(argument);
        var fields = new ArrayList<Opcode.Field>();
        if (layout instanceof ElementLayout.Composite(Class<?> type, RecordLayout parts)) {
            State.Content content = content(operand, type, parts);
            if (content != null) {
                new RecordFields(site, fields, values, true).add(parts, content, 0);
                return room(layout, role, fields);
            }
        } else if (operand instanceof Operand.Boxed boxed && layout.equals(new ElementLayout.Scalar(boxed.type()))) {
            fields.add(new Opcode.Field.Scalar(0, Size.ofBytes(layout.sizeBytes()), values.size()));
            values.add(GraphBuilder.lowerBits(boxed.value(), layout.sizeBytes() * Byte.SIZE));
            return room(layout, role, fields);
        } else if (layout instanceof ElementLayout.Stack(StackKind kind)
                && operand.equals(new Operand.StackTrace(kind))) {
            Stacks.key(site, kind, 0, fields, values);
            return room(layout, role, fields);
        }
        throw new Refusal("%s: the %ss of this %s are %s; this is of another type"
                .formatted(
                        site.name(),
                        role,
                        site.owner().equals(Api.KERNEL_MAP) ? "map" : Translation.javaName(site.owner()),
                        layout.javaName()));
    }

    private Opcode.Room room(ElementLayout layout, String role, List<Opcode.Field> fields) {
        int extent = Opcode.Room.extent(layout.sizeBytes(), fields);
        return new Opcode.Room(
                layout.sizeBytes(), fields, site.translation().rooms().element(role, extent));
    }

    /** What a record holds: one that the handler made, or one of the host program's; null for anything else. */
    private State.@Nullable Content content(Operand operand, Class<?> type, RecordLayout record) {
        return switch (operand) {
            case Operand.Made made
            when site.state().content(made).type().equals(ObjectInstructions.internalName(type)) ->
                site.state().content(made);
            case Operand.Host(Object object)
            when type.isInstance(object) -> RecordFields.content(site, type, object, record);
            default -> null;
        };
    }
}
