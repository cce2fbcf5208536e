package org.kprobe4j.compiler.internal.front;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.Size;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.Field;
import org.kprobe4j.compiler.CellLayout;
import org.kprobe4j.compiler.ElementLayout;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.compiler.internal.ir.Cond;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.StateOperation;
import org.kprobe4j.compiler.internal.ir.Value;

/** What handlers keep in the kernel beside maps: calls of arrays, queues, values of CPUs and of tasks that they captured. */
final class KernelCollections {
    /** What can be called in a handler. */
    static final Map<String, String> IN_HANDLERS = Map.of(
            Api.PER_CPU_MAP, "get, getOrDefault, containsKey, put, putIfAbsent, remove and add",
            Api.KERNEL_ARRAY, "get, set, add and length",
            Api.PER_CPU_ARRAY, "get, set, add and length",
            Api.KERNEL_QUEUE, "offer, poll and peek",
            Api.TASK_LOCAL, "get, getOrDefault, set and remove");

    private final CallSite site;
    private final GraphBuilder builder;
    private final KernelState state;

    private KernelCollections(CallSite site) {
        this.site = site;
        this.builder = site.builder();
        this.state = new KernelState(site);
    }

    static Operand call(CallSite site, KernelObject.Collection collection) {
        var calls = new KernelCollections(site);
        return switch (collection) {
            case KernelObject.PerCpuHash map -> calls.perCpuMap(map);
            case KernelObject.Array array -> calls.array(array);
            case KernelObject.Queue queue -> calls.queue(queue);
            case KernelObject.TaskLocal local -> local.storage() ? calls.storage(local) : calls.byTask(local);
        };
    }

    private Operand perCpuMap(KernelObject.PerCpuHash map) {
        var hash = new KernelObject.Hash(map.map(), map.key(), map.value());
        return site.name().equals("add") ? state.add(hash, true) : state.map(hash);
    }

    private Operand zeroMeansTrue(Value failed) {
        return new Operand.Scalar(builder.compare(Cond.EQ, failed, GraphBuilder.constant(0)));
    }

    private Value operation(Kind kind, StateOperation operation, Value... arguments) {
        return builder.append(kind, new Opcode.State(operation), arguments);
    }

    // ---- arrays ----

    private Operand array(KernelObject.Array array) {
        return switch (site.name()) {
            case "length" ->
                new Operand.Scalar(GraphBuilder.constant(array.cells().length()));
            case "get" -> state.copy(array.element(), element(array), site.state());
            case "set" -> set(array);
            case "add" -> add(array);
            default -> throw KernelState.outside(site);
        };
    }

    /** The address of an element, after Java's check of its index. */
    private Value element(KernelObject.Array array) {
        CellLayout cells = array.cells();
        Value index = site.scalar(1);
        site.flow()
                .faultUnless(
                        Cond.ULT,
                        index,
                        GraphBuilder.constant(cells.length()),
                        "Index out of bounds for length " + cells.length());
        return operation(Kind.LONG, new StateOperation.CellAddress(array.map(), cells), index);
    }

    private Operand set(KernelObject.Array array) {
        Value address = element(array);
        var values = new ArrayList<Value>();
        Opcode.Room room = state.room(array.element(), "element", 2, values);
        values.add(address);
        operation(Kind.INT, new StateOperation.CellSet(room, values.size() - 1), values.toArray(Value[]::new));
        return CallSite.NOTHING;
    }

    private Operand add(KernelObject.Array array) {
        if (!(array.element() instanceof ElementLayout.Scalar scalar) || scalar.sizeBytes() < Integer.BYTES) {
            throw new Refusal("add needs an array whose elements are Long or Integer; this one's are %s"
                    .formatted(array.element().javaName()));
        }
        var increase = new StateOperation.CellIncrease(
                Size.ofBytes(scalar.sizeBytes()), array.cells().rows() == 1);
        operation(Kind.INT, increase, element(array), site.scalar(2));
        return CallSite.NOTHING;
    }

    // ---- queues ----

    private Operand queue(KernelObject.Queue queue) {
        return switch (site.name()) {
            case "offer" -> {
                var values = new ArrayList<Value>();
                Opcode.Room room = state.room(queue.element(), "value", 1, values);
                yield zeroMeansTrue(operation(
                        Kind.INT, new StateOperation.QueuePush(queue.map(), room), values.toArray(Value[]::new)));
            }
            case "poll" -> head(queue, true);
            case "peek" -> head(queue, false);
            default -> throw KernelState.outside(site);
        };
    }

    private Operand head(KernelObject.Queue queue, boolean remove) {
        int bytes = queue.element().sizeBytes();
        var room = new Opcode.Room(bytes, List.of(), site.translation().rooms().element("head", bytes));
        Value failed = operation(Kind.INT, new StateOperation.QueueHead(queue.map(), room, remove));
        return state.found(
                queue.element(),
                Cond.NE,
                failed,
                () -> operation(Kind.LONG, new StateOperation.HeadAddress(room)),
                () -> new Operand.Host(null));
    }

    // ---- values of tasks ----

    private Operand storage(KernelObject.TaskLocal local) {
        return switch (site.name()) {
            case "get" -> {
                Value address = operation(Kind.LONG, new StateOperation.TaskValue(local.map()));
                yield state.found(local.value(), Cond.EQ, address, () -> address, () -> new Operand.Host(null));
            }
            case "getOrDefault" -> {
                Value address = operation(Kind.LONG, new StateOperation.TaskValue(local.map()));
                yield state.found(local.value(), Cond.EQ, address, () -> address, () -> site.argument(1));
            }
            case "set" -> {
                var values = new ArrayList<Value>();
                Opcode.Room room = state.room(local.value(), "value", 1, values);
                operation(Kind.INT, new StateOperation.TaskSet(local.map(), room), values.toArray(Value[]::new));
                yield CallSite.NOTHING;
            }
            case "remove" -> zeroMeansTrue(operation(Kind.INT, new StateOperation.TaskRemove(local.map())));
            default -> throw KernelState.outside(site);
        };
    }

    private Operand byTask(KernelObject.TaskLocal local) {
        var values = new ArrayList<Value>();
        return switch (site.name()) {
            case "get" -> {
                Value address = lookup(local);
                yield state.found(local.value(), Cond.EQ, address, () -> address, () -> new Operand.Host(null));
            }
            case "getOrDefault" -> {
                Value address = lookup(local);
                yield state.found(local.value(), Cond.EQ, address, () -> address, () -> site.argument(1));
            }
            case "set" -> {
                Opcode.Room key = task(values);
                Opcode.Room value = state.room(local.value(), "value", 1, values);
                builder.append(
                        Kind.INT, new Opcode.MapUpdate(local.map(), key, value, false), values.toArray(Value[]::new));
                yield CallSite.NOTHING;
            }
            case "remove" -> {
                Opcode.Room key = task(values);
                yield zeroMeansTrue(
                        builder.append(Kind.INT, new Opcode.MapDelete(local.map(), key), values.toArray(Value[]::new)));
            }
            default -> throw KernelState.outside(site);
        };
    }

    private Value lookup(KernelObject.TaskLocal local) {
        var values = new ArrayList<Value>();
        Opcode.Room key = task(values);
        return builder.append(Kind.LONG, new Opcode.MapLookup(local.map(), key), values.toArray(Value[]::new));
    }

    /** The current task's address and the time at which it began: a new task at an old one's address began later. */
    private Opcode.Room task(List<Value> values) {
        Btf btf = site.translation().kernelTypes().btf();
        Field start = btf.struct("task_struct")
                .flatMap(task -> btf.field(task, "start_time"))
                .orElseThrow(
                        () -> new Refusal(
                                "this kernel's BTF has no task_struct.start_time, by which tasks are told apart; use a KernelMap whose keys are Kernel.tid()"));
        Value task = builder.append(Kind.LONG, new Opcode.HelperCall(Helper.GET_CURRENT_TASK, true));
        var read = new Opcode.KernelRead(start.byteOffset(), Size.DW, false, Opcode.UNCOUNTED, false, null, 0L);
        values.add(task);
        values.add(builder.append(Kind.LONG, read, task));
        return new Opcode.Room(
                KernelObject.TaskLocal.KEY_BYTES,
                List.of(new Opcode.Field.Scalar(0, Size.DW, 0), new Opcode.Field.Scalar(Long.BYTES, Size.DW, 1)),
                Opcode.Room.FRAME);
    }
}
