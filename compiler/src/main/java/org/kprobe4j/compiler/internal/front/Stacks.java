package org.kprobe4j.compiler.internal.front;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.Size;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.compiler.RecordLayout;
import org.kprobe4j.compiler.StackKind;
import org.kprobe4j.compiler.internal.ir.Arithmetic;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.Value;

/** Call stacks that leave a handler: as a whole in an event or a line, as a number in a map's key. */
final class Stacks {
    private Stacks() {}

    static Refusal outside(CallSite site, Operand.StackTrace stack) {
        return new Refusal(
                "%s.%s works outside handlers only; in a handler %s can be printed, sent in an event, or be (part of) a map's key"
                        .formatted(
                                Translation.javaName(site.owner()),
                                site.name(),
                                stack.kind().call()));
    }

    /** Refuses what is no such stack. */
    static void component(RecordLayout.Component component, StackKind kind, Operand value) {
        if (!value.equals(new Operand.StackTrace(kind))) {
            throw new Refusal("the component %s takes %s".formatted(component.name(), kind.call()));
        }
    }

    /** The function whose return is probed: the stack itself begins with the trampoline that the kernel put there to return to. */
    static @Nullable Value returning(CallSite site, StackKind kind) {
        boolean atReturn = site.translation().request().shape() instanceof ProgramShape.Return;
        return atReturn && kind == StackKind.KERNEL ? ProbedPlace.returning(site) : null;
    }

    static void event(
            CallSite site,
            StackKind kind,
            int offset,
            int frames,
            @Nullable Value innermost,
            List<Opcode.Field> fields,
            List<Value> values) {
        if (kind == StackKind.USER) {
            values.add(task(site));
            fields.add(new Opcode.Field.Scalar(offset, Size.DW, values.size() - 1));
        }
        int first = Opcode.Field.Stack.AS_WALKED;
        if (innermost != null) {
            first = values.size();
            values.add(innermost);
        }
        fields.add(new Opcode.Field.Stack(offset + kind.lengthOffset(), frames, kind, first));
    }

    static void key(CallSite site, StackKind kind, int offset, List<Opcode.Field> fields, List<Value> values) {
        GraphBuilder builder = site.builder();
        if (kind == StackKind.USER) {
            Value process = builder.binary(Arithmetic.USHR, Kind.LONG, task(site), GraphBuilder.constant(Integer.SIZE));
            values.add(builder.truncate(process));
            fields.add(new Opcode.Field.Scalar(offset, Size.W, values.size() - 1));
        }
        KernelObject map = site.kernelObject();
        if (map == null) {
            throw new IllegalStateException("a key of no map");
        }
        int lost = site.translation().faultSite(CompiledProgram.STACK_LOST, false);
        values.add(builder.append(Kind.LONG, new Opcode.StackNumber(StackKind.mapOf(map.map()), kind, lost)));
        fields.add(new Opcode.Field.Scalar(offset + kind.numberOffset(), Size.W, values.size() - 1));
    }

    private static Value task(CallSite site) {
        return site.builder().append(Kind.LONG, new Opcode.HelperCall(Helper.GET_CURRENT_PID_TGID, true));
    }
}
