package org.kprobe4j.compiler.internal.front;

import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import org.kprobe4j.asm.Size;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.Value;

/** What the probed function returned, as the kernel's BTF declares it: {@code ri.returnValue()}, {@code ri.returnValue(T.class)}. */
final class ReturnValues {
    private ReturnValues() {}

    static Operand of(CallSite site) {
        Translation translation = site.translation();
        if (!(translation.request().shape() instanceof ProgramShape.Return)) {
            throw new Refusal("the function has not returned yet; use ri.returnValue() in the return handler");
        }
        boolean isNumber = site.descriptor().startsWith("()");
        ClassDesc result = isNumber ? ConstantDescs.CD_long : ClassDesc.ofInternalName(site.typeArgument(1));
        KernelType type = translation.arguments().returned();
        Wanted wanted = wanted(site, result);
        Architecture machine = translation.request().architecture();
        switch (type.target()) {
            case BtfType.Composite _ ->
                throw wanted.refuse(
                        "is %s, a structure passed by value; look up its registers and use regs.returnValue()"
                                .formatted(type.spelled()));
            case BtfType.Int _, BtfType.Enumeration _
            when type.sizeBytes() > machine.wordBytes() ->
                throw wanted.refuse(
                        "is %s, of %d bits, and does not fit in one register of %s; use regs.returnValue(), its lower %d bits"
                                .formatted(
                                        type.spelled(),
                                        type.sizeBytes() * Byte.SIZE,
                                        machine.registerSet(),
                                        machine.wordBytes() * Byte.SIZE));
            default -> {}
        }
        return translation
                .kernelTypes()
                .values()
                .value(new Place.Register(register(translation, machine)), type, wanted, result);
    }

    private static Wanted wanted(CallSite site, ClassDesc result) {
        String function = site.translation().request().planted().symbolName();
        String type =
                result.isPrimitive() ? "" : Translation.javaName(ObjectInstructions.internalName(result)) + ".class";
        var accessor = new Accessor(
                "ri.returnValue(%s)".formatted(type),
                "returnValue",
                "returnValue",
                MethodTypeDesc.of(result),
                null,
                false,
                false,
                0);
        return new Wanted(accessor, "what %s returns".formatted(function));
    }

    private static Value register(Translation translation, Architecture machine) {
        int offset = machine.offset(machine.returnValue()).orElseThrow();
        boolean wide = machine.wordBytes() == Long.BYTES;
        return translation
                .builder()
                .append(wide ? Kind.LONG : Kind.INT, new Opcode.Context(offset, wide ? Size.DW : Size.W));
    }
}
